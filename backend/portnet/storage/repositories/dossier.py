"""Dossiers, their procedures and timelines, as a viewer may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.agency import Reference
from portnet.domain.dossier import Dossier
from portnet.domain.identifiers import normalise
from portnet.domain.identity.mandate import BROKER, as_held
from portnet.domain.procedure import Entry, Procedure
from portnet.ports.reading import DossierFilter, DossierOrder, Page, PageSize
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Row, query
from portnet.storage.repositories import keyset

T = TypeVar("T", bound=msgspec.Struct)

#: A broker's ($1) mandate ``m`` for the dossier ``d``: begun by now ($2), and over, if it is, only after the broker had
#: been named. The rules are `hold_of`'s; a test compares the two.
_MANDATED = (
    "EXISTS (SELECT 1 FROM mandate m WHERE m.company = d.company AND m.broker = $1"
    " AND m.starts_at <= $2 AND (m.ends_at IS NULL OR m.ends_at > $2"
    " OR m.ends_at > m.starts_at"
    " AND m.ends_at > COALESCE(d.broker_since, d.opened_at){expired}){revoked})"
)
#: Of the dossier ``d``: the viewer's company ($1) owns it, or as its broker hears of it now ($2).
VISIBLE = "(d.company = $1 OR d.broker = $1 AND {held})".format(
    held=_MANDATED.format(
        expired=" AND NOT EXISTS (SELECT 1 FROM mandate w WHERE w.company = d.company"
        " AND w.broker = $1 AND w.revoked_at <= $2 AND w.revoked_at > w.starts_at"
        " AND w.revoked_at >= m.ends_at)",
        revoked=" AND (m.revoked_at IS NULL OR m.revoked_at > $2)",
    )
)
#: And those that it may still look up after its mandate was revoked.
READABLE = "(d.company = $1 OR d.broker = $1 AND {held})".format(
    held=_MANDATED.format(
        expired="",
        revoked=" AND (m.revoked_at IS NULL OR m.revoked_at > $2 OR m.revoked_at > m.starts_at"
        " AND m.revoked_at > COALESCE(d.broker_since, d.opened_at))",
    )
)

#: Of the dossier ``d``: the viewer's company ($1) is the single window itself, on the dossier's side of the sandbox.
#: Time does not matter to it, but both conditions take the same arguments.
HELPED = (
    "(CAST($2 AS bigint) IS NOT NULL AND d.sandbox = (SELECT c.sandbox FROM company c"
    " WHERE c.id = $1 AND c.kind = 'SINGLE_WINDOW'))"
)

#: Both orders end in the id, so that no two rows are equal; instants are negated to descend within one comparison.
_ORDERS: Mapping[DossierOrder, tuple[str, tuple[type, ...], tuple[str, ...]]] = {
    DossierOrder.URGENCY: ("d.urgency, -d.updated_at, d.id", (int, int, str), ("urgency", "newest", "id")),
    DossierOrder.UPDATED: ("-d.updated_at, d.id", (int, str), ("newest", "id")),
}  # fmt: skip


class DossierRepository:
    """Implements `FileReader`.

    Args:
        listed: which dossiers a viewer finds in the queue, as a condition on their company and the time.
        readable: which of them they may look up, by id or among one company's.
    """

    def __init__(self, database: Database, listed: str = VISIBLE, readable: str = READABLE) -> None:
        self._database = database
        self._listed = listed
        self._readable = readable

    async def dossiers(
        self,
        viewer: Viewer,
        now: datetime,
        filter_: DossierFilter,
        order: DossierOrder,
        page: PageSize,
    ) -> Page[Dossier]:
        columns, types, key = _ORDERS[order]
        args: list[Any] = [viewer.company, rows.micros(now)]
        seen = self._listed if filter_.company is None else self._readable
        conditions = [seen, *self._conditions(filter_, args)]
        if page.after is not None:
            after = keyset.read_cursor(page.after, types)
            if after is None:
                return keyset.EMPTY
            places = ", ".join(_place(args, part) for part in after)
            conditions.append(f"({columns}) > ({places})")
        found = await self._database.read(
            query(
                f"SELECT d.*, -d.updated_at AS newest FROM dossier d"
                f" WHERE {' AND '.join(conditions)} ORDER BY {columns}"
                f" LIMIT {_place(args, page.first + 1)}",
                *args,
            )
        )
        listed = keyset.page(found, page, rows.dossier, key)
        return msgspec.structs.replace(listed, items=tuple(await self._as_held(listed.items, now)))

    async def dossiers_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Dossier]:
        found = await self._visible("SELECT d.* FROM dossier d", "d.id", viewer, now, ids)
        held = await self._as_held([rows.dossier(row) for row in found], now)
        return {dossier.id: dossier for dossier in held}

    async def procedures_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Procedure]:
        select = "SELECT p.* FROM procedure p JOIN dossier d ON d.id = p.dossier"
        found = await self._visible(select, "p.id", viewer, now, ids)
        return _by_id(found, rows.procedure)

    async def entries_by_id(
        self, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> Mapping[str, Entry]:
        select = "SELECT e.* FROM entry e JOIN dossier d ON d.id = e.dossier"
        found = await self._visible(select, "e.id", viewer, now, ids)
        return _by_id(found, rows.entry)

    async def procedures_of(self, dossiers: Sequence[str]) -> Mapping[str, Sequence[Procedure]]:
        """In the order in which they were opened."""
        found = await self._of("procedure", dossiers, "opened_at, id")
        return _grouped(found, rows.procedure)

    async def references_of(self, dossiers: Sequence[str]) -> Mapping[str, Sequence[Reference]]:
        """Each once, however many procedures share it."""
        found = await self._of("reference", dossiers, "scheme, value")
        linked = _grouped(found, rows.link)
        return {
            dossier: tuple({link.ref.key: link.ref for link in links}.values())
            for dossier, links in linked.items()
        }

    async def timeline(self, dossier: str, procedure: str | None, page: PageSize) -> Page[Entry]:
        args: list[Any] = [dossier]
        conditions = ["dossier = $1"]
        if procedure is not None:
            conditions.append(f"procedure = {_place(args, procedure)}")
        if page.after is not None:
            after = keyset.read_cursor(page.after, (int, int, str))
            if after is None:
                return keyset.EMPTY
            places = ", ".join(_place(args, part) for part in after)
            conditions.append(f"(occurred_at, received_at, id) < ({places})")
        found = await self._database.read(
            query(
                f"SELECT * FROM entry WHERE {' AND '.join(conditions)}"
                " ORDER BY occurred_at DESC, received_at DESC, id DESC"
                f" LIMIT {_place(args, page.first + 1)}",
                *args,
            )
        )
        return keyset.page(found, page, rows.entry, ("occurred_at", "received_at", "id"))

    def _conditions(self, filter_: DossierFilter, args: list[Any]) -> list[str]:
        dialect = self._database.dialect
        conditions: list[str] = []
        if filter_.company is not None:
            conditions.append(f"d.company = {_place(args, filter_.company)}")
        if filter_.direction is not None:
            conditions.append(f"d.direction = {_place(args, filter_.direction)}")
        if filter_.statuses:
            wanted = dialect.array([status.value for status in filter_.statuses])
            conditions.append(dialect.any_of("d.status", _place(args, wanted)))
        if filter_.updated_since is not None:
            since = rows.micros(filter_.updated_since)
            conditions.append(f"d.updated_at >= {_place(args, since)}")
        if filter_.text:
            text = normalise("DUM", filter_.text)
            beginning, length = _place(args, text), _place(args, len(text))
            compact = "replace(replace(replace(upper(r.value), '-', ''), ' ', ''), '.', '')"
            conditions.append(
                "EXISTS (SELECT 1 FROM reference r WHERE r.dossier = d.id"
                f" AND substr({compact}, 1, {length}) = {beginning})"
            )
        return conditions

    async def _visible(
        self, select: str, column: str, viewer: Viewer, now: datetime, ids: Sequence[str]
    ) -> list[Row]:
        dialect = self._database.dialect
        sql = f"{select} WHERE {dialect.any_of(column, '$3')} AND {self._readable}"
        array = dialect.array(ids)
        return await self._database.read(query(sql, viewer.company, rows.micros(now), array))

    async def _as_held(self, dossiers: Sequence[Dossier], now: datetime) -> list[Dossier]:
        """For whom each waits now; mandates are read only where one waits for a broker."""
        owners = {d.company for d in dossiers if d.what_now.holder == BROKER and d.broker}
        found: list[Row] = []
        if owners:
            dialect = self._database.dialect
            sql = f"SELECT * FROM mandate WHERE {dialect.any_of('company', '$1')}"
            found = await self._database.read(query(sql, dialect.array(sorted(owners))))
        mandates = [rows.mandate(row) for row in found]
        return [as_held(dossier, mandates, now) for dossier in dossiers]

    async def _of(self, table: str, dossiers: Sequence[str], order: str) -> list[Row]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM {table} WHERE {dialect.any_of('dossier', '$1')} ORDER BY {order}"
        return await self._database.read(query(sql, dialect.array(dossiers)))


class DeskDossierRepository(DossierRepository):
    """Implements `FileReader` for the help desk: every company's files, but no browsing; a list is of a reference."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, HELPED, HELPED)

    async def dossiers(
        self,
        viewer: Viewer,
        now: datetime,
        filter_: DossierFilter,
        order: DossierOrder,
        page: PageSize,
    ) -> Page[Dossier]:
        if filter_.text is None:
            return keyset.EMPTY
        return await super().dossiers(viewer, now, filter_, order, page)


def _place(args: list[Any], value: Any) -> str:
    args.append(value)
    return f"${len(args)}"


def _by_id(found: Sequence[Row], make: Callable[[Row], T]) -> dict[str, T]:
    return {row["id"]: make(row) for row in found}


def _grouped(found: Sequence[Row], make: Callable[[Row], T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for row in found:
        groups[row["dossier"]].append(make(row))
    return groups
