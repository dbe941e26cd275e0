"""Whom an administrator may invite, with which roles, and who may leave."""

import msgspec
import pytest

from portnet.domain.access import Role, User
from portnet.domain.identity.member import GRANTABLE, MemberWish, changed, faults_of, invited
from portnet.domain.submission import NotDone

CHIEF = User(
    id="chief", company="c", login="chief", name="Chief", roles=(Role.ADMINISTRATOR,), locale="fr"
)
CLERK = msgspec.structs.replace(CHIEF, id="clerk", login="clerk", roles=(Role.DECLARANT,))
NEW = MemberWish(login="amina", name="Amina", roles=(Role.DECLARANT,))


def faults(wish: MemberWish) -> dict[str, str]:
    return {fault.path: fault.code for fault in faults_of(wish)}


def test_all_faults_of_a_new_member_are_said_at_once() -> None:
    assert faults(MemberWish()) == {"login": "EMPTY", "name": "EMPTY", "roles": "EMPTY"}
    assert faults(NEW) == {}
    assert faults(msgspec.structs.replace(NEW, active=False)) == {"active": "UNKNOWN"}


@pytest.mark.parametrize(
    ("login", "fault"),
    [
        (" Amina.B@example.ma ", None), ("  ", "EMPTY"), ("a" * 65, "TOO_LONG"), ("a", "UNKNOWN"),
        ("a b", "UNKNOWN"), ("a\nb", "UNKNOWN"), ("أمينة", "UNKNOWN"), ("-amina", "UNKNOWN"),
    ],
)  # fmt: skip
def test_a_login_is_what_a_phone_can_type(login: str, fault: str | None) -> None:
    assert faults(msgspec.structs.replace(NEW, login=login)).get("login") == fault


@pytest.mark.parametrize(
    ("name", "fault"),
    [("أمينة بنعلي", None), (" ", "EMPTY"), ("n" * 81, "TOO_LONG"), ("a\x07b", "UNKNOWN")],
)
def test_a_name_is_one_that_can_be_read(name: str, fault: str | None) -> None:
    assert faults(msgspec.structs.replace(NEW, name=name)).get("name") == fault


def test_the_single_windows_own_roles_are_nobodys_to_give() -> None:
    assert set(Role) - set(GRANTABLE) == {Role.HELP_DESK}
    for member in (None, "clerk"):
        wish = msgspec.structs.replace(NEW, member=member, roles=(Role.MANAGER, Role.HELP_DESK))
        assert faults(wish)["roles"] == "UNKNOWN"


def test_a_login_is_for_good_and_roles_are_never_none() -> None:
    wish = MemberWish(member="clerk", login="other", roles=())
    assert faults(wish) == {"login": "FIXED", "roles": "EMPTY"}
    assert faults(MemberWish(member="clerk")) == {}


def test_who_is_invited_is_of_the_inviters_company() -> None:
    wish = msgspec.structs.replace(NEW, login=" AMINA ", roles=(Role.MANAGER, Role.DECLARANT))
    user = invited(wish, "id", CHIEF)
    assert (user.login, user.company, user.active) == ("amina", "c", True)
    assert user.roles == (Role.DECLARANT, Role.MANAGER)


@pytest.mark.parametrize("wish", [MemberWish(active=False), MemberWish(roles=(Role.MANAGER,))])
def test_the_last_administrator_stays(wish: MemberWish) -> None:
    assert changed([CHIEF, CLERK], CHIEF, wish) is NotDone.LAST_ADMINISTRATOR
    gone = msgspec.structs.replace(CHIEF, id="gone", active=False)
    assert changed([CHIEF, gone], CHIEF, wish) is NotDone.LAST_ADMINISTRATOR
    second = msgspec.structs.replace(CHIEF, id="second")
    assert isinstance(changed([CHIEF, second], CHIEF, wish), User)


def test_what_a_wish_leaves_out_stays() -> None:
    user = changed([CHIEF, CLERK], CLERK, MemberWish(name=" Amina "))
    assert user == msgspec.structs.replace(CLERK, name="Amina")
