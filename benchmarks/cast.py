"""The companies and people of a benchmark: importers, each with a broker, five people to a company, a phone each.

Every id follows from its number, so that a data set on disk and a later run mean the same people.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from portnet.domain.access import Company, CompanyKind, Mandate, Role, User
from portnet.domain.alerts import Channel, Device
from portnet.domain.identifiers import new_ulid
from portnet.domain.identity.account import Credentials
from portnet.domain.localised import Locale
from portnet.ports.unit_of_work import UnitsOfWork

PASSWORD = "benchmark-password"

_BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
#: Importers that one broker works for.
_CLIENTS = 4
_ROLES = (Role.DECLARANT, Role.MANAGER, Role.FINANCE, Role.LOGISTICS, Role.ADMINISTRATOR)
_LOCALES: tuple[Locale, ...] = ("fr", "fr", "fr", "ar", "en")


def numbered_id(kind: str, number: int) -> str:
    """A ULID that is the same in every run, older than any that a run makes."""
    return new_ulid(_BEGAN, kind.encode()[:2].ljust(2) + number.to_bytes(8, "big"))


class Member(msgspec.Struct, frozen=True, kw_only=True):
    user: User
    device: Device


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    company: Company
    members: tuple[Member, ...]


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """``importers[i]`` has a mandate with ``broker_of(i)``."""

    importers: tuple[Firm, ...]
    brokers: tuple[Firm, ...]

    @property
    def firms(self) -> tuple[Firm, ...]:
        return self.importers + self.brokers

    def broker_of(self, importer: int) -> Firm:
        return self.brokers[importer // _CLIENTS]


def make_cast(companies: int, *, sandbox: bool) -> Cast:
    """``companies`` in all, a fifth of them brokers."""
    brokers = companies // (_CLIENTS + 1)
    firms = [
        _firm(number, CompanyKind.OPERATOR if number >= brokers else CompanyKind.BROKER, sandbox)
        for number in range(companies)
    ]
    return Cast(importers=tuple(firms[brokers:]), brokers=tuple(firms[:brokers]))


async def store(units: UnitsOfWork, cast: Cast, password_hash: str) -> None:
    """Write the cast into an empty database, everybody with one password."""
    async with units() as work:
        for firm in cast.firms:
            work.add(firm.company)
            for member in firm.members:
                credentials = Credentials(user=member.user.id, password_hash=password_hash)
                work.add(member.user, credentials, member.device)
        work.add(*_mandates(cast))
        await work.commit()


def _mandates(cast: Cast) -> Iterator[Mandate]:
    for number, firm in enumerate(cast.importers):
        yield Mandate(
            id=numbered_id("mandate", number),
            company=firm.company.id,
            broker=cast.broker_of(number).company.id,
            starts_at=_BEGAN,
            ends_at=_BEGAN + timedelta(days=10_000),
        )


def _firm(number: int, kind: CompanyKind, sandbox: bool) -> Firm:
    company = Company(
        id=numbered_id("company", number),
        kind=kind,
        name=f"{kind.value.title()} {number}",
        ice=f"{number:09}000066",
        sandbox=sandbox,
    )
    return Firm(
        company=company,
        members=tuple(
            _member(company, number * len(_ROLES) + seat, role, _LOCALES[seat])
            for seat, role in enumerate(_ROLES)
        ),
    )


def _member(company: Company, number: int, role: Role, locale: Locale) -> Member:
    user = User(
        id=numbered_id("user", number),
        company=company.id,
        login=f"person-{number}",
        name=f"Person {number}",
        roles=(role,),
        locale=locale,
        phone=f"+2126{number:08}",
    )
    device = Device(
        id=numbered_id("device", number),
        user=user.id,
        session=numbered_id("session", number),
        channel=Channel.PUSH,
        kind="FCM",
        address=f"push-token-{number:08}-" + "x" * 120,
        label=f"Phone {number}",
        locale=locale,
        registered_at=_BEGAN,
        last_seen_at=_BEGAN,
    )
    return Member(user=user, device=device)
