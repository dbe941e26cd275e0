"""An administrator keeps the company's people: invited, with roles, gone; and nothing slips in beside."""

from typing import Any

import pytest

from portnet.domain.identifiers import opaque_id
from portnet.storage.engines import query
from tests.integration.graphql_api.world import World

SAVE = """mutation ($input: MemberInput!) { saveMember(input: $input) { __typename
  ... on Member { id name login roles active invitedUntil invitation { code expiresAt } }
  ... on InvalidInput { issues { path code } }
  ... on SecondFactorRequired { operationHash }
  ... on Problem { code message } } }"""
ACCEPT = """mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename
  ... on InvalidInput { issues { path code } } ... on Problem { code } } }"""
MEMBERS = "{ members { id login roles active invitedUntil invitation { code } } }"
AMINA: dict[str, Any] = {"login": "amina", "name": "Amina Fassi", "roles": ["DECLARANT"]}
PROOF = {"code": "123456"}


async def save(world: World, key: str, by: str = "chief", **fields: Any) -> Any:
    given = {"clientMutationId": key, "proof": PROOF, **fields}
    return (await world.data(by, SAVE, input=given))["saveMember"]


async def accept(world: World, code: str, password: str = "a long password") -> Any:
    given = {"clientMutationId": "a", "login": "Amina ", "code": code, "password": password}
    return (await world.data(None, ACCEPT, input=given))["acceptInvitation"]


def member(world: World, login: str) -> str:
    return opaque_id("Member", world.users[login].id)


async def test_somebody_is_invited_and_chooses_a_password_once(world: World) -> None:
    invited = await save(world, "1", **AMINA)
    assert (invited["__typename"], invited["roles"], invited["active"]) == ("Member", ["DECLARANT"], True)  # fmt: skip
    assert await save(world, "1", **AMINA) == invited
    code = invited["invitation"]["code"]
    listed = (await world.data("chief", MEMBERS))["members"]
    [amina] = [m for m in listed if m["login"] == "amina"]
    assert (amina["invitation"], amina["invitedUntil"]) == (None, invited["invitedUntil"])
    assert (await accept(world, "0000-0000-0000-0000"))["code"] == "WRONG_CREDENTIALS"
    assert (await accept(world, code, "short"))["issues"] == [{"path": "password", "code": "TOO_SHORT"}]  # fmt: skip
    assert (await accept(world, code, "password"))["issues"][0]["code"] == "TOO_COMMON"
    assert (await accept(world, code.lower()))["__typename"] == "Done"
    assert (await accept(world, code))["code"] == "WRONG_CREDENTIALS"
    signed_in = await world.services.sessions.sign_in("amina", "a long password")
    assert not isinstance(signed_in, str)
    again = await save(world, "2", member=amina["id"], invite=True)
    assert (again["__typename"], again["code"]) == ("NotAllowedNow", "NOT_NOW")


async def test_a_new_invitation_makes_the_old_one_void(world: World) -> None:
    first = await save(world, "1", **AMINA)
    second = await save(world, "2", member=first["id"], invite=True)
    assert (await accept(world, first["invitation"]["code"]))["code"] == "WRONG_CREDENTIALS"
    assert (await accept(world, second["invitation"]["code"]))["__typename"] == "Done"


async def test_leaving_ends_everything(world: World) -> None:
    token = await world.token("declarant")
    register = """mutation { registerDevice(input: {clientMutationId: "d", kind: "FCM", address: "t",
      label: "Pixel", locale: FR}) { __typename } }"""
    await world.send(token, register)
    left = await save(world, "1", member=member(world, "declarant"), active=False)
    assert left["active"] is False
    assert world.ended
    [error] = (await world.send(token, "{ me { id } }"))["refused"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert [r[0] for r in await world.database.read(query("SELECT dead_at FROM device"))] != [None]
    back = await save(world, "2", member=member(world, "declarant"), active=True)
    assert back["invitation"]["code"]
    stored = query("SELECT password_hash FROM credentials WHERE user_id = $1", world.users["declarant"].id)  # fmt: skip
    assert [r[0] for r in await world.database.read(stored)] == [""]


async def test_roles_change_at_once_and_the_last_administrator_stays(world: World) -> None:
    changed = await save(world, "1", member=member(world, "declarant"), roles=["FINANCE", "MANAGER"])  # fmt: skip
    assert changed["roles"] == ["MANAGER", "FINANCE"]
    chief = member(world, "chief")
    either: list[dict[str, Any]] = [{"active": False}, {"roles": ["MANAGER"]}]
    for fields in either:
        refused = await save(world, f"k{fields}", member=chief, **fields)
        assert (refused["__typename"], refused["code"]) == ("NotAllowedNow", "LAST_ADMINISTRATOR")


async def test_it_takes_the_administrator_and_a_second_factor(world: World) -> None:
    assert (await save(world, "1", "manager", **AMINA))["code"] == "NOT_YOURS"
    asked = await save(world, "1", proof=None, **AMINA)
    assert (asked["__typename"], len(asked["operationHash"])) == ("SecondFactorRequired", 64)
    assert (await save(world, "1", proof={"code": "000000"}, **AMINA))["code"] == "PROOF_WRONG"
    [error] = (await world.ask("manager", MEMBERS))["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_login_is_given_once_and_a_key_is_for_one_wish(world: World) -> None:
    taken = await save(world, "1", **(AMINA | {"login": "outsider"}))
    assert taken["issues"] == [{"path": "login", "code": "TAKEN"}]
    await save(world, "2", **AMINA)
    other = await save(world, "2", **(AMINA | {"name": "Other"}))
    assert other["code"] == "IDEMPOTENCY_MISMATCH"


@pytest.mark.parametrize("role", ["HELP_DESK", "TRAINER", "TRAINEE"])
async def test_roles_of_the_single_window_are_not_given(world: World, role: str) -> None:
    wish: dict[str, Any] = AMINA | {"roles": ["DECLARANT", role]}
    refused = await save(world, "1", **wish)
    assert refused["issues"] == [{"path": "roles", "code": "UNKNOWN"}]


@pytest.mark.parametrize(
    "beside",
    [
        {"company": "x"}, {"id": "x"}, {"isAdmin": True}, {"password": "p"}, {"passwordHash": "p"},
        {"sandbox": False}, {"lastSeenAt": "2026-01-01T00:00:00Z"}, {"invitation": {"code": "x"}},
    ],
)  # fmt: skip
async def test_nothing_is_assigned_beside_the_fields_of_the_input(
    world: World, beside: dict[str, Any]
) -> None:
    before = [r[0] for r in await world.database.read(query("SELECT count(*) FROM user_account"))]
    given = {"clientMutationId": "1", "proof": PROOF, **AMINA, **beside}
    answer = await world.ask("chief", SAVE, None, input=given)
    assert "data" not in answer or answer["data"] is None
    assert [
        r[0] for r in await world.database.read(query("SELECT count(*) FROM user_account"))
    ] == before


async def test_who_was_never_invited_is_answered_like_a_wrong_code(world: World) -> None:
    await save(world, "1", **AMINA)
    answers: list[Any] = []
    for login in ("amina", "declarant", "nobody"):
        given = {
            "clientMutationId": "a",
            "login": login,
            "code": "0000-0000-0000-0000",
            "password": "a long password",
        }
        answers.append((await world.data(None, ACCEPT, input=given))["acceptInvitation"])
    assert answers == [{"__typename": answers[0]["__typename"], "code": "WRONG_CREDENTIALS"}] * 3
