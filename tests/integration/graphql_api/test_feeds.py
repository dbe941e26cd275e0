"""Cursors, sync and the live feed: no gap, no repeat, and access checked when frames are rendered."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from portnet.domain.events import company_audience
from portnet.ports.unit_of_work import Position
from portnet.storage.repositories.feed import FeedRepository
from portnet_graphql.context import Context, Person
from portnet_graphql.cursors import FeedCursor, read_cursor
from portnet_graphql.documents import Documents
from portnet_graphql.execution import Renderer
from portnet_graphql.feeds.alike import Alike
from portnet_graphql.operations import GraphQLOperations
from tests.integration.graphql_api.world import SCHEMA, World

FEEDS = "{ feeds { audience cursor } }"
FRAME = """cursor at item { __typename
  ... on DossierChanged { dossier { id status version title } procedure { id state { code } }
    entry { id kind label from { code } to { code } } }
  ... on AlertChanged { alert { id text state } }
  ... on AccessChanged { companies } ... on Removed { id } ... on Reset { reason } }"""
SYNC = f"""query ($after: Cursor!, $first: Int! = 100) {{ sync(after: $after, first: $first) {{
  cursor hasMore reset frames {{ {FRAME} }} }} }}"""
FEED = f"""subscription ($audience: FeedAudience! = COMPANY, $after: Cursor) {{
  feed(audience: $audience, after: $after) {{ {FRAME} }} }}"""


async def cursors(world: World, login: str) -> dict[str, str]:
    feeds = (await world.data(login, FEEDS))["feeds"]
    return {feed["audience"]: feed["cursor"] for feed in feeds}


async def hear(stream: AsyncGenerator[bytes, None], count: int) -> list[Any]:
    """The next frames of a live feed."""
    frames: list[Any] = []
    async with asyncio.timeout(20):
        while len(frames) < count:
            answer = msgspec.json.decode(await anext(stream))
            assert set(answer) == {"data"}, answer
            frames.append(answer["data"]["feed"])
    return frames


async def test_feeds_tell_where_the_companys_and_the_persons_stand(world: World) -> None:
    before = await cursors(world, "declarant")
    assert list(before) == ["COMPANY", "ME"]
    await world.play(1)
    after = await cursors(world, "declarant")
    assert after["COMPANY"] != before["COMPANY"]
    assert (await cursors(world, "manager"))["COMPANY"] == after["COMPANY"]
    assert (await cursors(world, "manager"))["ME"] != after["ME"]


class Interrupted(FeedRepository):
    """A message comes in as soon as the heads have been read."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database)
        self._world = world

    async def heads(self, audiences: Sequence[str]) -> Sequence[Position]:
        heads = await super().heads(audiences)
        await self._world.play(1)
        return heads


async def test_feeds_are_read_before_everything_else_of_the_operation(world: World) -> None:
    """Wherever `feeds` stands in the text: what the snapshot has missed comes after its cursor."""
    await world.play(3)
    known = world.dependencies
    readers = msgspec.structs.replace(known.readers, feeds=Interrupted(world))
    world.operations = GraphQLOperations(
        msgspec.structs.replace(known, readers=readers), Documents(SCHEMA)
    )
    text = """{ dossiers { nodes { version } } ...F }
      fragment F on Query { feeds { cursor audience } }"""
    answer = await world.data("declarant", text)
    assert answer["dossiers"]["nodes"] == [{"version": 4}]
    world.operations = GraphQLOperations(known, Documents(SCHEMA))
    sync = (await world.data("declarant", SYNC, after=answer["feeds"][0]["cursor"]))["sync"]
    assert len(sync["frames"]) == 1
    assert sync["frames"][0]["item"]["dossier"]["version"] == 4


async def test_a_shared_frame_cannot_ask_who_is_watching(world: World) -> None:
    person = await world.operations.authenticate(
        {"authorization": f"Bearer {await world.token('declarant')}"}
    )
    assert person is not None
    shared = Context(world.dependencies, person, "fr", shared=True)
    assert shared.company == person.company
    assert await shared.files.dossiers.load("none") is None
    for ask in (lambda: shared.viewer, lambda: shared.person, lambda: shared.alerts):
        with pytest.raises(RuntimeError, match="watching"):
            ask()


async def test_sync_tells_each_step_once_and_in_order(world: World) -> None:
    start = (await cursors(world, "declarant"))["COMPANY"]
    await world.play(21)
    frames: list[Any] = []
    after, more = start, True
    while more:
        page = (await world.data("declarant", SYNC, after=after, first=5))["sync"]
        assert not page["reset"]
        assert page["cursor"] == page["frames"][-1]["cursor"]
        frames += page["frames"]
        after, more = page["cursor"], page["hasMore"]
    assert len(frames) == len({frame["cursor"] for frame in frames}) == 21
    assert [frame["item"]["__typename"] for frame in frames] == ["DossierChanged"] * 21
    assert frames[-1]["item"]["entry"]["to"]["code"] == "EXITED"
    # State is told as it is now, in every frame.
    assert {frame["item"]["dossier"]["status"] for frame in frames} == {"DONE"}
    rest = (await world.data("declarant", SYNC, after=after))["sync"]
    assert rest == {"cursor": after, "hasMore": False, "reset": False, "frames": []}


