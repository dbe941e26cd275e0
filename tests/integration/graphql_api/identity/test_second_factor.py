"""Codes through the contract: to act, to sign in, to get another authenticator. Real codes, both engines."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from portnet.storage.engines import EngineName, open_database, query
from tests.integration.graphql_api.world import PASSWORD, World
from tests.support.databases import Databases
from tests.support.identity.factors import (
    RECOVERY_CODES,
    STEP,
    WRONG,
    enrolled_account,
    secret_in,
    shows,
)

PROBLEM = """... on Problem { code message } ... on SecondFactorRequired { operationHash methods }
  ... on Throttled { retryAfterSeconds }"""
READ = "{ dossiers { nodes { procedures { nodes { id version requested { code } } } } } }"
PERFORM = f"""mutation ($input: PerformActionInput!) {{ performAction(input: $input) {{ __typename
  ... on Procedure {{ requested {{ code }} }} ... on StaleVersion {{ current {{ id }} }} {PROBLEM} }} }}"""
SIGN_IN = f"""mutation ($input: SignInInput!) {{ signIn(input: $input) {{ __typename
  ... on SignedIn {{ viewer {{ name secondFactor }} }} {PROBLEM} }} }}"""
ENROL = f"""mutation ($input: EnrolInput!) {{ enrolSecondFactor(input: $input) {{ __typename
  ... on SecondFactorEnrolment {{ method uri recoveryCodes }} {PROBLEM} }} }}"""
CONFIRM = """mutation ($input: ConfirmInput!) { confirmSecondFactor(input: $input) { __typename
  ... on Viewer { name secondFactor } ... on Problem { code message } } }"""
MINE = "{ me { secondFactor } }"


@pytest.fixture
async def world(engine_name: EngineName, migrated_databases: Databases) -> AsyncIterator[World]:
    """The declarant has an authenticator, and a manager has approved all there is."""
    url = await migrated_databases.fresh_database(engine_name)
    database = open_database(url)
    await database.start()
    async with World(database, real_codes=True) as world:
        world.proofs.approved[""] = world.users["manager"].id
        await enrolled(world, at_sign_in=False)
        yield world
    await database.stop()
    await migrated_databases.drop(url)


async def enrolled(world: World, login: str = "declarant", *, at_sign_in: bool) -> None:
    user, now = world.users[login], world.clock.at
    factor = enrolled_account(world.factor.authenticator, user, now, at_sign_in=at_sign_in)
    await world.write(factor)


async def cancel(world: World, login: str = "declarant", **changes: Any) -> Any:
    """Ask for the cancellation of the only procedure, as it is."""
    [dossier] = (await world.data("declarant", READ))["dossiers"]["nodes"]
    [procedure] = dossier["procedures"]["nodes"]
    wish = {
        "clientMutationId": "m1",
        "subject": procedure["id"],
        "action": "cancel",
        "expectedVersion": procedure["version"],
    }
    return (await world.data(login, PERFORM, input={**wish, **changes}))["performAction"]


def code(world: World) -> dict[str, str | None]:
    return {"code": shows(world.clock.at).code}


async def declare(world: World, number: int = 1) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", {"DUM": f"3090102026000000{number}G"})


async def test_an_act_is_done_with_a_code_under_the_same_id(world: World) -> None:
    await declare(world)
    asked = await cancel(world)
    assert asked["__typename"] == "SecondFactorRequired"
    assert asked["methods"] == ["TOTP", "RECOVERY_CODE"]
    assert len(asked["operationHash"]) == 64
    again = await cancel(world)
    assert again == asked
    done = await cancel(world, proof=code(world))
    assert done == {"__typename": "Procedure", "requested": {"code": "cancel"}}
    assert await cancel(world, expectedVersion=1, proof=code(world)) == done
    assert await cancel(world, expectedVersion=1) == done


async def test_a_refusal_for_want_of_a_code_is_never_the_answer_for_good(world: World) -> None:
    """Neither a wrong code nor too many of them lose what waits in a phone's queue."""
    await declare(world)
    await cancel(world)
    for _ in range(5):
        assert (await cancel(world, proof={"code": WRONG.code}))["code"] == "PROOF_WRONG"
    stopped = await cancel(world, proof=code(world))
    assert (stopped["__typename"], stopped["code"]) == ("Throttled", "THROTTLED")
    assert 0 < stopped["retryAfterSeconds"] <= 900
    assert stopped["message"] == "Trop d'essais : recommencez dans 15 min."
    world.clock.at += 31 * STEP
    assert (await cancel(world))["__typename"] == "SecondFactorRequired"
    assert (await cancel(world, proof=code(world)))["__typename"] == "Procedure"


async def test_a_token_that_lapses_before_the_code_is_typed_loses_nothing(world: World) -> None:
    """Each call of these tests is a session of its own: the challenge hangs on the account."""
    await declare(world)
    token = await world.token("declarant")
    assert (await cancel(world))["__typename"] == "SecondFactorRequired"
    world.clock.at += 24 * STEP
    assert "refused" in await world.send(token, MINE)
    late = await cancel(world, proof=code(world))
    assert late["__typename"] == "SecondFactorRequired"
    assert (await cancel(world, proof=code(world)))["__typename"] == "Procedure"


async def test_a_used_code_says_when_the_next_one_comes(world: World) -> None:
    await declare(world)
    await world.ask("declarant", ENROL, input={"clientMutationId": "e", "method": "TOTP"})
    spent = {"clientMutationId": "e", "method": "TOTP", "proof": code(world)}
    assert (await world.data("declarant", ENROL, input=spent))["enrolSecondFactor"]["uri"]
    await cancel(world)
    used = await cancel(world, proof=code(world))
    assert (used["__typename"], used["code"]) == ("Throttled", "CODE_USED")
    assert 0 < used["retryAfterSeconds"] <= 30
    world.clock.at += STEP
    assert (await cancel(world, proof=code(world)))["__typename"] == "Procedure"


