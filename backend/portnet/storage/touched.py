"""Which procedures a message touches: by its references, or where the message that it amends is; part by part if many.

One message may name two thousand containers. Taken in at once it would hold the writer, and everybody's locks, for as
long as that takes.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portnet.domain.agency import AgencyEvent
from portnet.domain.filing import Batch, Link
from portnet.domain.procedure import Entry
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement

#: How many procedures one transaction folds a message into: tens of milliseconds of the only writer.
TOGETHER = 50

#: Each procedure may be known by several of the message's references.
_LINKS = 4 * TOGETHER
_NEXT_LINKS = (
    "SELECT r.* FROM reference r JOIN procedure p ON p.id = r.procedure"
    " WHERE {named} AND p.code = $2 AND (r.dossier, r.procedure) > ($3, $4)"
    f" ORDER BY r.dossier, r.procedure LIMIT {_LINKS}"
)
#: A procedure that the message opens joins its company's oldest dossier.
_OWN_LINKS = (
    "SELECT r.* FROM reference r JOIN dossier d ON d.id = r.dossier"
    " JOIN company c ON c.id = d.company WHERE {named} AND {own}"
    f" ORDER BY d.opened_at, d.id LIMIT {TOGETHER}"
)
_TARGETS = (
    "SELECT e.* FROM agency_inbox i JOIN entry e ON e.receipt = i.receipt"
    " WHERE i.source = $1 AND i.event_id = $2 AND e.kind <> 'INFERRED'"
    " AND (e.dossier, e.procedure) > ($3, $4)"
    f" ORDER BY e.dossier, e.procedure LIMIT {TOGETHER + 1}"
)
_BEGUN = "SELECT 1 FROM entry WHERE receipt = $1 LIMIT 1"


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction takes on; ``members`` are the procedures of a part, None where there are no parts."""

    dossiers: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    targets: tuple[Entry, ...] = ()
    members: frozenset[str] | None = None
    batch: Batch | None = None

    def includes(self, procedure: str) -> bool:
        return self.members is None or procedure in self.members


def selecting(
    dialect: Dialect, table: str, column: str, values: Sequence[str], tail: str = ""
) -> Statement:
    """The statement for the rows of ``table`` whose ``column`` has one of ``values``."""
    named = dialect.among(column, sorted(set(values)))
    return Statement(f"SELECT * FROM {table} WHERE {named.sql}{tail}", named.args)


def select(
    dialect: Dialect, table: str, column: str, values: Sequence[str], tail: str = ""
) -> Program[list[Row]]:
    """The rows of ``table`` whose ``column`` has one of ``values``."""
    return (yield selecting(dialect, table, column, values, tail)) if values else []


def touching(
    dialect: Dialect, message: AgencyEvent, keys: Sequence[str], progress: str | None
) -> Program[Touched]:
    """What to load for ``message``, whose references have these ``keys``, after its ``progress`` so far."""
    if message.amends is not None:
        return (yield from _amended(message, progress))
    if progress is None:
        found = yield from select(dialect, "reference", "ref_key", keys)
        if len({row["procedure"] for row in found}) <= TOGETHER:
            links = tuple(map(rows.link, found))
            return Touched(dossiers=_dossiers(links), links=links)
    return (yield from _part(dialect, message, keys, progress))


def _part(
    dialect: Dialect, message: AgencyEvent, keys: Sequence[str], progress: str | None
) -> Program[Touched]:
    named = dialect.any_of("r.ref_key", "$1")
    found = yield Statement(
        _NEXT_LINKS.format(named=named),
        (dialect.array(keys), message.code, *_position(progress)),
    )
    links, more = _whole(tuple(map(rows.link, found)))
    batch = yield from _batch(message, progress, links[-1] if links else None, more)
    members = frozenset(link.procedure for link in links)
    if not batch.more and not batch.begun:
        # Nothing may belong to it yet: it may open a procedure.
        ices = sorted(party.value for party in message.parties if party.scheme == "ICE")
        own = yield Statement(
            _OWN_LINKS.format(named=named, own=dialect.any_of("c.ice", "$2")),
            (dialect.array(keys), dialect.array(ices)),
        )
        links = tuple(dict.fromkeys((*links, *map(rows.link, own))))
    return Touched(dossiers=_dossiers(links), links=links, members=members, batch=batch)


def _whole(links: tuple[Link, ...]) -> tuple[tuple[Link, ...], bool]:
    """The links of the first procedures, and whether there are more."""
    procedures = list(dict.fromkeys(link.procedure for link in links))
    first = frozenset(procedures[:TOGETHER])
    kept = tuple(link for link in links if link.procedure in first)
    return kept, len(links) == _LINKS or len(procedures) > TOGETHER


def _amended(message: AgencyEvent, progress: str | None) -> Program[Touched]:
    args = (message.source, message.amends, *_position(progress))
    found: list[Row] = yield Statement(_TARGETS, args)
    targets = tuple(map(rows.entry, found[:TOGETHER]))
    more = len(found) > TOGETHER
    batch: Batch | None = None
    if more or progress is not None:
        batch = yield from _batch(message, progress, targets[-1] if targets else None, more)
    return Touched(
        dossiers=tuple(dict.fromkeys(target.dossier for target in targets)),
        targets=targets,
        members=frozenset(target.procedure for target in targets),
        batch=batch,
    )


def _batch(
    message: AgencyEvent, progress: str | None, last: Link | Entry | None, more: bool
) -> Program[Batch]:
    begun = False
    if progress is not None:
        begun = bool((yield Statement(_BEGUN, (message.receipt,))))
    after = "" if last is None else f"{last.dossier}/{last.procedure}"
    return Batch(after=after, more=more, begun=begun)


def _position(progress: str | None) -> tuple[str, str]:
    dossier, _, procedure = (progress or "").partition("/")
    return dossier, procedure


def _dossiers(links: Sequence[Link]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link.dossier for link in links))
