"""What an app sends and looks up while goods are declared: papers for what it sees, lines of the tariff."""

from typing import Any

import msgspec
import pytest

from portnet.domain.agency import Reason
from portnet.domain.identifiers import opaque_id
from portnet.storage.engines import query
from tests.integration.graphql_api.world import World
from tests.support.declaring.papers import PDF, Sender, announced

REFS = {"ONSSA_FILE": "ONSSA-0001"}
START = """mutation ($input: StartUploadInput!) { startUpload(input: $input) { __typename
  ... on Upload { id url received expiresAt document { id } }
  ... on InvalidInput { issues { path code message } }
  ... on Throttled { retryAfterSeconds } ... on Problem { code message } } }"""
UPLOAD = """query ($id: ID!) { node(id: $id) { __typename
  ... on Upload { received document { id } }
  ... on Document { kind label number mediaType bytes sha256 } } }"""
READ = """{ dossiers { nodes { id version procedures { nodes { id version
  documents { id kind label number mediaType sha256 bytes contentUrl }
  requests { id version } } } } } me { company { id documents { id } } } }"""
ANSWER = """mutation ($input: AnswerRequestInput!) { answerRequest(input: $input) { __typename
  ... on InvalidInput { issues { path code message } }
  ... on Problem { code } } }"""
TARIFF = "query ($typed: String!) { tariffSearch(text: $typed) { code label verified } }"
SYNC = """query ($after: Cursor!) { sync(after: $after) { frames { item {
  ... on DossierChanged { dossier { id version } procedure { version documents { id } } } } } } }"""


async def questioned(world: World) -> tuple[Any, Any]:
    """The only procedure and the request in it."""
    await world.post("ONSSA", "ONSSA_IMPORT.registered", REFS)
    why = Reason(code="DOC", text="Certificat illisible", lang="fr")
    await world.post("ONSSA", "ONSSA_IMPORT.info_requested", REFS, reasons=[why])
    procedure = await shown(world)
    return procedure, procedure["requests"][0]


async def shown(world: World, login: str = "declarant") -> Any:
    [dossier] = (await world.data(login, READ))["dossiers"]["nodes"]
    [procedure] = dossier["procedures"]["nodes"]
    return procedure


async def start(world: World, login: str, subject: str, **changes: object) -> Any:
    wish = announced()
    given = {
        "clientMutationId": "m1",
        "subject": subject,
        "kind": wish.kind,
        "mediaType": wish.media_type,
        "bytes": wish.bytes,
        "sha256": wish.sha256,
        **changes,
    }
    return await world.ask(login, START, input=given)


async def sent(world: World, subject: str, login: str = "declarant", **changes: object) -> str:
    """The id of a paper that was sent and stored."""
    upload = (await start(world, login, subject, **changes))["data"]["startUpload"]
    said = await Sender(world.papers).put(upload["url"], PDF)
    assert said is not None
    assert said.json["stored"] is True
    found = await world.data(login, UPLOAD, id=upload["id"])
    assert found["node"]["received"] == len(PDF)
    paper: str = found["node"]["document"]["id"]
    return paper


async def test_a_paper_for_a_question_is_on_the_file_of_everybody_who_sees_it(
    world: World,
) -> None:
    before, request = await questioned(world)
    feeds = await world.data("manager", "{ feeds { audience cursor } }")
    cursor = next(f["cursor"] for f in feeds["feeds"] if f["audience"] == "COMPANY")
    paper = await sent(world, request["id"], number="F-2026/17")
    for login in ("declarant", "manager", "agent"):
        procedure = await shown(world, login)
        [document] = procedure["documents"]
        label = "Facture commerciale" if login == "declarant" else document["label"]
        assert (document["id"], document["label"], document["number"]) == (
            paper,
            label,
            "F-2026/17",
        )
        assert procedure["version"] == before["version"] + 1
        content = await Sender(world.papers).get(document["contentUrl"])
        assert (content.status, content.body) == (200, PDF)
        assert content.headers["x-content-type-options"] == "nosniff"
        assert content.headers["content-disposition"].startswith("attachment;")
    # Snapshot and events are a fresh snapshot.
    [frame] = (await world.data("manager", SYNC, after=cursor))["sync"]["frames"]
    assert frame["item"]["procedure"] == {
        "version": before["version"] + 1,
        "documents": [{"id": paper}],
    }


async def test_a_link_to_content_dies_with_its_session_and_with_access(world: World) -> None:
    _, request = await questioned(world)
    await sent(world, request["id"])
    token = await world.token("agent")
    answer = await world.send(token, READ)
    [dossier] = answer["data"]["dossiers"]["nodes"]
    url = dossier["procedures"]["nodes"][0]["documents"][0]["contentUrl"]
    sender = Sender(world.papers)
    assert (await sender.get(url)).status == 200
    assert (await sender.get(url[:-1])).status == 404
    await world.revoke_mandate()
    assert (await sender.get(url)).status == 404
    own = (await shown(world))["documents"][0]["contentUrl"]
    world.clock.at += msgspec.convert("PT5M1S", type=type(world.clock.at - world.clock.at))
    assert (await sender.get(own)).status == 404


