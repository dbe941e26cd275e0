"""Who may see what: a company sees its own files, a broker those that name it while a mandate covers them."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from portnet.domain.localised import Locale


class Role(enum.StrEnum):
    DECLARANT = "DECLARANT"
    MANAGER = "MANAGER"
    FINANCE = "FINANCE"
    LOGISTICS = "LOGISTICS"
    ADMINISTRATOR = "ADMINISTRATOR"
    HELP_DESK = "HELP_DESK"


class CompanyKind(enum.StrEnum):
    OPERATOR = "OPERATOR"
    BROKER = "BROKER"
    SHIP_AGENT = "SHIP_AGENT"
    #: The single window itself: its help desk.
    SINGLE_WINDOW = "SINGLE_WINDOW"


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """``ice`` is the Moroccan company identifier, 15 digits; ``sandbox`` companies hear sandbox keys only.

    ``subscription`` is the procedure by which the company subscribes to the single window, None before there is one.
    """

    id: str
    kind: CompanyKind
    name: str
    ice: str
    sandbox: bool
    subscription: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person's account in one company. ``phone`` is E.164 and may be missing."""

    id: str
    company: str
    login: str
    name: str
    roles: tuple[Role, ...]
    locale: Locale
    phone: str | None = None
    active: bool = True


def helps(user: User, company: Company) -> bool:
    """Whether the user is of the help desk. The role counts in the single window's own company only: no customer can
    give it to themselves.
    """
    return Role.HELP_DESK in user.roles and company.kind is CompanyKind.SINGLE_WINDOW


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: a signed-in user, in one session."""

    user: str
    company: str
    session: str
    sandbox: bool
    session_expires_at: datetime


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """A company lets a broker work on its files from ``starts_at`` until ``ends_at`` (open when None).

    ``kinds`` are the codes of the procedures that the broker may begin and act in, all when None.
    """

    id: str
    company: str
    broker: str
    starts_at: datetime
    ends_at: datetime | None = None
    revoked_at: datetime | None = None
    kinds: tuple[str, ...] | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the mandate is in force at ``at``."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return False
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
