"""Whom an event concerns, by the letters of the alert catalogue."""

import msgspec
import pytest

from portnet.domain.access import Role, User
from portnet.domain.alerts import Addressee, Recipient, concerned
from tests.support.scenarios import BROKER, IMPORTER, STRANGER

PEOPLE = [Recipient(user=user) for firm in (IMPORTER, BROKER) for user in firm.people]


def told(
    levels: dict[str, int], people: list[Recipient] | None = None, broker: str | None = BROKER.id
) -> dict[str, int]:
    found = concerned(
        {Addressee(letter): level for letter, level in levels.items()},
        IMPORTER.id,
        broker,
        PEOPLE if people is None else people,
    )
    assert len({person.user.id for person, _ in found}) == len(found)
    return {person.user.id: level for person, level in found}


@pytest.mark.parametrize(
    ("letter", "who"),
    [
        ("D", "importer-declarant"),
        ("B", "broker-declarant"),
        ("M", "importer-manager"),
        ("F", "importer-finance"),
        ("L", "importer-logistics"),
        ("A", "importer-administrator"),
    ],
)
def test_each_letter_addresses_one_role_in_the_file(letter: str, who: str) -> None:
    assert told({letter: 3}) == {who: 3}


def test_letters_have_levels_of_their_own() -> None:
    assert told({"M": 4, "D": 2}) == {"importer-manager": 4, "importer-declarant": 2}


def test_a_person_in_two_roles_is_told_once_at_the_highest_level() -> None:
    both = with_roles(IMPORTER.people[0], Role.FINANCE, Role.DECLARANT, Role.MANAGER)
    assert told({"F": 4, "D": 2, "M": 3}, [both]) == {both.user.id: 4}


def test_a_brokers_own_managers_are_not_the_importers() -> None:
    assert told({"M": 3}) == {"importer-manager": 3}


def test_no_broker_is_told_where_none_may_hear() -> None:
    assert told({"D": 2, "B": 2}, broker=None) == {"importer-declarant": 2}


def test_other_companies_are_never_told() -> None:
    strangers = [Recipient(user=user) for user in STRANGER.people]
    assert told(dict.fromkeys("DBMFLA", 4), strangers) == {}


def test_a_closed_account_is_not_told() -> None:
    left = closed(IMPORTER.person(Role.DECLARANT))
    assert told({"D": 3}, [left, *PEOPLE[1:]]) != {}
    assert left.user.id not in told({"D": 3}, [left, *PEOPLE[1:]])


def test_when_nobody_holds_the_role_everyone_of_the_owner_is_told() -> None:
    without = [person for person in PEOPLE if Role.FINANCE not in person.user.roles]
    owners = {p.user.id: 3 for p in without if p.user.company == IMPORTER.id}
    assert told({"F": 3}, without) == owners


def test_the_last_resort_is_told_at_the_highest_level() -> None:
    manager = Recipient(user=IMPORTER.person(Role.MANAGER))
    assert told({"F": 2, "L": 4}, [manager]) == {manager.user.id: 4}


def test_a_broker_alone_is_enough() -> None:
    without = [p for p in PEOPLE if p.user.id != "importer-declarant"]
    assert told({"D": 3, "B": 3}, without) == {"broker-declarant": 3}


def test_nobody_is_told_where_nobody_is() -> None:
    assert told({"D": 3}, []) == {}


def with_roles(user: User, *roles: Role) -> Recipient:
    return Recipient(user=msgspec.structs.replace(user, roles=roles))


def closed(user: User) -> Recipient:
    return Recipient(user=msgspec.structs.replace(user, active=False))
