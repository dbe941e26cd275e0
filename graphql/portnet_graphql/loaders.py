"""Rows for many fields in one read. Made anew for each operation and batch of frames: a kept one shows stale rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from strawberry.dataloader import DataLoader

from portnet.domain.access import Viewer
from portnet.ports.reading import AccountReader, AgencyReader, AlertReader, FileReader

T = TypeVar("T")


class FileLoaders:
    """What a company may see at one instant; the same for all its viewers."""

    def __init__(
        self,
        files: FileReader,
        accounts: AccountReader,
        agencies: AgencyReader,
        viewer: Viewer,
        now: datetime,
    ) -> None:
        self.dossiers = _one(lambda ids: files.dossiers_by_id(viewer, now, ids))
        self.procedures = _one(lambda ids: files.procedures_by_id(viewer, now, ids))
        self.entries = _one(lambda ids: files.entries_by_id(viewer, now, ids))
        self.procedures_of = _many(files.procedures_of)
        self.references_of = _many(files.references_of)
        self.companies = _one(accounts.companies)
        #: By source code, when it was last heard.
        self.heard = _one(agencies.heard)


class AlertLoaders:
    """What one person was told."""

    def __init__(self, alerts: AlertReader, viewer: Viewer, now: datetime) -> None:
        self.alerts = _one(lambda ids: alerts.alerts_by_id(viewer, now, ids))
        self.deliveries_of = _many(alerts.deliveries_of)


async def optional(loader: DataLoader[str, T | None], key: str | None) -> T | None:
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


def _one(read: Callable[[list[str]], Awaitable[Mapping[str, T]]]) -> DataLoader[str, T | None]:
    async def load(keys: list[str]) -> list[T | None]:
        rows = await read(keys)
        return [rows.get(key) for key in keys]

    return DataLoader(load)


def _many(
    read: Callable[[list[str]], Awaitable[Mapping[str, Sequence[T]]]],
) -> DataLoader[str, Sequence[T]]:
    async def load(keys: list[str]) -> list[Sequence[T]]:
        rows = await read(keys)
        return [rows.get(key, ()) for key in keys]

    return DataLoader(load)
