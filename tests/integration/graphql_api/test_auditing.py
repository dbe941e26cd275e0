"""Operators read their own trail on the phone: who did what, that it holds, and nobody else's."""

from typing import Any

import pytest

from portnet.domain.access import Role
from portnet.domain.identifiers import opaque_id
from portnet.ports.unit_of_work import AuditDraft
from portnet.storage.engines import query
from tests.integration.graphql_api.world import World

TRAIL = """query ($subject: ID!, $first: Int! = 50, $after: String) {
  auditTrail(subject: $subject, first: $first, after: $after) {
    nodes { id at actor onBehalfOf action subject hash }
    pageInfo { endCursor hasNextPage } verified } }"""
IDS = "{ dossiers { nodes { id procedures { nodes { id } } } } me { company { id } } }"


async def ids(world: World) -> dict[str, str]:
    seen = await world.data("manager", IDS)
    [dossier] = seen["dossiers"]["nodes"]
    return {
        "dossier": dossier["id"],
        "procedure": dossier["procedures"]["nodes"][0]["id"],
        "company": seen["me"]["company"]["id"],
    }


async def trail(world: World, login: str, subject: str, **more: Any) -> Any:
    return (await world.data(login, TRAIL, subject=subject, **more))["auditTrail"]


async def test_a_file_s_trail_says_who_and_what(world: World) -> None:
    await world.play(3)
    subject = (await ids(world))["dossier"]
    seen = await trail(world, "declarant", subject)
    last = seen["nodes"][-1]
    assert (last["actor"], last["action"]) == (
        "Administration des Douanes et Impôts Indirects", "message.DUM_IMPORT.registered",
    )  # fmt: skip
    assert seen["verified"] is True
    assert all(len(e["hash"]) == 64 for e in seen["nodes"])
    again = await trail(world, "manager", (await ids(world))["procedure"])
    assert [e["id"] for e in again["nodes"]] == [e["id"] for e in seen["nodes"]]
    agent = await trail(world, "agent", subject)
    assert [e["id"] for e in agent["nodes"]] == [e["id"] for e in seen["nodes"]]


async def test_pages_follow_each_other(world: World) -> None:
    await world.play(6)
    subject = (await ids(world))["dossier"]
    everything = [e["id"] for e in (await trail(world, "manager", subject))["nodes"]]
    found: list[str] = []
    after = None
    while True:
        page = await trail(world, "manager", subject, first=2, after=after)
        found += [e["id"] for e in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == everything


@pytest.mark.parametrize("login", ["outsider", "rival"])
async def test_nobody_reads_another_company_s_trail(world: World, login: str) -> None:
    await world.play(3)
    known = await ids(world)
    for subject in known.values():
        answer = await world.ask(login, TRAIL, subject=subject)
        [error] = answer["errors"]
        assert error["extensions"]["code"] == "NOT_FOUND"
    [entry] = (await trail(world, "manager", known["dossier"], first=1))["nodes"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await world.data(login, node, id=entry["id"]))["node"] is None
    assert (await world.data("agent", node, id=entry["id"]))["node"] == {"id": entry["id"]}


async def test_the_whole_company_s_trail_is_its_managers_to_read(world: World) -> None:
    await world.play(3)
    company = (await ids(world))["company"]
    assert (await trail(world, "manager", company))["nodes"] != []
    answer = await world.ask("declarant", TRAIL, subject=company)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_people_have_names_and_an_officer_has_none(world: World) -> None:
    company = world.companies["importer"].id
    subject = world.users["manager"].id

    def line(actor: str, **stead: Any) -> AuditDraft:
        return AuditDraft(
            company=company, at=world.clock.now(), actor=actor, action="a", subject=subject, **stead
        )

    manager, helper = (world.users[login].id for login in ("manager", "helper"))
    declarant = f"user:{world.users['declarant'].id}"
    await world.write(
        line(f"user:{manager}", on_behalf_of=declarant), line(f"user:{helper}"), line("clock")
    )
    seen = await trail(world, "manager", opaque_id("Viewer", subject))
    assert [(e["actor"], e["onBehalfOf"]) for e in seen["nodes"]] == [
        ("System", None), ("PortNet help desk", None), ("Manager", "Declarant"),
    ]  # fmt: skip
    assert Role.HELP_DESK in world.users["helper"].roles


async def test_a_page_that_was_tampered_with_says_so(world: World) -> None:
    await world.play(3)
    subject = (await ids(world))["dossier"]
    async with world.database.transaction() as transaction:
        await transaction.commit(query("UPDATE audit SET actor = 'user:x' WHERE seq = 2"))
    assert (await trail(world, "manager", subject))["verified"] is False


@pytest.mark.parametrize(
    "subject", ["", "nonsense", opaque_id("AuditEntry", "x/99999999999999999999")]
)
async def test_what_is_no_subject_is_not_found_or_empty(world: World, subject: str) -> None:
    answer = await world.ask("manager", TRAIL, subject=subject)
    found = answer["data"] and answer["data"]["auditTrail"]["nodes"]
    assert not found
    node = await world.data("manager", "query ($id: ID!) { node(id: $id) { id } }", id=subject)
    assert node == {"node": None}
