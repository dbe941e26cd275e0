"""The people of a company, as its administrator keeps them: whom one may invite, with which roles, and who may leave.

Pure: who asks and what they have proven is known before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Role, User
from portnet.domain.submission import NotDone

#: The roles that a company gives; the single window's own are no customer's to give.
GRANTABLE = (
    Role.DECLARANT,
    Role.MANAGER,
    Role.FINANCE,
    Role.LOGISTICS,
    Role.ADMINISTRATOR,
)
LONGEST_LOGIN = 64
LONGEST_NAME = 80
#: How long an invitation may be accepted: a week's holiday.
INVITED_FOR = timedelta(days=7)

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]+[a-z0-9]")


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Lets ``user`` choose a first password, once. ``code_hash`` is the code's SHA-256; ``number`` counts a user's."""

    user: str
    number: int
    code_hash: bytes
    by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def open(self, at: datetime) -> bool:
        """Whether it may be accepted at ``at``."""
        return self.used_at is None and at < self.expires_at


class InvitationCode(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is what the new person types; ``hash`` is what we keep of it."""

    text: str
    hash: bytes

    def __repr__(self) -> str:
        return "InvitationCode(***)"


class MemberWish(msgspec.Struct, frozen=True, kw_only=True):
    """How an administrator wants a person of the company to be; what is None stays. A new one when ``member`` is None.

    ``invite`` asks for a new invitation for somebody who has not accepted theirs.
    """

    member: str | None = None
    login: str | None = None
    name: str | None = None
    roles: tuple[Role, ...] | None = None
    active: bool | None = None
    invite: bool = False


class MemberFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field that cannot be taken, and why: EMPTY, TOO_LONG, UNKNOWN, FIXED, TAKEN."""

    path: str
    code: str


def normal_login(login: str) -> str:
    """The one spelling of a login."""
    return login.strip().lower()


def faults_of(wish: MemberWish) -> tuple[MemberFault, ...]:
    """All that is wrong with a wish in itself."""
    return tuple(MemberFault(path=path, code=code) for path, code in _faults(wish))


def invited(wish: MemberWish, id: str, by: User) -> User:
    """A new person; the wish is without faults."""
    return User(
        id=id,
        company=by.company,
        login=normal_login(wish.login or ""),
        name=(wish.name or "").strip(),
        roles=_in_order(wish.roles or ()),
        locale=by.locale,
    )


def changed(people: Sequence[User], known: User, wish: MemberWish) -> User | NotDone:
    """``known`` as wished; ``people`` are all of the company, of whom one must stay its administrator."""
    wished = msgspec.structs.replace(
        known,
        name=known.name if wish.name is None else wish.name.strip(),
        roles=known.roles if wish.roles is None else _in_order(wish.roles),
        active=known.active if wish.active is None else wish.active,
    )
    others = [user for user in people if user.id != known.id]
    if _administered(people) and not _administered([*others, wished]):
        return NotDone.LAST_ADMINISTRATOR
    return wished


def _administered(people: Iterable[User]) -> bool:
    return any(user.active and Role.ADMINISTRATOR in user.roles for user in people)


def _faults(wish: MemberWish) -> Iterable[tuple[str, str]]:
    new = wish.member is None
    if wish.login is None:
        if new:
            yield "login", "EMPTY"
    elif not new:
        yield "login", "FIXED"
    elif len(wish.login) > LONGEST_LOGIN:
        yield "login", "TOO_LONG"
    elif _LOGIN.fullmatch(normal_login(wish.login)) is None:
        yield "login", "UNKNOWN" if wish.login.strip() else "EMPTY"
    yield from _name_faults(wish.name, new)
    if wish.roles is None or not wish.roles:
        if new or wish.roles is not None:
            yield "roles", "EMPTY"
    elif not set(wish.roles) <= set(GRANTABLE):
        yield "roles", "UNKNOWN"
    if new and wish.active is False:
        yield "active", "UNKNOWN"


def _name_faults(name: str | None, new: bool) -> Iterable[tuple[str, str]]:
    if name is None:
        if new:
            yield "name", "EMPTY"
    elif not name.strip():
        yield "name", "EMPTY"
    elif len(name) > LONGEST_NAME:
        yield "name", "TOO_LONG"
    elif not name.strip().isprintable():
        yield "name", "UNKNOWN"


def _in_order(roles: Iterable[Role]) -> tuple[Role, ...]:
    wanted = set(roles)
    return tuple(role for role in GRANTABLE if role in wanted)
