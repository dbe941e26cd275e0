"""What an app reads, through the real storage: dossiers, procedures, timelines, people, agencies."""

import itertools
from datetime import timedelta
from typing import Any, cast

import pytest

from portnet.domain.identifiers import opaque_id
from tests.integration.graphql_api.world import BROKER_ICE, IMPORTER_ICE, OTHER_ICE, World

LIST = """query ($first: Int! = 20, $after: String, $order: DossierOrder! = URGENCY, $filter: DossierFilter) {
  dossiers(first: $first, after: $after, order: $order, filter: $filter) {
    nodes { id reference title status version } pageInfo { endCursor hasNextPage } } }"""
WHOLE = """query ($id: ID!) { dossier(id: $id) {
  id reference title direction phase status perishable version updatedAt
  company { id name kind ice } place { code label kind } references { scheme value }
  whatNow { action actionCode warning since deadline reasons { code text lang }
    holder { kind label agency { id code label } } place { code label kind } }
  procedures { total pageInfo { hasNextPage endCursor } nodes { id reference version enteredAt targetAt alarmAt
    dossier { id } kind { code version label } agency { code label lastHeardAt }
    state { code label short final outcome status } timeline(first: 1) { nodes { label } } } }
  timeline { pageInfo { hasNextPage endCursor } nodes { id kind occurredAt receivedAt label procedure
    agency { code } from { code } to { code short } reasons { code text lang } } } } }"""


async def only_dossier(world: World, login: str = "declarant") -> Any:
    [dossier] = (await world.data(login, LIST))["dossiers"]["nodes"]
    return dossier


async def test_a_dossier_says_what_to_do_who_holds_it_and_since_when(world: World) -> None:
    await world.play(11)
    listed = await only_dossier(world)
    dossier = (await world.data("manager", WHOLE, id=listed["id"]))["dossier"]
    assert dossier["status"] == "BLOCKED"
    assert dossier["company"]["ice"] == IMPORTER_ICE
    assert {ref["scheme"] for ref in dossier["references"]} == {"DUM", "ONSSA_FILE", "CONTAINER"}
    now = dossier["whatNow"]
    assert now["holder"] == {
        "kind": "AGENCY",
        "label": "National Food Safety Office",
        "agency": {
            "id": opaque_id("Agency", "ONSSA"),
            "code": "ONSSA",
            "label": "National Food Safety Office",
        },
    }
    assert now["reasons"][0]["lang"] == "fr"
    assert now["deadline"] is not None
    assert now["warning"].startswith("Do not sell")
    assert now["place"] == {"code": "MACAS", "label": "Casablanca", "kind": "PORT"}
    assert [p["kind"]["code"] for p in dossier["procedures"]["nodes"]] == [
        "DUM_IMPORT",
        "ONSSA_IMPORT",
    ]
    assert dossier["procedures"]["total"] == 2
    assert [p["agency"]["code"] for p in dossier["procedures"]["nodes"]] == ["ADII", "ONSSA"]
    assert all(p["agency"]["lastHeardAt"] for p in dossier["procedures"]["nodes"])
    timeline = dossier["timeline"]["nodes"]
    assert len(timeline) == 11
    assert timeline[0]["to"]["code"] == dossier["procedures"]["nodes"][1]["state"]["code"]
    assert (
        timeline[0]["label"] == dossier["procedures"]["nodes"][1]["timeline"]["nodes"][0]["label"]
    )
    instants = [entry["occurredAt"] for entry in timeline]
    assert instants == sorted(instants, reverse=True)


async def test_labels_come_in_the_viewers_language_whatever_the_phone_prefers(world: World) -> None:
    await world.play(1)
    titles = [
        (await only_dossier(world, who))["title"] for who in ("declarant", "manager", "agent")
    ]
    assert titles[0].startswith("Déclaration en détail import ")
    assert titles[1].startswith("Import declaration ")
    assert titles[2].startswith("التصريح")
    assert "\N{LEFT-TO-RIGHT MARK}" in titles[2]
    answer = await world.ask("manager", "{ me { locale } agencies { label } }", language="ar")
    assert answer["data"]["me"]["locale"] == "EN"


async def test_a_message_that_was_not_applied_says_so_in_words(world: World) -> None:
    await world.play(1)
    refs = {"DUM": "DUM-0001"}
    await world.post("BADR", "DUM_IMPORT.exited", refs)
    await world.post("BADR", "DUM_IMPORT.channel_orange", refs, classifier="EST")
    listed = await only_dossier(world, "manager")
    dossier = (await world.data("manager", WHOLE, id=listed["id"]))["dossier"]
    estimate, refused, _ = dossier["timeline"]["nodes"]
    assert (estimate["kind"], refused["kind"]) == ("ESTIMATE", "NOT_APPLIED")
    assert estimate["label"] == "An estimate was announced; the state does not change."
    assert refused["label"].startswith("Message not applied")
    assert refused["from"] is refused["to"] is None


