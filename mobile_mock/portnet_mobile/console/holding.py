"""Whom a file waits for, in more words than a frame has room for: who took it, whom to call, since when silence."""

from datetime import datetime

import msgspec


class Contact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An office. Whether it is open is counted from its hours, so that it stays true while the screen is on."""

    label: str
    phone: str | None
    opens_at: datetime | None
    closes_at: datetime | None

    def open_at(self, now: datetime) -> bool:
        return (
            self.opens_at is not None
            and self.closes_at is not None
            and self.opens_at <= now < self.closes_at
        )


class _Holder(msgspec.Struct, frozen=True, kw_only=True):
    contact: Contact | None


class Holding(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    taken_by: str | None
    silent_since: datetime | None
    holder: _Holder


class _Held(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    what_now: Holding


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the operation of this name; what is no longer visible is null."""

    nodes: list[_Held | None]

    @property
    def by_dossier(self) -> dict[str, Holding]:
        return {held.id: held.what_now for held in self.nodes if held is not None}
