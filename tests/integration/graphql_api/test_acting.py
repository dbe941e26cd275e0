"""What an app asks agencies for: answers and acts, under way until the agency's system answers."""

from typing import Any

import msgspec

from portnet.domain.agency import Reason
from portnet.domain.identifiers import read_opaque_id
from portnet.storage.engines import query
from tests.integration.graphql_api.world import World

REFS = {"ONSSA_FILE": "ONSSA-0001"}
READ = """{ me { badge { requests } } dossiers { nodes { id procedures { nodes { id version
  state { code } requested { code label by at }
  actions { code label consequence irreversible needsApproval needsSecondFactor }
  requests { id version state text lang dueAt answeredAt procedure { id } } } } } } }"""
ANSWER = """mutation ($input: AnswerRequestInput!) { answerRequest(input: $input) { __typename
  ... on InformationRequest { id state version procedure { requested { code } } }
  ... on StaleVersion { code current { id } conflicts { path } }
  ... on NotAllowedNow { stateNow: state }
  ... on InvalidInput { issues { path code message } }
  ... on Problem { code message } } }"""
PERFORM = """mutation ($input: PerformActionInput!) { performAction(input: $input) { __typename
  ... on Procedure { id state { code } requested { code } actions { code } }
  ... on SecondFactorRequired { operationHash methods }
  ... on StaleVersion { current { id } }
  ... on NotAllowedNow { stateNow: state }
  ... on InvalidInput { issues { path code } }
  ... on Problem { code message } } }"""


