"""What the help desk sees and does, what nobody else may, and whom a phone is told to call."""

from typing import Any

import pytest

from portnet.domain.agency import Place
from portnet.domain.desk.help import HelpState
from portnet.domain.identifiers import opaque_id
from portnet_graphql.types.node import Kind, key_of
from tests.integration.graphql_api.world import World

ANOMALIES = """query ($states: [AnomalyState!], $first: Int! = 20, $after: String) {
  anomalies(states: $states, first: $first, after: $after) {
    nodes { id source { code } reason { code text lang } detail state rawUrl dossier { id reference }
      handledBy handledAt note } pageInfo { endCursor hasNextPage } } }"""
HANDLE = """mutation ($input: HandleAnomalyInput!) { handleAnomaly(input: $input) { __typename
    ... on Anomaly { id state handledBy handledAt note dossier { id timeline { nodes { label } } } }
    ... on InvalidInput { code issues { path code message } }
    ... on NotAllowedNow { code message stateNow: state } } }"""
ASK = """mutation ($input: HelpInput!) { askForHelp(input: $input) { clientMutationId } }"""
CLOSE = """mutation ($input: CloseHelpCaseInput!) { closeHelpCase(input: $input) { __typename
    ... on HelpCase { id state answer closedBy } ... on InvalidInput { issues { path code } }
    ... on NotAllowedNow { code message } } }"""
MINE = "{ myHelpCases { id state text answer closedBy dossier { id } } }"
WHAT_NOW = """{ dossiers { nodes { id place { code label kind } whatNow { takenBy takenAt
  holder { kind contact { label phone openNow opensAt closesAt } } } } } }"""
DUM = {"DUM": "DUM-0001"}
CASA = Place(bureau="309", unlocode="MACAS")
NOBODY_OF_THE_DESK = ["declarant", "manager", "agent", "outsider", "pretender"]


async def a_file(world: World) -> str:
    """The id of the importer's new dossier."""
    await world.post("BADR", "DUM_IMPORT.registered", DUM, place=CASA)
    [dossier] = (await world.data("declarant", "{ dossiers { nodes { id } } }"))["dossiers"][
        "nodes"
    ]
    return str(dossier["id"])


async def an_anomaly(world: World) -> Any:
    await world.post("BANK", "DUM_IMPORT.released", DUM)
    [anomaly] = (await world.data("helper", ANOMALIES))["anomalies"]["nodes"]
    return anomaly


def decision(anomaly: str, command: str, **more: object) -> dict[str, object]:
    return {"clientMutationId": "m1", "anomaly": anomaly, "command": command, **more}


async def handled(world: World, login: str, anomaly: str, command: str, **more: object) -> Any:
    answer = await world.ask(login, HANDLE, None, input=decision(anomaly, command, **more))
    return answer["data"]["handleAnomaly"] if answer.get("data") else answer["errors"][0]


@pytest.mark.parametrize("login", NOBODY_OF_THE_DESK)
async def test_only_the_help_desk_sees_anomalies_and_decides_on_them(
    world: World, login: str
) -> None:
    await a_file(world)
    anomaly = await an_anomaly(world)
    refused = await world.ask(login, ANOMALIES)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    look = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await world.data(login, look, id=anomaly["id"]))["node"] is None
    error = await handled(world, login, anomaly["id"], "DISMISS", reason="x")
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert (await world.data("helper", ANOMALIES))["anomalies"]["nodes"] == [anomaly]


async def test_an_anomaly_is_shown_with_its_reason_file_and_raw_message(world: World) -> None:
    dossier = await a_file(world)
    anomaly = await an_anomaly(world)
    assert anomaly["source"] == {"code": "BANK"}
    assert anomaly["reason"] == {
        "code": "NOT_THAT_SOURCE",
        "text": "This event is not for that agency to announce.",
        "lang": "en",
    }
    assert anomaly["rawUrl"] == f"/anomalies/{anomaly['id']}/raw"
    # The timeline does not have it: the bank may not send it at all.
    assert anomaly["dossier"] is None
    await world.post("BADR", "DUM_IMPORT.released", DUM)
    newest, _ = (await world.data("helper", ANOMALIES))["anomalies"]["nodes"]
    assert newest["reason"]["code"] == "ILLEGAL_TRANSITION"
    assert newest["dossier"]["id"] == dossier