async def test_a_file_that_is_over_is_held_by_nobody(world: World) -> None:
    await world.play(21)
    listed = await only_dossier(world)
    dossier = (await world.data("manager", WHOLE, id=listed["id"]))["dossier"]
    assert dossier["status"] == "DONE"
    assert dossier["whatNow"]["holder"] == {"kind": "NOBODY", "label": "Nobody", "agency": None}
    assert dossier["procedures"]["nodes"][0]["state"]["outcome"] == "SUCCESS"


@pytest.mark.parametrize("order", ["URGENCY", "UPDATED"])
async def test_pages_of_dossiers_join_without_gap_or_repeat(world: World, order: str) -> None:
    for number in range(5):
        await world.post("BADR", "DUM_IMPORT.registered", {"DUM": f"DUM-{number}"})
    await world.post("BADR", "DUM_IMPORT.channel_orange", {"DUM": "DUM-1"})
    whole = (await world.data("declarant", LIST, order=order))["dossiers"]["nodes"]
    pages: list[Any] = []
    after, more = None, True
    while more:
        page = (await world.data("declarant", LIST, first=2, after=after, order=order))["dossiers"]
        pages += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert pages == whole
    assert len(whole) == 5


async def test_pages_of_a_timeline_and_of_procedures_join_too(world: World) -> None:
    await world.play(11)
    dossier = await only_dossier(world)
    text = """query ($id: ID!, $t: String, $p: String) { dossier(id: $id) {
      timeline(first: 4, after: $t) { nodes { id } pageInfo { endCursor hasNextPage } }
      procedures(first: 1, after: $p) { nodes { id } total pageInfo { endCursor hasNextPage } } } }"""
    entries: list[str] = []
    procedures: list[str] = []
    t = p = None
    for _ in range(4):
        page = (await world.data("declarant", text, id=dossier["id"], t=t, p=p))["dossier"]
        entries += [node["id"] for node in page["timeline"]["nodes"]]
        procedures += [node["id"] for node in page["procedures"]["nodes"]]
        t, p = (page[name]["pageInfo"]["endCursor"] or "e30" for name in ("timeline", "procedures"))
    assert len(entries) == len(set(entries)) == 11
    assert len(procedures) == len(set(procedures)) == 2


async def test_a_page_has_from_1_to_100_items(world: World) -> None:
    alerts = "query ($first: Int!) { alerts(first: $first) { nodes { id } } }"
    for text, first in itertools.product((LIST, alerts), (0, -1, 101, 2**31 - 1)):
        [error] = (await world.ask("declarant", text, first=first))["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_filters_hold_together(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", {"DUM": "309 010 2026 0018538 G"})
    await world.post("BADR", "DUM_IMPORT.registered", {"DUM": "310-010-2026-0000001-A"})

    async def matching(**conditions: object) -> list[str]:
        page = (await world.data("declarant", LIST, filter=conditions))["dossiers"]
        return sorted(node["reference"] for node in page["nodes"])

    assert await matching() == ["309-0018538G", "310-0000001A"]
    assert await matching(text="309-010 2026") == ["309-0018538G"]
    assert await matching(text="310", direction="EXPORT") == []
    assert await matching(company=world.company_id("importer"), direction="IMPORT", text="310") == [
        "310-0000001A"
    ]
    assert (
        await matching(company="garbage") == await matching(company=world.company_id("other")) == []
    )
    assert await matching(status=["DONE", "BLOCKED"]) == []
    assert await matching(updatedSince="2027-01-01T00:00:00Z") == []
    assert len(await matching(updatedSince="2026-11-01T00:00:00+01:00", status=None)) == 2


async def test_me_tells_the_person_the_company_its_mandates_and_the_clock(world: World) -> None:
    text = """{ me { id name roles locale sandbox company { id name kind } badge { alerts }
      clock { now speed paused } devices { id }
      mandates { id from until state company { name } broker { name } } } }"""
    me = (await world.data("agent", text))["me"]
    assert (me["name"], me["roles"], me["sandbox"]) == ("Agent", ["DECLARANT"], True)
    assert me["company"] == {"id": world.company_id("broker"), "name": "Broker", "kind": "BROKER"}
    [mandate] = me["mandates"]
    assert mandate["state"] == "ENDING"
    assert (mandate["company"]["name"], mandate["broker"]["name"]) == ("Importer", "Broker")
    assert me["clock"]["now"].startswith("2026-11-23T")
    assert me["clock"]["now"].endswith("Z")
    assert (await world.data("outsider", text))["me"]["mandates"] == []


