"""What the server answers, as the app holds it: the shapes of the fragments in `operations/`.

Codes stay text: the contract's enums grow, and an app must live with a word it does not know.
"""

from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")


class _Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An object of the contract; fields that an operation does not select are left out."""


class Named(_Answer, frozen=True, kw_only=True):
    """A node with its name."""

    id: str
    name: str


class Identified(_Answer, frozen=True, kw_only=True):
    """A node of which only the id is asked."""

    id: str


class Mandate(_Answer, frozen=True, kw_only=True):
    """``broker`` works for ``company``."""

    id: str
    company: Named
    broker: Named


class ServerClock(_Answer, frozen=True, kw_only=True):
    """The clock of countdowns, as it stood when the answer was made."""

    now: datetime
    speed: float
    paused: bool


class Person(_Answer, frozen=True, kw_only=True):
    """Who is signed in."""

    id: str
    name: str
    roles: list[str]
    locale: str
    sandbox: bool
    company: Named
    mandates: list[Mandate]
    clock: ServerClock


class Holder(_Answer, frozen=True, kw_only=True):
    """Who holds a file: one of us, or an agency."""

    label: str


class WhatNow(_Answer, frozen=True, kw_only=True):
    """What to do, who holds it, since and until when; ``warning`` is a prohibition."""

    action: str
    warning: str | None
    holder: Holder
    since: datetime
    deadline: datetime | None


class Dossier(_Answer, frozen=True, kw_only=True):
    """A row of the list."""

    id: str
    version: int
    reference: str
    title: str
    company: Identified
    status: str
    updated_at: datetime
    what_now: WhatNow
    outcome: str | None = None

    @property
    def ending(self) -> str:
        """Its status, or how it ended where that was no success."""
        return self.outcome if self.outcome in {"FAILURE", "CANCELLED"} else self.status


class Agency(_Answer, frozen=True, kw_only=True):
    """Who sent a message."""

    code: str


class Entry(_Answer, frozen=True, kw_only=True):
    """A line of a dossier's timeline."""

    id: str
    kind: str
    label: str
    agency: Agency | None


class Alert(_Answer, frozen=True, kw_only=True):
    """What the person was told."""

    id: str
    code: str
    level: int
    text: str
    state: str
    dossier: Identified | None
    raised_at: datetime
    expires_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None


class DossierChanged(_Answer, frozen=True, kw_only=True, tag=True, tag_field="__typename"):
    """A dossier as it stands now, and the message that changed it."""

    dossier: Dossier
    entry: Entry | None


class AlertChanged(_Answer, frozen=True, kw_only=True, tag=True, tag_field="__typename"):
    """An alert as it stands now."""

    alert: Alert


class Removed(_Answer, frozen=True, kw_only=True, tag=True, tag_field="__typename"):
    """No longer visible here."""

    id: str


class AccessChanged(_Answer, frozen=True, kw_only=True, tag=True, tag_field="__typename"):
    """Only these companies' files may be kept."""

    companies: list[str]


class Reset(_Answer, frozen=True, kw_only=True, tag=True, tag_field="__typename"):
    """What is held is of no use any more: fetch it again."""

    reason: str


Item: TypeAlias = DossierChanged | AlertChanged | Removed | AccessChanged | Reset
_KNOWN = frozenset({"DossierChanged", "AlertChanged", "Removed", "AccessChanged", "Reset"})


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a feed; no item: nothing that this app knows, only the cursor moves."""

    cursor: str
    item: Item | None


class _RawFrame(_Answer, frozen=True, kw_only=True):
    cursor: str
    item: dict[str, Any] | None


class PageInfo(_Answer, frozen=True, kw_only=True):
    """Where the next page starts."""

    end_cursor: str | None
    has_next_page: bool


class Page(_Answer, Generic[T], frozen=True, kw_only=True):
    """A part of a list."""

    nodes: list[T]
    page_info: PageInfo


class Position(_Answer, frozen=True, kw_only=True):
    """Where a snapshot stands in a feed."""

    audience: str
    cursor: str


class Home(_Answer, frozen=True, kw_only=True):
    """Everything that the app opens with."""

    feeds: list[Position]
    me: Person
    dossiers: Page[Dossier]
    alerts: Page[Alert]


class Dossiers(_Answer, frozen=True, kw_only=True):
    """The answer of the operation of this name."""

    dossiers: Page[Dossier]


class Alerts(_Answer, frozen=True, kw_only=True):
    """The answer of the operation of this name."""

    alerts: Page[Alert]


class SyncPage(msgspec.Struct, frozen=True, kw_only=True):
    """Frames after a cursor, and how to go on."""

    frames: list[Frame]
    cursor: str
    has_more: bool
    reset: bool


class Tokens(_Answer, frozen=True, kw_only=True):
    """What keeps the app signed in."""

    access_token: str
    expires_at: datetime
    refresh_token: str


class Problem(_Answer, frozen=True, kw_only=True):
    """An expected refusal; ``retry_after_seconds`` where it says when to come back."""

    code: str
    message: str
    retry_after_seconds: int | None = None


def read_frame(answer: object) -> Frame:
    """A FeedFrame of the contract; an item of a kind unknown here counts as none.

    Raises:
        msgspec.ValidationError: not what the contract says.
    """
    raw = msgspec.convert(answer, _RawFrame)
    known = raw.item is not None and raw.item.get("__typename") in _KNOWN
    item = msgspec.convert(raw.item, Item) if known else None
    return Frame(cursor=raw.cursor, item=item)


class _RawSyncPage(_Answer, frozen=True, kw_only=True):
    frames: list[Any]
    cursor: str
    has_more: bool
    reset: bool


def read_sync(answer: object) -> SyncPage:
    """A SyncPage of the contract; raises as `read_frame`."""
    raw = msgspec.convert(answer, _RawSyncPage)
    return SyncPage(
        frames=[read_frame(frame) for frame in raw.frames],
        cursor=raw.cursor,
        has_more=raw.has_more,
        reset=raw.reset,
    )


def read_result(answer: object, type_: type[T], typename: str | frozenset[str]) -> T | Problem:
    """A mutation's union: the member named ``typename``, or one of several, or why not; raises as `read_frame`."""
    union = msgspec.convert(answer, dict[str, Any])
    wanted = frozenset({typename}) if isinstance(typename, str) else typename
    if union.get("__typename") in wanted:
        return msgspec.convert(union, type_)
    return msgspec.convert(union, Problem)
