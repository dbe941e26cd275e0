"""What belongs to a declaration besides its answers: its papers, its approval, what it would cost."""

from typing import Any

from portnet.domain.declaring.document import LIFETIME, MOST_OPEN
from portnet.domain.identifiers import read_opaque_id
from tests.integration.graphql_api.declaring.app import App
from tests.integration.graphql_api.declaring.test_papers import sent, start
from tests.integration.graphql_api.world import World
from tests.support.declaring.forms import APPROVED_KIND, GOODS, HS, INVOICE

READ = """query ($id: ID!) { declaration(id: $id) { documents { id kind }
  approval { state role requestedBy content { subject { ... on Declaration { id state } } } }
  dutyEstimate { lines { kind } total { amount } notice verified } } }"""
REQUEST = """mutation ($input: RequestApprovalInput!) { requestApproval(input: $input) { __typename
  ... on Approval { id } ... on Problem { code message } } }"""
SYNC = """query ($after: Cursor!) { sync(after: $after) { frames { item {
  ... on DeclarationChanged { declaration { state approval { state } documents { kind } } } } } } }"""


async def test_it_shows_papers_sent_for_it_and_papers_that_its_answers_name(
    world: World, app: App
) -> None:
    draft = await app.begun((GOODS, "Feed"))
    own = await sent(world, draft["id"])
    elsewhere = await sent(world, world.company_id("importer"), clientMutationId="m2")
    assert await papers(world, draft["id"]) == [own]
    saved = await app.save(draft["id"], draft["version"], (INVOICE, elsewhere))
    assert await papers(world, draft["id"]) == [own, elsewhere]
    # The same paper by its plain ULID, and named twice: it is there once.
    plain = read_opaque_id(own)
    assert plain is not None
    await app.save(draft["id"], saved["version"], (INVOICE, plain.key))
    assert await papers(world, draft["id"]) == [own]


async def test_a_paper_of_another_company_is_not_shown_because_an_answer_names_it(
    world: World, app: App
) -> None:
    foreign = await sent(world, world.company_id("other"), login="outsider")
    draft = await app.begun((GOODS, "Feed"), (INVOICE, foreign))
    assert await papers(world, draft["id"]) == []


async def test_it_shows_its_approval_live_and_the_approval_shows_it(world: World, app: App) -> None:
    draft = await app.begun((GOODS, "Feed"), kind=APPROVED_KIND)
    assert (await read(world, draft["id"]))["approval"] is None
    feeds = (await world.data("manager", "{ feeds { audience cursor } }"))["feeds"]
    cursor = next(feed["cursor"] for feed in feeds if feed["audience"] == "COMPANY")
    asked = await app.act(REQUEST, id=draft["id"], expectedVersion=draft["version"])
    assert asked["__typename"] == "Approval", asked
    assert (await read(world, draft["id"]))["approval"] == {
        "state": "PENDING",
        "role": "MANAGER",
        "requestedBy": "Declarant",
        "content": {"subject": {"id": draft["id"], "state": "PENDING_APPROVAL"}},
    }
    frames = (await world.data("manager", SYNC, after=cursor))["sync"]["frames"]
    assert {
        "declaration": {
            "state": "PENDING_APPROVAL", "approval": {"state": "PENDING"}, "documents": [],
        }
    } in [frame["item"] for frame in frames]  # fmt: skip


async def test_it_says_what_importing_costs_and_nothing_where_no_code_is_known(
    world: World, app: App
) -> None:
    draft = await app.begun((GOODS, "Feed"))
    assert (await read(world, draft["id"]))["dutyEstimate"] is None
    line = HS.replace("*", world.ids.new())
    await app.save(draft["id"], draft["version"], (line, "1001.99.00.19"))
    estimate = (await read(world, draft["id"]))["dutyEstimate"]
    assert estimate["total"] is None
    assert "Incoterm à renseigner." in estimate["notice"]


async def test_who_has_too_many_uploads_waiting_is_told_when_there_is_room(world: World) -> None:
    subject = world.company_id("importer")
    for number in range(MOST_OPEN):
        await start(world, "declarant", subject, clientMutationId=f"m{number}")
    answer = await start(world, "declarant", subject, clientMutationId="more")
    refused = answer["data"]["startUpload"]
    assert (refused["__typename"], refused["code"]) == ("Throttled", "TOO_MANY_UPLOADS")
    assert 0 < refused["retryAfterSeconds"] <= LIFETIME.total_seconds()


async def read(world: World, id: str) -> Any:
    return (await world.data("declarant", READ, id=id))["declaration"]


async def papers(world: World, id: str) -> list[str]:
    shown = await world.data("declarant", READ, id=id)
    return [paper["id"] for paper in shown["declaration"]["documents"]]
