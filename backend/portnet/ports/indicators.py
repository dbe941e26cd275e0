"""Indicators as the core counts and reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.indicators.counting import Counted
from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.histogram import Tally
from portnet.domain.indicators.measuring import History, OpenStep


class ToldOf(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that its gateway took: of whose file, on which channel, from the message's receipt on."""

    note: str
    company: str
    broker: str | None
    channel: str
    received_at: datetime
    accepted_at: datetime


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that are not counted yet, read at one moment.

    ``notes`` are the ids of all notes about each dossier, sandbox or gone ones included; ``histories`` those of live
    dossiers; ``settled`` notes of deliveries, ``told`` what the live ones among them say.
    """

    notes: Mapping[str, tuple[str, ...]]
    histories: tuple[History, ...]
    settled: tuple[str, ...]
    told: tuple[ToldOf, ...]

    def __bool__(self) -> bool:
        return bool(self.notes or self.settled)


class Recount(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier's measures as they are now, to replace those counted before."""

    dossier: str
    counted: Counted
    open: tuple[OpenStep, ...]


class Ledger(Protocol):
    """Where changes wait to be counted, each of them exactly once."""

    async def backlog(self, limit: int) -> Backlog:
        """What waits longest, at most ``limit`` notes and all others about the same dossiers."""
        ...

    async def count(
        self, backlog: Backlog, recounts: Sequence[Recount], told: Mapping[str, Counted]
    ) -> int:
        """Count what nobody else has counted meanwhile, in one transaction; how many dossiers and deliveries that was.

        ``told`` is by note. A dossier of the backlog without a recount is no longer counted.
        """
        ...


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One indicator's tally of one month and group."""

    indicator: str
    month: int
    group: str
    tally: Tally


class IndicatorReader(Protocol):
    async def tallies(
        self,
        viewer: Viewer | None,
        now: datetime,
        grouping: Grouping,
        months: tuple[int, int],
        indicators: Sequence[str],
    ) -> Sequence[Figures]:
        """Of the months from the first to the last: the viewer's company's, and its clients' while mandates are in
        force; everybody's together without a viewer."""
        ...

    async def late(
        self, viewer: Viewer | None, now: datetime, grouping: Grouping, months: tuple[int, int]
    ) -> Sequence[Figures]:
        """Agencies' steps that are open beyond their target, by the month in which it passed; no histograms."""
        ...


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """How long the same step took lately, in seconds."""

    median: int
    p80: int
    sample: int


class ExpectedDelays(Protocol):
    def expected(
        self, code: str, state: str, agency: str | None, office: str | None
    ) -> Expectation | None:
        """Out of memory; None where too few are known, or no agency has the file."""
        ...