async def test_a_version_that_has_passed_costs_no_code(world: World) -> None:
    await declare(world)
    await cancel(world)
    stale = await cancel(world, expectedVersion=0, proof=code(world))
    assert stale["__typename"] == "StaleVersion"
    assert (await cancel(world, proof=code(world)))["__typename"] == "Procedure"


async def test_who_has_no_second_factor_learns_so(world: World) -> None:
    await declare(world)
    missing = await cancel(world, "manager", proof=code(world))
    assert (missing["__typename"], missing["code"]) == ("NotAllowedNow", "PROOF_MISSING")
    assert (await world.data("manager", MINE))["me"] == {"secondFactor": "NONE"}
    assert (await world.data("declarant", MINE))["me"] == {"secondFactor": "TOTP"}


async def test_a_recovery_code_stands_in_and_is_in_the_trail(world: World) -> None:
    await declare(world)
    await cancel(world)
    done = await cancel(world, proof={"code": RECOVERY_CODES[0]})
    assert done["__typename"] == "Procedure"
    told = "SELECT action FROM audit WHERE action LIKE 'second_factor.%'"
    found = await world.database.read(query(told))
    assert [row[0] for row in found] == ["second_factor.recovery_code_used"]


async def sign_in(world: World, proof: Any = None, password: str = PASSWORD) -> Any:
    given = {"clientMutationId": "s", "login": "manager", "password": password, "proof": proof}
    return (await world.send(None, SIGN_IN, input=given))["data"]["signIn"]


async def test_signing_in_takes_the_password_first_and_then_a_code(world: World) -> None:
    await enrolled(world, "manager", at_sign_in=True)
    for proof in (None, code(world)):
        refused = await sign_in(world, proof, "wrong password")
        assert refused == {
            "__typename": "WrongCredentials",
            "code": "WRONG_CREDENTIALS",
            "message": "Identifiant ou mot de passe incorrect, ou session terminée.",
        }
    asked = await sign_in(world)
    assert (asked["__typename"], asked["code"]) == (
        "SecondFactorRequired",
        "SECOND_FACTOR_REQUIRED",
    )
    wrong = await sign_in(world, {"code": WRONG.code})
    assert (wrong["__typename"], wrong["code"]) == ("SecondFactorRequired", "PROOF_WRONG")
    assert wrong["operationHash"] == asked["operationHash"]
    opened = await sign_in(world, code(world))
    assert opened["viewer"] == {"name": "Manager", "secondFactor": "TOTP"}
    await sign_in(world)
    used = await sign_in(world, code(world))
    assert (used["__typename"], used["code"]) == ("Throttled", "CODE_USED")


async def test_guessing_codes_at_sign_in_is_stopped(world: World) -> None:
    await enrolled(world, "manager", at_sign_in=True)
    await sign_in(world)
    for _ in range(5):
        await sign_in(world, {"code": WRONG.code})
    stopped = await sign_in(world, code(world))
    assert (stopped["__typename"], stopped["code"]) == ("Throttled", "THROTTLED")
    assert (await sign_in(world, None, "wrong password"))["__typename"] == "WrongCredentials"


async def test_an_authenticator_is_enrolled_and_confirmed(world: World) -> None:
    token = await world.token("manager")
    given = {"clientMutationId": "e", "method": "TOTP", "proof": None}
    new = (await world.send(token, ENROL, input=given))["data"]["enrolSecondFactor"]
    assert (new["method"], len(new["recoveryCodes"])) == ("TOTP", 10)
    assert (await world.send(token, MINE))["data"]["me"] == {"secondFactor": "NONE"}

    async def confirm(code: str | None) -> Any:
        sent = {"clientMutationId": "c", "proof": {"code": code}}
        return (await world.send(token, CONFIRM, input=sent))["data"]["confirmSecondFactor"]

    refused = await confirm(WRONG.code)
    assert (refused["__typename"], refused["code"]) == ("WrongCredentials", "PROOF_WRONG")
    right = shows(world.clock.at, secret_in(new["uri"])).code
    for _ in range(2):
        assert await confirm(right) == {
            "__typename": "Viewer",
            "name": "Manager",
            "secondFactor": "TOTP",
        }
    assert (await sign_in(world))["__typename"] == "SecondFactorRequired"


async def test_who_has_one_shows_it_before_another(world: World) -> None:
    given = {"clientMutationId": "e", "method": "TOTP"}
    asked = (await world.data("declarant", ENROL, input=given))["enrolSecondFactor"]
    assert asked["__typename"] == "SecondFactorRequired"
    proven = {**given, "proof": code(world)}
    new = (await world.data("declarant", ENROL, input=proven))["enrolSecondFactor"]
    assert new["__typename"] == "SecondFactorEnrolment"


@pytest.mark.parametrize("method", ["PASSKEY", "RECOVERY_CODE"])
async def test_nothing_but_an_authenticator_can_be_enrolled_yet(world: World, method: str) -> None:
    given = {"clientMutationId": "e", "method": method}
    refused = (await world.data("manager", ENROL, input=given))["enrolSecondFactor"]
    assert (refused["__typename"], refused["code"]) == ("NotAllowedNow", "METHOD_UNAVAILABLE")
    assert refused["message"].startswith("Only an authenticator app")
