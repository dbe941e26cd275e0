"""Rows for many fields in one read. Made anew for each operation and batch of frames: a kept one shows stale rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar, cast

from strawberry.dataloader import DataLoader

from portnet.domain.access import Viewer
from portnet.domain.events import FrameKind
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.declaring.reading import DeclarationReader
from portnet.ports.paying.reading import PaymentReader
from portnet.ports.reading import (
    AccountReader,
    AgencyReader,
    AlertReader,
    FeedPage,
    FileReader,
    RequestReader,
)
from portnet.services.declaring.document import Documents

T = TypeVar("T")
Made = TypeVar("Made")


class Loader(Generic[T]):
    """Rows by key: those that are at hand at once, the others in one read with all that ask meanwhile."""

    def __init__(self, read: Callable[[list[str]], Awaitable[list[T]]]) -> None:
        self._read = read
        self._at_hand: dict[str, T] = {}

    # Most loaders of a frame hold all that is asked of them.
    @cached_property
    def _loader(self) -> DataLoader[str, T]:
        return DataLoader[str, T](self._read)

    def hold(self, rows: Mapping[str, T]) -> None:
        """Keep rows that were read together with others."""
        self._at_hand.update(rows)

    async def load(self, key: str) -> T:
        return self._at_hand[key] if key in self._at_hand else await self._loader.load(key)

    async def load_many(self, keys: Sequence[str]) -> list[T]:
        return [await row for row in [asyncio.ensure_future(self.load(key)) for key in keys]]

    def then(self, key: str, make: Callable[[T], Made]) -> Made:
        """What ``make`` makes of a row, for a resolver to return: at once where the row is at hand, else an awaitable.

        An awaitable costs graphql-core a task and the loop a turn, for each field of each frame.
        """
        if key in self._at_hand:
            return make(self._at_hand[key])
        return cast("Made", self._made(key, make))

    async def _made(self, key: str, make: Callable[[T], Made]) -> Made:
        return make(await self._loader.load(key))


class FileLoaders:
    """What a company may see at one instant; the same for all its viewers."""

    def __init__(
        self,
        files: FileReader,
        accounts: AccountReader,
        agencies: AgencyReader,
        requests: RequestReader,
        payments: PaymentReader,
        viewer: Viewer,
        now: datetime,
    ) -> None:
        self.dossiers = _one(lambda ids: files.dossiers_by_id(viewer, now, ids))
        self.procedures = _one(lambda ids: files.procedures_by_id(viewer, now, ids))
        self.entries = _one(lambda ids: files.entries_by_id(viewer, now, ids))
        self.procedures_of = grouped(files.procedures_of)
        self.references_of = grouped(files.references_of)
        self.companies = _one(accounts.companies)
        self.users = _one(accounts.users)
        self.requests = _one(lambda ids: requests.requests_by_id(viewer, now, ids))
        #: By company, those that it gave or holds.
        self.mandates = _each(accounts.mandates)
        #: By procedure.
        self.requests_of = grouped(requests.requests_of)
        self.orders = _one(payments.orders_of)
        #: By payment, the others that may be of the same debt.
        self.sharing = grouped(payments.sharing)
        #: By source code, when it was last heard.
        self.heard = _one(lambda sources: agencies.heard(sources, sandbox=viewer.sandbox))

    def hold(self, page: FeedPage) -> None:
        """Have at hand what a page's frames show; what may not be seen is known to be None."""
        shown = page.shown
        changed = [row for row in page.rows if row.kind is FrameKind.DOSSIER_CHANGED]
        told = {alert.dossier for alert in shown.alerts.values()}
        subjects = {row.subject for row in changed} | {d for d in told if d is not None}
        procedures = [p for own in shown.procedures.values() for p in own]
        self.dossiers.hold({subject: shown.dossiers.get(subject) for subject in subjects})
        self.entries.hold({r.entry: shown.entries.get(r.entry) for r in changed if r.entry})
        self.procedures.hold({procedure.id: procedure for procedure in procedures})
        self.procedures_of.hold(shown.procedures)
        self.companies.hold(shown.companies)


class DeclarationLoaders:
    """What a company declares, or declares for others, as it may see it at one instant."""

    def __init__(self, declarations: DeclarationReader, viewer: Viewer, now: datetime) -> None:
        self.declarations = _one(lambda ids: declarations.declarations_by_id(viewer, now, ids))
        #: By declaration, what was sent.
        self.revisions_of = grouped(declarations.revisions_of)


class PaperLoaders:
    """Stored papers that a company may see."""

    def __init__(self, documents: Documents, viewer: Viewer) -> None:
        self.documents = _one(lambda ids: documents.stored(viewer, ids))
        #: By declaration, those that were sent for it.
        self.of_declarations = grouped(lambda ids: documents.of_subjects(viewer, ids))


class ApprovalLoaders:
    """What a company approves."""

    def __init__(self, approvals: ApprovalReader, viewer: Viewer) -> None:
        company = viewer.company
        self.approvals = _one(lambda ids: approvals.approvals_by_id(company, ids))
        self.contents = _one(lambda ids: approvals.contents(company, ids))
        #: By submission or procedure, the last that was asked for.
        self.newest_of = _one(lambda ids: approvals.newest_of_subjects(company, ids))
        #: By subject, what the viewer looked at last.
        self.seen = _one(lambda subjects: approvals.seen(viewer.user, subjects))


class AlertLoaders:
    """What one person was told."""

    def __init__(self, alerts: AlertReader, viewer: Viewer, now: datetime) -> None:
        self.alerts = _one(lambda ids: alerts.alerts_by_id(viewer, now, ids))
        self.deliveries_of = grouped(alerts.deliveries_of)

    def hold(self, page: FeedPage) -> None:
        """Have at hand what a page's frames show; what may not be seen is known to be None."""
        told = [row.subject for row in page.rows if row.kind is FrameKind.ALERT_CHANGED]
        self.alerts.hold({alert: page.shown.alerts.get(alert) for alert in told})


async def optional(loader: Loader[T | None], key: str | None) -> T | None:
    """The row of ``key``, if there is a key and one may be seen."""
    return None if key is None else await loader.load(key)


def found(row: T | None) -> T:
    """A row that another one promises.

    Raises:
        LookupError: it is missing, which is our bug.
    """
    if row is None:
        raise LookupError("a row that another one names is missing")
    return row


def _one(read: Callable[[list[str]], Awaitable[Mapping[str, T]]]) -> Loader[T | None]:
    async def load(keys: list[str]) -> list[T | None]:
        rows = await read(keys)
        return [rows.get(key) for key in keys]

    return Loader(load)


def _each(read: Callable[[str], Awaitable[Sequence[T]]]) -> Loader[Sequence[T]]:
    """For what one operation asks of one key or two."""

    async def load(keys: list[str]) -> list[Sequence[T]]:
        return [await read(key) for key in keys]

    return Loader(load)


def grouped(
    read: Callable[[list[str]], Awaitable[Mapping[str, Sequence[T]]]],
) -> Loader[Sequence[T]]:
    """A loader of the rows that belong to each key; none for a key that has none."""

    async def load(keys: list[str]) -> list[Sequence[T]]:
        rows = await read(keys)
        return [rows.get(key, ()) for key in keys]

    return Loader(load)
