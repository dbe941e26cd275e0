"""What a payment is owed for, and whether two payments are of the same obligation.

Refusing a payment that is due costs a phone call; paying twice costs months. So what may be the same is the same, until
both say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from portnet.domain.agency import AgencyEvent, Reference

#: The catalogue's code of payments.
PAYMENT = "PAYMENT"
#: The company's act that orders one, and what an agency says of one that it has.
START, PAID = "start", "paid"
#: The one source that knows what became of an order.
PROVIDER = "PSP"
IN_DOUBT = "IN_DOUBT"
#: An order was given, and nobody knows yet, or nobody knows at all.
LIVE = frozenset({"INITIATED", IN_DOUBT})
#: The money has left.
MADE = frozenset({"PAID", "RECEIPTED"})
#: Nothing was ordered yet.
OPEN = frozenset({"DUE", "OVERDUE"})

_INVOICED = "invoiced"
_LIQUIDATION = "LIQUIDATION"
#: References that many obligations share, or that name the payment itself.
UNOWED = frozenset({PAYMENT, "SUBMISSION", "CONTAINER", "BL", "LTA", "CMR"})


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """``refs`` are what it is owed for, as keys; ``creditors`` the sources that invoiced it, the provider aside."""

    refs: tuple[str, ...] = ()
    creditors: tuple[str, ...] = ()

    @property
    def liquidations(self) -> frozenset[str]:
        """Where they are named, they say exactly which obligation it is."""
        return frozenset(ref for ref in self.refs if ref.startswith(f"{_LIQUIDATION}:"))


class Payable(Protocol):
    """As much of a procedure as is needed here."""

    @property
    def id(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def obligation(self) -> Obligation | None: ...
    @property
    def ordering(self) -> bool: ...


def obligation_of(messages: Iterable[AgencyEvent]) -> Obligation:
    """By what the ``messages`` in force about a payment name."""
    refs: set[str] = set()
    creditors: set[str] = set()
    for message in messages:
        refs |= {ref.key for ref in message.refs if ref.scheme not in UNOWED}
        if message.event == _INVOICED and message.source != PROVIDER:
            creditors.add(message.source)
    return Obligation(refs=tuple(sorted(refs)), creditors=tuple(sorted(creditors)))


def same(one: Obligation | None, other: Obligation | None) -> bool:
    """Whether both may be the same debt."""
    if one is None or other is None:
        return False
    if one.liquidations and other.liquidations:
        return bool(one.liquidations & other.liquidations)
    if one.creditors and other.creditors and not set(one.creditors) & set(other.creditors):
        return False
    return bool(set(one.refs) & set(other.refs))


def under_way(payment: Payable) -> bool:
    """Whether it was ordered and its end is not known."""
    return payment.code == PAYMENT and (payment.state in LIVE or payment.ordering)


def in_doubt(payment: Payable) -> bool:
    return payment.code == PAYMENT and payment.state == IN_DOUBT


def rivals(payment: Payable, others: Sequence[Payable]) -> list[Payable]:
    """The payments of the same obligation that are under way: while there is one, nobody pays again."""
    return [
        other
        for other in others
        if other.id != payment.id
        and under_way(other)
        and same(payment.obligation, other.obligation)
    ]


def settled_by(payment: Payable, paid: Reference, source: str) -> bool:
    """Whether a source that says of the file ``paid`` "it is paid" has settled ``payment``, too."""
    obligation = payment.obligation
    if payment.code != PAYMENT or payment.state not in LIVE | OPEN or obligation is None:
        return False
    others = obligation.creditors and source not in obligation.creditors
    return not others and paid.key in obligation.refs