async def test_every_agency_is_listed_and_only_heard_ones_have_an_instant(world: World) -> None:
    await world.play(1)
    agencies = (await world.data("declarant", "{ agencies { id code label lastHeardAt } }"))[
        "agencies"
    ]
    heard = {agency["code"] for agency in agencies if agency["lastHeardAt"]}
    assert heard == {"ADII"}
    assert len(agencies) > 5


async def test_an_agencys_silence_is_said_and_not_shown_as_no_change(world: World) -> None:
    text = """{ agencies { code silent lastHeardAt }
      dossiers { nodes { whatNow { since silentSince holder { agency { code } } } } } }"""
    await world.play(1)
    answer = await world.data("declarant", text)
    assert [a["code"] for a in answer["agencies"] if not a["silent"]] == ["ADII"]
    [node] = answer["dossiers"]["nodes"]
    assert node["whatNow"]["holder"]["agency"] == {"code": "ADII"}
    assert node["whatNow"]["silentSince"] is None
    world.clock.at += timedelta(days=5)
    answer = await world.data("declarant", text)
    assert all(agency["silent"] for agency in answer["agencies"])
    [node] = answer["dossiers"]["nodes"]
    heard = {agency["code"]: agency["lastHeardAt"] for agency in answer["agencies"]}
    assert node["whatNow"]["silentSince"] == heard["ADII"]


async def test_practice_is_not_an_agencys_voice(world: World) -> None:
    await world.play(1)
    reader = world.dependencies.readers.agencies
    assert set(await reader.heard(["BADR"], sandbox=True)) == {"BADR"}
    assert await reader.heard(["BADR"], sandbox=False) == {}


async def test_every_node_is_found_again_by_its_id(world: World) -> None:
    await world.play(2)
    text = """{ me { id company { id } mandates { id company { id } broker { id } } }
      agencies { id } alerts { nodes { id } }
      dossiers { nodes { id procedures { nodes { id } } timeline { nodes { id } } } } }"""
    device = """mutation { registerDevice(input: {clientMutationId: "1", kind: "FCM", address: "t",
      label: "Pixel", locale: FR}) { ... on Device { id } } }"""
    seen = await world.data("agent", text)
    ids = set(_ids(seen)) | set(_ids(await world.data("agent", device)))
    nodes = (
        await world.data(
            "agent", "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=sorted(ids)
        )
    )["nodes"]
    assert [node["id"] for node in nodes] == sorted(ids)
    assert {node["__typename"] for node in nodes} == {
        "Viewer", "Company", "Mandate", "Device", "Agency", "Alert", "Dossier", "Procedure",
        "TimelineEntry",
    }  # fmt: skip
    one = await world.data(
        "agent", "query ($id: ID!) { node(id: $id) { id } }", id=seen["me"]["id"]
    )
    assert one["node"]["id"] == seen["me"]["id"]


def _ids(value: object) -> list[str]:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        inner = [id_ for member in members.values() for id_ in _ids(member)]
        return [str(members["id"]), *inner] if "id" in members else inner
    if isinstance(value, list):
        return [id_ for item in cast("list[object]", value) for id_ in _ids(item)]
    return []


GARBAGE = (
    "", "x", "RG9zc2llcjp4", "é", "Agency:ONSSA", opaque_id("Dossier", "not-a-ulid"), "A" * 5000,
    opaque_id("Nothing", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), opaque_id("Agency", "NOBODY"),
    opaque_id("Procedure", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
)  # fmt: skip


async def test_garbage_for_an_id_is_nothing_and_no_error(world: World) -> None:
    text = """query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id, $id]) { id }
      dossier(id: $id) { id } procedure(id: $id) { id } }"""
    nothing = {"node": None, "nodes": [None, None], "dossier": None, "procedure": None}
    for garbage in GARBAGE:
        assert await world.data("declarant", text, id=garbage) == nothing


async def test_too_many_ids_are_refused(world: World) -> None:
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    [error] = (await world.ask("declarant", text, ids=["x"] * 101))["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_two_companies_files_do_not_mix(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", {"DUM": "DUM-1"})
    await world.post(
        "BADR", "DUM_IMPORT.registered", {"DUM": "DUM-2"}, ices=(OTHER_ICE, BROKER_ICE)
    )
    assert (await only_dossier(world, "declarant"))["reference"] == "DUM1"
    assert (await only_dossier(world, "outsider"))["reference"] == "DUM2"
