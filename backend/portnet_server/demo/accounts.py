"""The demo's companies, people and agencies. The password and the authenticators' secrets are public: these accounts
exist on demo databases only.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import msgspec

from portnet.domain.access import CompanyKind, Role
from portnet.domain.localised import Locale

PASSWORD = "portnet-demo"  # noqa: S105 - public on purpose


#: Who decides, pays, declares and signs has an authenticator.
_PROVE = frozenset({Role.DECLARANT, Role.MANAGER, Role.FINANCE, Role.ADMINISTRATOR})


class DemoUser(msgspec.Struct, frozen=True, kw_only=True):
    login: str
    name: str
    role: Role
    locale: Locale
    phone: str

    @property
    def totp_secret(self) -> str | None:
        """Of their authenticator, in base 32; None for those who have none."""
        if self.role not in _PROVE:
            return None
        digest = hashlib.sha256(f"portnet demo {self.login}".encode()).digest()
        return base64.b32encode(digest[:20]).decode()


class DemoCompany(msgspec.Struct, frozen=True, kw_only=True):
    kind: CompanyKind
    name: str
    ice: str
    users: tuple[DemoUser, ...]


def _user(login: str, name: str, role: Role, locale: Locale, number: int) -> DemoUser:
    return DemoUser(
        login=login, name=name, role=role, locale=locale, phone=f"+2126000000{number:02}"
    )


#: By the names under which scenarios know them.
COMPANIES: Mapping[str, DemoCompany] = {
    "importer": DemoCompany(
        kind=CompanyKind.OPERATOR,
        name="Atlas Nutrition Animale",
        ice="001561191000066",
        users=(
            _user("declarant", "Salma Idrissi", Role.DECLARANT, "fr", 1),
            _user("manager", "Youssef Benali", Role.MANAGER, "fr", 2),
            _user("finance", "Imane Tazi", Role.FINANCE, "fr", 3),
            _user("logistics", "Hamza El Fassi", Role.LOGISTICS, "ar", 4),
            _user("administrator", "Nadia Chraibi", Role.ADMINISTRATOR, "en", 5),
        ),
    ),
    "exporter": DemoCompany(
        kind=CompanyKind.OPERATOR,
        name="Souss Export",
        ice="002345187000096",
        users=(
            _user("exporter", "Rachid Amghar", Role.DECLARANT, "fr", 8),
            _user("packhouse", "Fatima Ouhaddou", Role.MANAGER, "ar", 9),
        ),
    ),
    "broker": DemoCompany(
        kind=CompanyKind.BROKER,
        name="Transit Anfa",
        ice="002136093000040",
        users=(_user("broker", "Karim Lahlou", Role.DECLARANT, "fr", 6),),
    ),
    "desk": DemoCompany(
        kind=CompanyKind.SINGLE_WINDOW,
        name="PortNet",
        ice="000000999000187",
        users=(_user("helpdesk", "Houda Amrani", Role.HELP_DESK, "fr", 7),),
    ),
}

#: Each has two active keys, as a source has while it changes them.
SOURCES = (
    "PORTNET", "BADR", "ONSSA", "FOODEX", "TMPCS", "ANP", "BANK", "MIC", "OC", "PSP", "TERMINAL", "CARRIER", "DEST",
)  # fmt: skip


def user_of(login: str) -> DemoUser | None:
    """The demo's person of that login."""
    people = (user for company in COMPANIES.values() for user in company.users)
    return next((user for user in people if user.login == login), None)


def login_of(parties: Mapping[str, str], role: str) -> str | None:
    """Who acts as ``role`` in a story with these parties: one of the company's own people, or of its broker's.

    None where the demo has nobody. A manager stands in for a colleague that a company does not have.
    """
    party = "BROKER" if role == "BROKER" else "OPERATOR"
    company = COMPANIES.get(parties.get(party, "").removeprefix("company:"))
    wanted = "DECLARANT" if role == "BROKER" else role
    people = company.users if company else ()
    by_role = {person.role.value: person.login for person in people}
    return by_role.get(wanted) or by_role.get("MANAGER")