async def questioned(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", REFS)
    why = Reason(code="DOC", text="Certificat illisible", lang="fr")
    await world.post("ONSSA", "ONSSA_IMPORT.info_requested", REFS, reasons=[why])


async def shown(world: World, login: str = "declarant") -> Any:
    """The badge's requests and the only procedure, as ``login`` sees them."""
    data = await world.data(login, READ)
    [dossier] = data["dossiers"]["nodes"]
    [procedure] = dossier["procedures"]["nodes"]
    return data["me"]["badge"]["requests"], procedure


async def answer(world: World, login: str = "declarant", **changes: Any) -> Any:
    _, procedure = await shown(world, login if login != "outsider" else "declarant")
    [request] = procedure["requests"]
    given = {
        "clientMutationId": "m1",
        "request": request["id"],
        "expectedVersion": request["version"],
        "text": "Voici le certificat.",
    }
    return await world.ask(login, ANSWER, input={**given, **changes})


async def acknowledge(world: World, event: str = "ack") -> None:
    waiting = "SELECT id FROM outgoing WHERE state = 'QUEUED'"
    [sent] = await world.database.read(query(waiting))
    await world.post("PORTNET", f"ENVELOPE.{event}", {"SUBMISSION": sent["id"]})


async def test_a_question_is_shown_with_what_may_be_done(world: World) -> None:
    await questioned(world)
    badge, procedure = await shown(world)
    assert badge == 1
    [request] = procedure["requests"]
    assert (request["state"], request["text"], request["lang"]) == (
        "NEW", "Certificat illisible", "fr",
    )  # fmt: skip
    assert request["procedure"]["id"] == procedure["id"]
    assert procedure["actions"] == [
        {
            "code": "answered",
            "label": "Répondre",
            "consequence": "Contrôle documentaire en cours",
            "irreversible": False,
            "needsApproval": False,
            "needsSecondFactor": False,
        }
    ]


async def test_an_answer_is_under_way_until_it_is_acknowledged(world: World) -> None:
    await questioned(world)
    answered = (await answer(world))["data"]["answerRequest"]
    assert (answered["__typename"], answered["state"]) == ("InformationRequest", "NEW")
    assert answered["procedure"]["requested"] == {"code": "answered"}
    badge, procedure = await shown(world, "manager")
    assert badge == 1
    assert procedure["requested"]["by"] == "Declarant"
    assert procedure["actions"] == []
    await acknowledge(world)
    badge, procedure = await shown(world)
    assert (badge, procedure["state"]["code"], procedure["requested"]) == (0, "DOC_CHECK", None)
    assert procedure["requests"][0]["state"] == "ANSWERED"
    assert procedure["requests"][0]["answeredAt"] is not None


async def test_the_same_answer_twice_is_one(world: World) -> None:
    await questioned(world)
    first = (await answer(world))["data"]
    assert (await answer(world))["data"] == first
    other = (await answer(world, text="Autre chose."))["data"]["answerRequest"]
    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    second = (await answer(world, clientMutationId="m2"))["data"]["answerRequest"]
    assert (second["__typename"], second["code"]) == ("NotAllowedNow", "UNDER_WAY")


async def test_an_old_request_is_shown_as_it_is(world: World) -> None:
    await questioned(world)
    stale = (await answer(world, expectedVersion=0))["data"]["answerRequest"]
    _, procedure = await shown(world)
    assert stale["code"] == "STALE_VERSION"
    assert (stale["current"]["id"], stale["conflicts"]) == (procedure["requests"][0]["id"], [])


async def test_words_are_needed_and_papers_cannot_be_attached_yet(world: World) -> None:
    await questioned(world)
    empty = (await answer(world, text=" "))["data"]["answerRequest"]
    assert [(i["path"], i["code"]) for i in empty["issues"]] == [("text", "EMPTY")]
    long = (await answer(world, text="x" * 4001))["data"]["answerRequest"]
    assert long["issues"][0]["message"] == "Au plus 4000 caractères."
    papers = (await answer(world, documents=["x"]))["data"]["answerRequest"]
    assert [(i["path"], i["code"]) for i in papers["issues"]] == [("documents", "UNKNOWN")]


async def test_another_companys_question_is_not_found(world: World) -> None:
    await questioned(world)
    [error] = (await answer(world, "outsider"))["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    _, procedure = await shown(world)
    seen = "query ($id: ID!) { node(id: $id) { id __typename } }"
    request = procedure["requests"][0]["id"]
    assert (await world.data("outsider", seen, id=request))["node"] is None
    assert (await world.data("agent", seen, id=request))["node"] == {
        "id": request,
        "__typename": "InformationRequest",
    }


async def act(world: World, login: str = "declarant", **changes: Any) -> Any:
    _, procedure = await shown(world)
    given = {
        "clientMutationId": "a1",
        "subject": procedure["id"],
        "action": "cancel",
        "expectedVersion": procedure["version"],
    }
    data = await world.data(login, PERFORM, input={**given, **changes})
    return data["performAction"]


async def test_an_act_is_refused_until_it_is_proven(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", {"DUM": "30901020260000001G"})
    world.proofs.approved[""] = world.users["manager"].id
    asked = await act(world)
    assert asked["__typename"] == "SecondFactorRequired"
    assert len(asked["operationHash"]) == 64
    assert (await act(world, proof={"code": "0"}))["code"] == "PROOF_WRONG"
    world.proofs.enrolled = False
    missing = await act(world, proof={"code": "123456"})
    assert (missing["__typename"], missing["code"]) == ("NotAllowedNow", "PROOF_MISSING")
    assert missing["message"].startswith("Cette action demande")
    world.proofs.enrolled = True
    done = await act(world, proof={"code": "123456"})
    assert (done["state"]["code"], done["requested"], done["actions"]) == (
        "REGISTERED", {"code": "cancel"}, [],
    )  # fmt: skip
    await acknowledge(world)
    assert (await shown(world))[1]["state"]["code"] == "CANCELLED"


async def test_an_act_that_is_not_offered_is_not_done(world: World) -> None:
    await questioned(world)
    refused = await act(world, action="accept")
    assert (refused["code"], refused["stateNow"]) == ("NOT_NOW", "INFO_REQUESTED")
    assert (await act(world, action="answered"))["issues"] == [
        {"path": "action", "code": "UNKNOWN"}
    ]
    stale = await act(world, action="answered", expectedVersion=0)
    assert stale["code"] == "INVALID_INPUT"


async def test_a_frame_tells_of_a_question_to_everybody_who_may_see_it(world: World) -> None:
    text = """query ($after: Cursor!) { sync(after: $after) { frames { item { __typename
      ... on RequestChanged { request { id state version procedure { requests { state } } } }
      ... on DossierChanged { procedure { requested { code } } } } } } }"""
    feeds = "{ feeds { audience cursor } }"
    starts = {
        login: (await world.data(login, feeds))["feeds"][0]["cursor"]
        for login in ("declarant", "agent")
    }
    await questioned(world)
    await answer(world)
    await acknowledge(world)
    for login, start in starts.items():
        frames = (await world.data(login, text, after=start))["sync"]["frames"]
        items = [frame["item"] for frame in frames]
        told = [item["request"] for item in items if item["__typename"] == "RequestChanged"]
        assert [request["state"] for request in told] == ["ANSWERED", "ANSWERED"]
        assert told[0]["procedure"]["requests"] == [{"state": "ANSWERED"}]
        read = read_opaque_id(told[0]["id"])
        assert read is not None
        assert read.kind == "InformationRequest"
        assert msgspec.json.encode(told[0]) == msgspec.json.encode(told[1])