async def test_anomalies_come_in_pages(world: World) -> None:
    await a_file(world)
    for _ in range(3):
        await world.post("BANK", "DUM_IMPORT.released", DUM)
    first = (await world.data("helper", ANOMALIES, first=2))["anomalies"]
    after = first["pageInfo"]["endCursor"]
    second = (await world.data("helper", ANOMALIES, first=2, after=after))["anomalies"]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
    ids = [
        key_of(Kind.ANOMALY, node["id"]) or "" for page in (first, second) for node in page["nodes"]
    ]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 3


async def test_the_help_desk_files_a_message_and_sees_where(world: World) -> None:
    dossier = await a_file(world)
    unnamed = ("000000000000000", "000000000000000")
    await world.post("ONSSA", "ONSSA_IMPORT.registered", {"ONSSA_FILE": "F1"}, ices=unnamed)
    states = ["PARKED"]
    [anomaly] = (await world.data("helper", ANOMALIES, states=states))["anomalies"]["nodes"]
    refused = await handled(world, "helper", anomaly["id"], "ATTACH", dossier=dossier)
    assert refused["issues"][0]["code"] == "OTHER_COMPANY"
    missing = await handled(world, "helper", anomaly["id"], "ATTACH")
    assert missing["issues"][0] == {
        "path": "dossier", "code": "EMPTY", "message": "This field is required."
    }  # fmt: skip
    unknown = await handled(
        world, "helper", anomaly["id"], "ATTACH", dossier=opaque_id("Dossier", "0" * 26)
    )
    assert unknown["issues"][0]["code"] == "UNKNOWN"
    settled = await handled(world, "helper", anomaly["id"], "DISMISS", reason="Not ours.")
    assert (settled["state"], settled["note"], settled["handledBy"]) == (
        "DISMISSED", "Not ours.", "Helper"
    )  # fmt: skip
    again = await handled(world, "helper", anomaly["id"], "RETRY")
    assert (again["__typename"], again["code"]) == ("NotAllowedNow", "SETTLED")
    assert "handled" in again["message"]


async def test_the_help_desk_finds_a_file_by_its_reference_and_does_not_browse(
    world: World,
) -> None:
    dossier = await a_file(world)
    listed = "query ($f: DossierFilter) { dossiers(filter: $f) { nodes { id } } }"
    assert (await world.data("helper", listed))["dossiers"]["nodes"] == []
    found = await world.data("helper", listed, f={"text": "DUM-0001"})
    assert found["dossiers"]["nodes"] == [{"id": dossier}]
    whole = """query ($id: ID!) { dossier(id: $id) { company { name } references { value }
      procedures { nodes { state { code } timeline { nodes { label } } } } } }"""
    shown = (await world.data("helper", whole, id=dossier))["dossier"]
    assert shown["company"]["name"] == "Importer"
    assert shown["procedures"]["nodes"][0]["timeline"]["nodes"]
    for login in ("pretender", "outsider"):
        found = await world.data(login, listed, f={"text": "DUM-0001"})
        assert bool(found["dossiers"]["nodes"]) == (login == "pretender")


async def test_asking_for_help_twice_with_one_id_opens_one_case(world: World) -> None:
    dossier = await a_file(world)
    asked = {"clientMutationId": "m1", "subject": dossier, "text": "Why is it stopped?"}
    for _ in range(2):
        answer = await world.data("declarant", ASK, input=asked)
        assert answer == {"askForHelp": {"clientMutationId": "m1"}}
    [case] = await world.anomalies.help_cases([HelpState.OPEN], 10)
    assert case.text == "Why is it stopped?"
    for login, more, code in (
        ("outsider", {"clientMutationId": "m2"}, "NOT_FOUND"),
        ("declarant", {"clientMutationId": "m2", "text": " "}, "BAD_REQUEST"),
        ("declarant", {"clientMutationId": "m2", "subject": "nonsense"}, "NOT_FOUND"),
    ):
        [error] = (await world.ask(login, ASK, None, input={**asked, **more}))["errors"]
        assert error["extensions"]["code"] == code