@pytest.mark.parametrize("audience", ["COMPANY", "ME"])
async def test_sync_and_the_live_feed_tell_the_same_frames(world: World, audience: str) -> None:
    start = (await cursors(world, "declarant"))[audience]
    async with aclosing(await world.follow("declarant", FEED, audience=audience)) as live:
        first = asyncio.create_task(hear(live, 1))
        await world.play(6)
        heads = await world.feeds.heads([read(start).audience])
        missed = heads[0].seq - read(start).seq
        told = await first
        told += await hear(live, read(start).seq + missed - read(told[0]["cursor"]).seq)
    synced = (await world.data("declarant", SYNC, after=start))["sync"]["frames"]
    assert [f["cursor"] for f in told] == [f["cursor"] for f in synced][-len(told) :]
    async with aclosing(
        await world.follow("declarant", FEED, audience=audience, after=start)
    ) as again:
        assert await hear(again, missed) == synced


def read(cursor: str) -> FeedCursor:
    found = read_cursor(cursor)
    assert found is not None
    return found


async def test_a_live_frame_is_in_the_persons_language(world: World) -> None:
    start = (await cursors(world, "declarant"))["COMPANY"]
    await world.play(1)
    for login, beginning in (("declarant", "Déclaration"), ("manager", "Import declaration")):
        async with aclosing(await world.follow(login, FEED, after=start)) as live:
            [frame] = await hear(live, 1)
            assert frame["item"]["dossier"]["title"].startswith(beginning)


async def test_colleagues_of_one_language_get_the_same_bytes(world: World) -> None:
    start = (await cursors(world, "declarant"))["COMPANY"]
    await world.play(2)
    streams = [await world.follow("declarant", FEED, after=start) for _ in range(2)]
    one, two = [await anext(stream) for stream in streams]
    for stream in streams:
        await stream.aclose()
    assert one == two


class Counting(Renderer):
    """Tells how many frames it rendered."""

    begun = 0

    def begin(self, frame: object, context: object) -> bytes | Coroutine[None, None, bytes]:
        self.begun += 1
        return super().begin(frame, context)


@pytest.mark.parametrize(
    ("asked", "renders"),
    [
        ("id title version", 2),
        ("company { id } whatNow { action deadline }", 2),
        ("mandate { id }", 4),
    ],
)
async def test_a_company_and_its_broker_share_what_does_not_depend_on_whose_it_is(
    world: World, asked: str, renders: int
) -> None:
    text = f"subscription {{ feed {{ cursor item {{ ... on DossierChanged {{ dossier {{ {asked} }} }} }} }} }}"
    renderer, alike = Counting(Documents(SCHEMA).prepare(text), {}), Alike()
    people = [await person(world, login) for login in ("declarant", "agent")]
    before = await world.feeds.heads([company_audience(p.viewer.company) for p in people])
    await world.play(2)
    pages = await world.feeds.after(before, 100, world.clock.now())
    told: list[Any] = []
    for one, start in zip(people, before, strict=True):
        page = pages[start.audience]
        context = Context(world.dependencies, one, "fr", shared=True)
        frames = [msgspec.json.decode(f) for f in await alike.rendered(renderer, page, context)]
        own = [frame["data"]["feed"] for frame in frames]
        where = [read(frame.pop("cursor")) for frame in own]
        assert [(at.audience, at.seq) for at in where] == [(r.audience, r.seq) for r in page.rows]
        told.append(own)
    assert renderer.begun == renders
    assert (told[0] == told[1]) is (renders == 2)


async def person(world: World, login: str) -> Person:
    bearer = {"authorization": f"Bearer {await world.token(login)}"}
    found = await world.operations.authenticate(bearer)
    assert found is not None
    return found


async def test_a_frame_that_shows_the_viewers_ledger_is_the_viewers_alone(world: World) -> None:
    text = """subscription ($after: Cursor) { feed(after: $after) { item { ... on DossierChanged { dossier {
      alertLedger { channel recipient state } } } } } }"""
    start = (await cursors(world, "declarant"))["COMPANY"]
    await world.play(6)
    async with aclosing(await world.follow("declarant", text, after=start)) as live:
        [frame] = await hear(live, 1)
    recipients = {d["recipient"] for d in frame["item"]["dossier"]["alertLedger"]}
    assert recipients == {"Pixel 8", "•••56"}


async def test_a_broker_out_of_mandate_hears_that_files_are_gone(world: World) -> None:
    start = (await cursors(world, "agent"))["COMPANY"]
    await world.play(2)
    told = (await world.data("agent", SYNC, after=start))["sync"]
    assert [f["item"]["__typename"] for f in told["frames"]] == ["DossierChanged"] * 2
    dossier = told["frames"][0]["item"]["dossier"]["id"]
    async with aclosing(await world.follow("agent", FEED, after=told["cursor"])) as live:
        [_, [changed]] = await asyncio.gather(world.revoke_mandate(), hear(live, 1))
    assert changed["item"] == {
        "__typename": "AccessChanged",
        "companies": [world.company_id("broker")],
    }
    again = (await world.data("agent", SYNC, after=start))["sync"]
    assert [f["item"] for f in again["frames"]][:2] == [
        {"__typename": "Removed", "id": dossier}
    ] * 2
    async with aclosing(await world.follow("agent", FEED, after=start)) as live:
        assert await hear(live, 3) == again["frames"]
    await world.play(1)
    later = (await world.data("agent", SYNC, after=again["cursor"]))["sync"]
    assert later["frames"] == []


