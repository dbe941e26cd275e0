"""Declarations that are written on the phone, with or without a network.

Each patch waits in one queue, under the mutation id that it was made with, until the server has it: whatever is lost on
the way is sent again and done once. Nothing here is ever approved or submitted: that takes a network and a person.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self

import msgspec

from portnet_mobile.client import mutation_id
from portnet_mobile.clock import Clock, SystemClock
from portnet_mobile.errors import (
    NotSignedIn,
    PhoneError,
    SessionEnded,
    Unreachable,
    sorted_failures,
)

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BYTES: Final = 10

#: Asks the server one of the app's named operations.
Ask = Callable[[str, Mapping[str, object]], Awaitable[dict[str, Any]]]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration as this phone knows it. ``read_version`` is that of the last whole reading, 0 before one.

    An answer to a patch is no reading: it may hold others' changes that this phone has not seen.
    """

    id: str
    kind: str
    company: str
    form_version: int
    read_version: int = 0
    values: dict[str, str] = {}


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A patch that the server may not have yet; ``base`` is the version that it was made on."""

    mutation: str
    draft: str
    base: int
    patch: dict[str, str | None]


class FieldConflict(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody else changed the same field: the person says whose it shall be."""

    path: str
    label: str
    yours: str | None
    theirs: str | None
    theirs_by: str


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """A patch of which the server took nothing, and why; ``conflicts`` where others were quicker."""

    waiting: Waiting
    code: str
    message: str
    conflicts: tuple[FieldConflict, ...] = ()


class _Shelf(msgspec.Struct, kw_only=True):
    queue: str
    drafts: dict[str, Draft] = {}
    waiting: list[Waiting] = []
    set_aside: list[SetAside] = []


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    value: str


class _Read(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    version: int
    kind: str
    form_version: int
    company: dict[str, str]
    values: list[_Value]


class _Refusal(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    conflicts: tuple[FieldConflict, ...] = ()


class Drafts:
    """What one app writes, in the order in which it was written."""

    def __init__(self, ask: Ask, clock: Clock | None = None) -> None:
        self._ask = ask
        self._clock = clock or SystemClock()
        self._shelf = _Shelf(queue=self._new_id())

    @classmethod
    def restored(cls, ask: Ask, stored: bytes, clock: Clock | None = None) -> Self:
        """As `stored` left them when the app was closed, the queue's name included."""
        drafts = cls(ask, clock)
        drafts._shelf = msgspec.json.decode(stored, type=_Shelf)
        return drafts

    def stored(self) -> bytes:
        """All that must survive the app being closed."""
        return msgspec.json.encode(self._shelf)

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What the server may not have yet, oldest first."""
        return tuple(self._shelf.waiting)

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What the server refused, for the person to look at."""
        return tuple(self._shelf.set_aside)

    def draft(self, id: str) -> Draft:
        """With the values that this phone wrote or read last."""
        return self._shelf.drafts[id]

    def begin(self, kind: str, company: str, form_version: int) -> str:
        """A new declaration; its id. The server hears of it with the first patch."""
        draft = Draft(id=self._new_id(), kind=kind, company=company, form_version=form_version)
        self._shelf.drafts[draft.id] = draft
        return draft.id

    def write(self, id: str, patch: Mapping[str, str | None]) -> None:
        """Note what was filled in or, with None, cleared; `send` brings it to the server."""
        draft = self.draft(id)
        self._shelf.waiting.append(
            Waiting(mutation=mutation_id(), draft=id, base=draft.read_version, patch=dict(patch))
        )
        values = _patched(draft.values, patch)
        self._shelf.drafts[id] = msgspec.structs.replace(draft, values=values)

    async def send(self) -> bool:
        """Send what waits, in order; False when the network failed on the way and the rest still waits.

        What the server refuses is set aside, and what follows goes on.
        """
        while self._shelf.waiting:
            first = self._shelf.waiting[0]
            try:
                answer = await self._ask("SaveDeclaration", {"input": self._input(first)})
            except (Unreachable, NotSignedIn, SessionEnded):
                return False
            except PhoneError as error:
                self._set_aside(first, _Refusal(code=error.why, message=str(error)))
            else:
                self._take(first, answer["saveDeclaration"])
            self._shelf.waiting.pop(0)
        return True

    async def read(self, id: str) -> Draft:
        """The declaration as the server has it; what still waits here stays on top of it."""
        data = await self._ask("Declaration", {"id": id})
        with sorted_failures():
            found = msgspec.convert(data["declaration"], _Read)
        values = {each.path: each.value for each in found.values}
        for waiting in self._shelf.waiting:
            if waiting.draft == id:
                values = _patched(values, waiting.patch)
        draft = Draft(
            id=id,
            kind=found.kind,
            company=found.company["id"],
            form_version=found.form_version,
            read_version=found.version,
            values=values,
        )
        self._shelf.drafts[id] = draft
        return draft

    def keep_mine(self, aside: SetAside) -> None:
        """Send the patch again over the others' changes, which the person has seen: read the draft first."""
        self._shelf.set_aside.remove(aside)
        self.write(aside.waiting.draft, aside.waiting.patch)

    def _take(self, waiting: Waiting, answer: dict[str, Any]) -> None:
        if answer["__typename"] != "Declaration":
            with sorted_failures():
                self._set_aside(waiting, msgspec.convert(answer, _Refusal))

    def _set_aside(self, waiting: Waiting, refusal: _Refusal) -> None:
        self._shelf.set_aside.append(
            SetAside(
                waiting=waiting,
                code=refusal.code,
                message=refusal.message,
                conflicts=refusal.conflicts,
            )
        )

    def _input(self, waiting: Waiting) -> dict[str, object]:
        draft = self.draft(waiting.draft)
        return {
            "clientMutationId": waiting.mutation,
            "id": draft.id,
            "kind": draft.kind,
            "company": draft.company,
            "formVersion": draft.form_version,
            "baseVersion": waiting.base,
            "patch": [{"path": path, "value": value} for path, value in waiting.patch.items()],
            "queue": self._shelf.queue,
        }

    def _new_id(self) -> str:
        return new_ulid(
            int(self._clock.now().timestamp() * 1000), secrets.token_bytes(_RANDOM_BYTES)
        )


def new_ulid(milliseconds: int, random: bytes) -> str:
    """A ULID: 26 characters of Crockford's base32, 48 bits of time and 80 of chance."""
    number = (milliseconds << 80) | int.from_bytes(random, "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def _patched(values: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**values, **patch}
    return {path: value for path, value in merged.items() if value is not None}