@pytest.mark.parametrize("login", ["rival", "outsider"])
async def test_who_does_not_see_a_file_sends_it_no_papers_and_finds_none(
    world: World, login: str
) -> None:
    procedure, request = await questioned(world)
    paper = await sent(world, request["id"])
    for subject in (procedure["id"], request["id"], world.company_id("importer"), "x", paper):
        answer = await start(world, login, subject)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await world.data(login, UPLOAD, id=paper))["node"] is None


async def test_an_upload_is_its_senders_own_and_resumes_under_the_same_id(world: World) -> None:
    _, request = await questioned(world)
    first = (await start(world, "declarant", request["id"]))["data"]["startUpload"]
    await Sender(world.papers).put(first["url"], PDF[:300_000], leaves=True)
    again = (await start(world, "declarant", request["id"]))["data"]["startUpload"]
    assert again == {**first, "received": 300_000}
    other = await start(world, "declarant", request["id"], number="2")
    assert other["data"]["startUpload"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert (await world.data("manager", UPLOAD, id=first["id"]))["node"] is None


async def test_what_cannot_be_announced_is_said_by_field(world: World) -> None:
    subject = world.company_id("importer")
    answer = await start(world, "declarant", subject, kind="x", bytes=20_000_000, mediaType="a/b")
    refused = answer["data"]["startUpload"]
    assert {(i["path"], i["code"]) for i in refused["issues"]} == {
        ("kind", "UNKNOWN"), ("bytes", "TOO_LARGE"), ("mediaType", "UNKNOWN"),
    }  # fmt: skip


async def test_the_companys_own_papers_are_its_own(world: World) -> None:
    paper = await sent(world, world.company_id("importer"), "manager")
    own = await world.data("declarant", "{ me { company { documents { id } } } }")
    assert own["me"]["company"]["documents"] == [{"id": paper}]
    seen = await world.data(
        "agent",
        "query ($id: ID!) { node(id: $id) { ... on Company { name documents { id } } } }",
        id=world.company_id("importer"),
    )
    assert seen["node"]["documents"] == []
    assert (await world.data("agent", UPLOAD, id=paper))["node"] is None


async def test_an_answer_names_its_papers_to_the_agency(world: World) -> None:
    _, request = await questioned(world)
    paper = await sent(world, request["id"], number="F-1")
    procedure = await shown(world)
    given = {
        "clientMutationId": "a1",
        "request": request["id"],
        "expectedVersion": procedure["requests"][0]["version"],
        "text": "Voici la facture.",
        "documents": [paper],
    }
    answered = await world.data("declarant", ANSWER, input=given)
    assert answered["answerRequest"]["__typename"] == "InformationRequest"
    [row] = await world.database.read(query("SELECT body FROM outgoing"))
    [enclosed] = msgspec.json.decode(row["body"])["documents"]
    wish = announced()
    assert {k: enclosed[k] for k in ("type", "number", "sha256", "bytes")} == {
        "type": "380",
        "number": "F-1",
        "sha256": wish.sha256,
        "bytes": wish.bytes,
    }


async def test_an_answer_takes_no_papers_that_are_not_there_or_another_companys(
    world: World,
) -> None:
    _, request = await questioned(world)
    brokers = await sent(world, world.company_id("broker"), "agent")
    unfinished = (await start(world, "declarant", request["id"]))["data"]["startUpload"]["id"]
    for login, papers in (
        ("declarant", [unfinished]),
        ("declarant", [brokers]),
        ("declarant", [opaque_id("Document", "01J00000000000000000000000")]),
        ("declarant", [f"x{n}" for n in range(30)]),
        ("agent", [brokers]),
    ):
        given = {
            "clientMutationId": "a1",
            "request": request["id"],
            "expectedVersion": request["version"],
            "text": "Voici.",
            "documents": papers,
        }
        answer = await world.ask(login, ANSWER, input=given)
        if login == "agent":
            assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        else:
            assert answer["data"]["answerRequest"]["issues"][0]["path"] == "documents"
    assert await world.database.read(query("SELECT id FROM outgoing")) == []


@pytest.mark.parametrize(
    ("typed", "code", "label"),
    [
        ("toma", "0702", "Tomates, à l'état frais ou réfrigéré"),
        ("الطماطم", "0702", "Tomates, à l'état frais ou réfrigéré"),
        ("0307.52", "030752", "Poulpes congelés"),
    ],
)
async def test_the_tariff_is_searched_in_any_language_and_shown_in_the_readers(
    world: World, typed: str, code: str, label: str
) -> None:
    found = (await world.data("declarant", TARIFF, typed=typed))["tariffSearch"]
    assert found[0] == {"code": code, "label": label, "verified": False}