async def test_the_help_desk_answers_a_question_and_who_asked_reads_it(world: World) -> None:
    dossier = await a_file(world)
    asked = {"clientMutationId": "m1", "subject": dossier, "text": "Why is it stopped?"}
    await world.data("declarant", ASK, input=asked)
    [case] = (await world.data("helper", "{ helpCases { id text state dossier { id } } }"))[
        "helpCases"
    ]
    assert (case["text"], case["state"], case["dossier"]["id"]) == (
        "Why is it stopped?", "OPEN", dossier
    )  # fmt: skip
    closing = {"clientMutationId": "m2", "case": case["id"], "answer": "ONSSA has it."}
    refused = await world.ask("manager", CLOSE, None, input=closing)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    empty = await world.data("helper", CLOSE, input={**closing, "answer": ""})
    assert empty["closeHelpCase"]["issues"] == [{"path": "answer", "code": "EMPTY"}]
    closed = (await world.data("helper", CLOSE, input=closing))["closeHelpCase"]
    assert (closed["state"], closed["closedBy"]) == ("CLOSED", "Helper")
    other = await world.data("helper", CLOSE, input={**closing, "answer": "Or not."})
    assert (other["closeHelpCase"]["__typename"], other["closeHelpCase"]["code"]) == (
        "NotAllowedNow", "CLOSED"
    )  # fmt: skip
    assert (await world.data("helper", "{ helpCases { id } }"))["helpCases"] == []
    [mine] = (await world.data("declarant", MINE))["myHelpCases"]
    assert (mine["state"], mine["answer"]) == ("CLOSED", "ONSSA has it.")
    assert (await world.data("manager", MINE))["myHelpCases"] == []
    look = "query ($id: ID!) { node(id: $id) { id } }"
    for login, seen in (("declarant", True), ("helper", True), ("manager", False)):
        node = (await world.data(login, look, id=case["id"]))["node"]
        assert (node is not None) == seen, login


async def test_a_file_names_its_place_and_the_office_to_call(world: World) -> None:
    await a_file(world)
    [dossier] = (await world.data("manager", WHAT_NOW))["dossiers"]["nodes"]
    assert dossier["place"] == {"code": "MACAS", "label": "Casablanca", "kind": "PORT"}
    assert dossier["whatNow"]["holder"]["kind"] == "AGENCY"
    contact = dossier["whatNow"]["holder"]["contact"]
    assert contact["label"] == "Customs, Casablanca port office (309)"
    assert contact["phone"] is None
    assert contact["openNow"] == (contact["opensAt"] <= "2026-11-23T07:50" < contact["closesAt"])


async def test_places_and_tariff_headings_are_found_in_the_reader_s_language(world: World) -> None:
    text = """query ($words: String!) { places(text: $words) { code label kind }
      tariffSearch(text: $words, first: 2) { code label verified } }"""
    assert await world.data("agent", text, words="Dakhla") == {
        "places": [
            {"code": "MAVIL", "label": "الداخلة", "kind": "PORT"},
            {"code": "XX-DAKHLA-ATLANTIQUE", "label": "الداخلة الأطلسي", "kind": "PORT"},
        ],
        "tariffSearch": [],
    }
    found = await world.data("manager", text, words="0702")
    assert found["tariffSearch"][0] == {
        "code": "0702", "label": "Tomatoes, fresh or chilled", "verified": False
    }  # fmt: skip
    everything = await world.data("manager", "{ places(first: 100) { code } }")
    assert len(everything["places"]) == len(world.references.current.places)
