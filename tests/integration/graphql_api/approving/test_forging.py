"""A yes that is not one: by who may not, with a code for something else, or sent once more. Codes are real."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from portnet.domain.access import Role
from portnet.storage.engines import EngineName, open_database, query
from tests.integration.graphql_api.approving.test_approvals import APPROVE, requested
from tests.integration.graphql_api.declaring.app import App
from tests.integration.graphql_api.world import World
from tests.support.databases import Databases
from tests.support.identity.factors import STEP, enrolled_account, shows


@pytest.fixture
async def world(engine_name: EngineName, migrated_databases: Databases) -> AsyncIterator[World]:
    """The manager, and others who would like to be, have an authenticator of one secret."""
    url = await migrated_databases.fresh_database(engine_name)
    database = open_database(url)
    await database.start()
    async with World(database, real_codes=True) as world:
        for login in ("manager", "pretender", "helper", "agent", "outsider"):
            user, now = world.users[login], world.clock.at
            await world.write(
                enrolled_account(world.factor.authenticator, user, now, at_sign_in=False)
            )
        yield world
    await database.stop()
    await migrated_databases.drop(url)


def code(world: World) -> dict[str, str | None]:
    return {"code": shows(world.clock.at).code}


async def approve(world: World, token: str | None, key: str, content: str, proof: object) -> Any:
    given = {"clientMutationId": key, "contents": [content], "proof": proof}
    return (await world.send(token, APPROVE, input=given))["data"]["approve"]


async def found(world: World, token: str | None, content: str, proof: object) -> bool:
    """Whether there is such an approval at all for whoever asks."""
    given = {"clientMutationId": "k", "contents": [content], "proof": proof}
    errors = (await world.send(token, APPROVE, input=given)).get("errors", [])
    return [error["extensions"]["code"] for error in errors] != ["NOT_FOUND"]


async def states(world: World) -> list[str]:
    kept = await world.database.read(query("SELECT state FROM approval ORDER BY id"))
    return [row["state"] for row in kept]


@pytest.mark.parametrize("login", ["helper", "agent", "outsider"])
async def test_no_other_company_approves_whatever_its_roles(world: World, login: str) -> None:
    every = (Role.MANAGER, Role.ADMINISTRATOR, *world.users[login].roles)
    await world.write(msgspec.structs.replace(world.users[login], roles=every))
    _, asked = await requested(App(world))
    for proof in (None, code(world)):
        assert await found(world, await world.token(login), asked["content"]["id"], proof) is False
    assert await states(world) == ["PENDING"]


async def test_a_help_desks_role_in_a_company_approves_nothing(world: World) -> None:
    _, asked = await requested(App(world))
    refused = await App(world, "pretender").act(APPROVE, contents=[asked["content"]["id"]])
    assert refused["code"] == "NOT_YOURS"
    assert await states(world) == ["PENDING"]


async def test_a_code_for_one_approval_approves_no_other(world: World) -> None:
    app = App(world)
    _, one = await requested(app)
    _, other = await requested(app, "Wheat")
    manager = App(world, "manager")
    contents = {"one": [one["content"]["id"]], "other": [other["content"]["id"]]}
    asked = await manager.act(APPROVE, contents=contents["one"])
    assert asked["__typename"] == "SecondFactorRequired"
    typed = code(world)
    refused = await manager.act(APPROVE, contents=contents["other"], proof=typed)
    assert refused["__typename"] == "SecondFactorRequired"
    assert refused["operationHash"] != asked["operationHash"]
    both = await manager.act(APPROVE, contents=[*contents["one"], *contents["other"]], proof=typed)
    assert both["__typename"] == "SecondFactorRequired"
    assert await states(world) == ["PENDING", "PENDING"]
    done = await manager.act(APPROVE, contents=contents["one"], proof=typed)
    assert done["state"] == "APPROVED"
    used = await manager.act(APPROVE, contents=contents["other"], proof=typed)
    assert used["code"] == "CODE_USED"
    assert sorted(await states(world)) == ["APPROVED", "PENDING"]


async def test_a_whole_request_sent_again_does_nothing_more(world: World) -> None:
    _, asked = await requested(App(world))
    content, token = asked["content"]["id"], await world.token("manager")
    await approve(world, token, "k", content, None)
    proof = code(world)
    first = await approve(world, token, "k", content, proof)
    assert first["state"] == "APPROVED"
    assert await approve(world, token, "k", content, proof) == first
    world.clock.at += STEP
    assert await approve(world, token, "k", content, proof) == first
    # The same words from somebody else are another wish.
    assert await found(world, await world.token("outsider"), content, proof) is False
    trail = query("SELECT count(*) FROM audit WHERE action = 'approval.approve'")
    assert [row[0] for row in await world.database.read(trail)] == [1]