async def test_access_that_changed_lists_the_companies_that_are_left(world: World) -> None:
    start = (await cursors(world, "declarant"))["COMPANY"]
    await world.revoke_mandate()
    [frame] = (await world.data("declarant", SYNC, after=start))["sync"]["frames"]
    assert frame["item"]["companies"] == [world.company_id("importer")]


async def test_a_cursor_of_no_use_resets_and_gives_a_fresh_one(world: World) -> None:
    await world.play(2)
    fresh = await cursors(world, "declarant")
    here, mine = read(fresh["COMPANY"]), read(fresh["ME"])
    strange = company_audience(world.companies["other"].id)
    for cursor, expected in (
        (FeedCursor(generation="another", audience=here.audience, seq=0), fresh["COMPANY"]),
        (FeedCursor(generation=here.generation, audience=here.audience, seq=999), fresh["COMPANY"]),
        (FeedCursor(generation=here.generation, audience=strange, seq=0), fresh["COMPANY"]),
        (FeedCursor(generation=mine.generation, audience="user:nobody", seq=0), fresh["ME"]),
    ):
        page = (await world.data("declarant", SYNC, after=str(cursor)))["sync"]
        assert page == {"frames": [], "hasMore": False, "reset": True, "cursor": expected}
        async with aclosing(await world.follow("declarant", FEED, after=str(cursor))) as live:
            [frame] = await hear(live, 1)
            assert frame["item"]["__typename"] == "Reset"
            assert frame["cursor"] == fresh["COMPANY"]


async def test_after_a_reset_the_feed_goes_on_from_its_head(world: World) -> None:
    await world.play(1)
    void = str(FeedCursor(generation="another", audience="company:x", seq=0))
    async with aclosing(await world.follow("declarant", FEED, after=void)) as live:
        await hear(live, 1)
        _, [frame] = await asyncio.gather(world.play(1), hear(live, 1))
        assert frame["item"]["entry"]["kind"] == "APPLIED"


async def test_an_unreadable_cursor_refuses_the_request(world: World) -> None:
    for text in (SYNC, FEED):
        for cursor in ("", "x", "e30", "\u0660", "A" * 1000, 7, {"a": 1}):
            [error] = (await world.ask("declarant", text, after=cursor))["refused"]
            assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_a_class_has_no_feed_for_who_does_not_train_it(world: World) -> None:
    [error] = (await world.ask("declarant", FEED, audience="TRAINING"))["refused"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_subscription_without_a_cursor_starts_now(world: World) -> None:
    await world.play(3)
    async with aclosing(await world.follow("declarant", FEED)) as live:
        waiting = asyncio.create_task(hear(live, 1))
        while not waiting.done():
            await world.play(1)
        [frame] = await waiting
    assert read(frame["cursor"]).seq > 3


async def test_alerts_come_in_the_persons_own_feed_and_keep_their_state(world: World) -> None:
    start = (await cursors(world, "declarant"))["ME"]
    await world.play(6)
    frames = (await world.data("declarant", SYNC, after=start))["sync"]["frames"]
    assert {f["item"]["__typename"] for f in frames} == {"AlertChanged"}
    seen = """mutation ($ids: [ID!]!) { reportAlerts(input: {clientMutationId: "1", alerts: $ids,
      as: SEEN}) { clientMutationId } }"""
    ids = [f["item"]["alert"]["id"] for f in frames]
    after = (await cursors(world, "declarant"))["ME"]
    await world.data("declarant", seen, ids=ids)
    again = (await world.data("declarant", SYNC, after=after))["sync"]["frames"]
    assert {f["item"]["alert"]["state"] for f in again} == {"SEEN"}
    assert len(again) == len(ids)


async def test_what_was_lodged_under_a_mandate_that_ran_out_is_still_told(world: World) -> None:
    start = (await cursors(world, "agent"))["COMPANY"]
    await world.play(1)
    world.clock.at += timedelta(days=40)
    await world.play(1)
    frames = (await world.data("agent", SYNC, after=start))["sync"]["frames"]
    assert [frame["item"]["__typename"] for frame in frames] == ["DossierChanged"] * 2


async def test_a_mandate_that_was_revoked_hides_old_rows_and_tells_no_more(world: World) -> None:
    start = (await cursors(world, "agent"))["COMPANY"]
    await world.play(1)
    await world.revoke_mandate()
    await world.play(1)
    frames = (await world.data("agent", SYNC, after=start))["sync"]["frames"]
    assert [frame["item"]["__typename"] for frame in frames] == ["Removed", "AccessChanged"]
