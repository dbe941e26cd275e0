"""Payments as they are shown: their orders, and what else may be of the same debt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from portnet.domain.paying.order import PaymentOrder
from portnet.domain.procedure import Procedure


class PaymentReader(Protocol):
    """Both take payments that the viewer may see."""

    async def orders_of(self, payments: Sequence[str]) -> Mapping[str, PaymentOrder]: ...

    async def sharing(self, payments: Sequence[str]) -> Mapping[str, Sequence[Procedure]]:
        """By payment, the others of the same company that share a reference with it, in whichever dossier."""
        ...
