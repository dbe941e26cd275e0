"""The tariff as it is searched, and how a new one takes its place: loaded beside it in batches, then put in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from portnet.domain.reference.tariff import ByCode, ByWords, TariffLine


class TariffEditionGone(Exception):
    """Another import began meanwhile: this one's edition is not there any more."""


class TariffReader(Protocol):
    async def search(self, wanted: ByCode | ByWords, first: int) -> Sequence[TariffLine]:
        """The ``first`` lines of the edition in force: those that begin as was typed, then the others, by code."""
        ...

    async def lines(self) -> Sequence[TariffLine]:
        """The whole edition in force, by code."""
        ...


class TariffEditions(Protocol):
    """Each call is a transaction of its own and a short one: others who write get their turn in between."""

    async def keep_shipped(
        self, lines: Sequence[TariffLine], fingerprint: str, at: datetime
    ) -> None:
        """Have the lines that we ship in the edition in force, wherever an import has none of that code.

        Nothing to do where the lines of ``fingerprint`` are there already.
        """
        ...

    async def begin(self, by: str, at: datetime) -> int:
        """A new edition, empty and not in force; one that another import left unfinished is dropped."""
        ...

    async def add(self, edition: int, lines: Sequence[TariffLine], *, shipped: bool) -> None:
        """Lines of an edition that is not in force; of one code the line that is there already stays.

        Raises:
            TariffEditionGone: it was dropped.
        """
        ...

    async def drop_before(self, edition: int) -> None:
        """Remove the lines of earlier editions, a part at a time; a later one is being loaded."""
        ...
