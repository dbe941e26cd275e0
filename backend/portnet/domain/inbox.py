"""The agency inbox: a message is ours once its raw body is on disk, whatever becomes of it later."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec


class InboxState(enum.StrEnum):
    """NEW waits for the intake; DONE was folded; PARKED waits for a reference; SET_ASIDE is an anomaly's."""

    NEW = "NEW"
    DONE = "DONE"
    PARKED = "PARKED"
    SET_ASIDE = "SET_ASIDE"


class RawMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What an agency posted, to the byte. ``event_id`` is the source's own id, else the sha256 of the body."""

    receipt: str
    source: str
    event_id: str
    body: bytes
    body_hash: bytes
    key: str
    sandbox: bool
    received_at: datetime


class Receipted(msgspec.Struct, frozen=True, kw_only=True):
    """The message is on disk under ``receipt``; ``repeat`` when it already was."""

    receipt: str
    repeat: bool


class BodyChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Another body was taken in under the same id, as ``receipt``; both are kept."""

    receipt: str


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an inbox row; ``refs`` are what a PARKED one waits for, as ``SCHEME:value`` keys."""

    receipt: str
    state: InboxState
    at: datetime
    refs: tuple[str, ...] = ()


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a message has come that touches very many procedures; its inbox row stays NEW until the last."""

    receipt: str
    after: str


class Reawakening(msgspec.Struct, frozen=True, kw_only=True):
    """References that became known: parked messages that name one of these keys are NEW again."""

    refs: tuple[str, ...]
