"""Who sees what: the owner and its mandated broker; everybody else finds nothing, wherever they look."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from portnet.domain.identifiers import opaque_id
from tests.integration.graphql_api.world import World

EVERYTHING = """query ($dossier: ID!, $procedure: ID!, $entry: ID!, $alert: ID!, $company: ID!, $person: ID!) {
  dossiers { nodes { id } } dossier(id: $dossier) { id } procedure(id: $procedure) { id }
  alerts { nodes { id } }
  nodes(ids: [$dossier, $procedure, $entry, $alert, $company, $person]) { id } }"""
IDS = """{ me { id company { id } } alerts { nodes { id } }
  dossiers { nodes { id procedures { nodes { id } } timeline { nodes { id } } } } }"""


async def ids_of(world: World, login: str) -> dict[str, Any]:
    seen = await world.data(login, IDS)
    [dossier] = seen["dossiers"]["nodes"]
    return {
        "dossier": dossier["id"],
        "procedure": dossier["procedures"]["nodes"][0]["id"],
        "entry": dossier["timeline"]["nodes"][0]["id"],
        "alert": seen["alerts"]["nodes"][0]["id"],
        "company": seen["me"]["company"]["id"],
        "person": seen["me"]["id"],
    }


@pytest.mark.parametrize("login", ["outsider", "rival"])
async def test_a_stranger_sees_nothing_by_list_or_by_id(world: World, login: str) -> None:
    await world.play(6)
    ids = await ids_of(world, "declarant")
    assert await world.data(login, EVERYTHING, **ids) == {
        "dossiers": {"nodes": []},
        "dossier": None,
        "procedure": None,
        "alerts": {"nodes": []},
        "nodes": [None] * 6,
    }


async def test_a_colleague_sees_the_files_but_not_the_persons_alerts(world: World) -> None:
    await world.play(6)
    ids = await ids_of(world, "declarant")
    seen = await world.data("manager", EVERYTHING, **ids)
    assert [node and node["id"] for node in seen["nodes"]] == [
        ids["dossier"], ids["procedure"], ids["entry"], None, ids["company"], None
    ]  # fmt: skip


async def test_a_broker_sees_its_clients_files_and_those_it_lodged_once_the_mandate_is_over(
    world: World,
) -> None:
    await world.play(6)
    ids = await ids_of(world, "declarant")
    during = await world.data("agent", EVERYTHING, **ids)
    assert during["dossier"] == {"id": ids["dossier"]}
    assert during["procedure"] == {"id": ids["procedure"]}
    world.clock.at += timedelta(days=40)
    assert await world.data("agent", EVERYTHING, **ids) == during
    await world.revoke_mandate()
    after = await world.data("agent", EVERYTHING, **ids)
    assert after == during | {"dossiers": {"nodes": []}, "alerts": {"nodes": []}}


async def test_alerts_go_with_the_mandate(world: World) -> None:
    asked = "{ alerts { nodes { text } } me { badge { alerts } } }"
    await world.play(6)
    during = await world.data("agent", asked)
    assert during["alerts"]["nodes"]
    assert during["me"]["badge"]["alerts"] == len(during["alerts"]["nodes"])
    await world.revoke_mandate()
    after = await world.data("agent", asked)
    assert (after["alerts"]["nodes"], after["me"]["badge"]["alerts"]) == ([], 0)


async def test_everything_but_signing_in_needs_a_sign_in(world: World) -> None:
    done = 'input: {clientMutationId: "1"'
    for text in (
        "{ me { id } }", "{ feeds { cursor } }", "{ agencies { id } }", "{ alerts { nodes { id } } }",
        "{ dossiers { nodes { id } } }", '{ dossier(id: "x") { id } }', '{ node(id: "x") { id } }',
        "{ __typename ... { ...F } } fragment F on Query { ... on Query { me { id } } }",
        f"mutation {{ signOut({done}}}) {{ clientMutationId }} }}",
        f'mutation {{ acknowledgeAlert({done}, id: "x"}}) {{ __typename }} }}',
        f"mutation {{ reportAlerts({done}, alerts: [], as: SEEN}}) {{ clientMutationId }} }}",
        "subscription { feed { cursor } }",
    ):  # fmt: skip
        for token in (None, "nonsense", "a.b.c"):
            [error] = (await world.send(token, text))["refused"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED", text
    assert (await world.ask(None, "{ __typename __schema { queryType { name } } }"))["data"]


async def test_a_signed_out_session_is_nobody_though_its_token_has_not_expired(
    world: World,
) -> None:
    token = await world.token("declarant")
    out = 'mutation { signOut(input: {clientMutationId: "m1"}) { clientMutationId } }'
    assert (await world.send(token, out))["data"] == {"signOut": {"clientMutationId": "m1"}}
    [error] = (await world.send(token, "{ me { id } }"))["refused"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert len(world.ended) == 1


async def test_an_expired_token_and_a_disabled_account_are_nobody(world: World) -> None:
    token = await world.token("declarant")
    other = await world.token("manager")
    disabled = world.users["manager"]
    await world.write(msgspec.structs.replace(disabled, active=False))
    assert "refused" in await world.send(other, "{ me { id } }")
    assert "data" in await world.send(token, "{ me { id } }")
    world.clock.at += timedelta(minutes=11)
    assert "refused" in await world.send(token, "{ me { id } }")


async def test_the_character_nul_is_refused_wherever_it_hides(world: World) -> None:
    login = """mutation ($x: String!) { signIn(input: {clientMutationId: "1", login: $x, password: "p"}) {
      __typename } }"""
    filtered = "query ($f: DossierFilter) { dossiers(filter: $f) { nodes { id } } }"
    escape = "\\u0000"
    brace = "\\u{0}"
    for answer in (
        await world.send(None, login, x="de\x00clarant"),
        await world.ask("declarant", filtered, f={"text": "a\x00"}),
        await world.ask(
            "declarant", "query ($i: [ID!]!) { nodes(ids: $i) { id } }", i=["x", "\x00"]
        ),
        await world.ask("declarant", f'{{ dossier(id: "{escape}") {{ id }} }}'),
        await world.ask("declarant", f'{{ dossier(id: "{brace}") {{ id }} }}'),
    ):
        [error] = answer["refused"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
    assert await world.data("declarant", '{ dossier(id: "\\u0041") { id } }') == {"dossier": None}


async def test_variables_nested_very_deeply_are_looked_through(world: World) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    assert await world.data("declarant", "{ __typename }", deep=deep) == {"__typename": "Query"}


async def test_another_persons_device_is_not_theirs_to_see(world: World) -> None:
    text = """mutation ($l: String!) { registerDevice(input: {clientMutationId: "1", kind: "FCM",
      address: "token", label: $l, locale: EN}) { ... on Device { id reachable channel } } }"""
    device = (await world.data("declarant", text, l="Pixel"))["registerDevice"]
    assert device["reachable"]
    look = "query ($id: ID!) { node(id: $id) { id } me { devices { id label } } }"
    own = await world.data("declarant", look, id=device["id"])
    assert own == {
        "node": {"id": device["id"]},
        "me": {"devices": [{"id": device["id"], "label": "Pixel"}]},
    }
    foreign = await world.data("manager", look, id=device["id"])
    assert foreign == {"node": None, "me": {"devices": []}}


async def test_a_company_that_no_mandate_names_is_not_there(world: World) -> None:
    text = "query ($id: ID!) { node(id: $id) { id ... on Company { name } } }"
    assert (await world.data("agent", text, id=world.company_id("importer")))["node"]
    assert (await world.data("agent", text, id=world.company_id("other")))["node"] is None
    foreign = opaque_id("Mandate", world.companies["importer"].id)
    assert (await world.data("agent", text, id=foreign))["node"] is None
