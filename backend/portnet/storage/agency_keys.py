"""The agencies' keys: sealed on disk, opened on the way out. A key's secret leaves this module only inside the key."""

from __future__ import annotations

import time
from typing import Protocol

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.storage import rows
from portnet.storage.tables import AgencyKeyTable


class Box(Protocol):
    """Seals a secret to the place where it is kept."""

    def seal(self, plain: bytes, place: str) -> str: ...

    def open(self, sealed: str, place: str) -> bytes: ...


#: Seconds that a key is kept in memory: a key that was retired elsewhere is refused after them at the latest.
_KEPT_SECONDS = 10.0


class AgencyKeys:
    """Implements `AgencyKeyring` over Piccolo's ORM: keys are few and kept for a short while."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._known: dict[str, tuple[float, AgencyKey]] = {}

    async def save(self, key: AgencyKey) -> None:
        """Add a key, or replace the one of the same id."""
        values = {
            AgencyKeyTable.source: key.source,
            AgencyKeyTable.algorithm: key.algorithm.value,
            AgencyKeyTable.secret: self._box.seal(key.secret_or_public, key.id),
            AgencyKeyTable.sandbox: int(key.sandbox),
            AgencyKeyTable.active_from: rows.micros(key.active_from),
            AgencyKeyTable.active_until: rows.micros_or_none(key.active_until),
        }
        row = AgencyKeyTable({AgencyKeyTable.id: key.id, **values})
        await AgencyKeyTable.insert(row).on_conflict(
            target=AgencyKeyTable.id, action="DO UPDATE", values=list(values)
        )
        self._known.pop(key.id, None)

    async def find(self, source: str, key: str) -> AgencyKey | None:
        """The key of that id if it is the source's, in use or not."""
        now = time.monotonic()
        read_at, known = self._known.get(key, (now, None))
        if known is None or now - read_at > _KEPT_SECONDS:
            self._known.pop(key, None)
            row = await AgencyKeyTable.objects().get(AgencyKeyTable.id == key)  # pyright: ignore[reportUnknownMemberType]  # prefetch is untyped
            if row is None:
                return None
            known = AgencyKey(
                id=row.id,
                source=row.source,
                algorithm=SignatureAlgorithm(row.algorithm),
                secret_or_public=self._box.open(row.secret, row.id),
                sandbox=bool(row.sandbox),
                active_from=rows.instant(row.active_from),
                active_until=rows.instant_or_none(row.active_until),
            )
            self._known[key] = (now, known)
        return known if known.source == source else None
