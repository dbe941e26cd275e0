"""The agency inbox: on disk before it answers, once for each id, many posts to one commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from piccolo.engine.base import Engine

from portnet.domain.desk.anomaly import AnomalyReason
from portnet.domain.inbox import BodyChanged, RawMessage, Receipted
from portnet.ports.inbox import InboxFull
from portnet.storage.engines import (
    Database,
    DatabaseUnavailable,
    Dialect,
    Program,
    Row,
    Transaction,
    open_database,
    query,
)
from portnet.storage.engines.program import T
from portnet.storage.queues.inbox import StorageInbox
from tests.support.clock import NOON, SteppedClock
from tests.support.ids import CountedIds

IDS = CountedIds(SteppedClock())
#: More than the inbox holds in memory, and than one transaction takes.
FLOOD = 2_001
TOGETHER = 64


class CountedDatabase:
    """A `Database` that counts its transactions, and can be told to have none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transactions = 0
        self.broken = False

    @property
    def dialect(self) -> Dialect:
        return self._database.dialect

    @property
    def piccolo_engine(self) -> Engine[Any]:
        return self._database.piccolo_engine

    async def read(self, program: Program[T], *, snapshot: bool = False) -> T:
        return await self._database.read(program, snapshot=snapshot)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        if self.broken:
            raise DatabaseUnavailable("no disk")
        self.transactions += 1
        return self._database.transaction()

    def migration_lock(self) -> AbstractAsyncContextManager[None]:
        return self._database.migration_lock()

    async def start(self) -> None:
        await self._database.start()

    async def stop(self) -> None:
        await self._database.stop()


@pytest.fixture
def counted(migrated: Database) -> CountedDatabase:
    return CountedDatabase(migrated)


@pytest.fixture
async def inbox(counted: CountedDatabase) -> AsyncIterator[StorageInbox]:
    inbox = StorageInbox(counted)
    inbox.start()
    yield inbox
    await inbox.stop()


def message(event_id: str = "e1", body: bytes = b"{}", source: str = "BADR") -> RawMessage:
    return RawMessage(
        receipt=IDS.new(),
        source=source,
        event_id=event_id,
        body=body,
        body_hash=body,
        key="k",
        sandbox=True,
        received_at=NOON,
    )


def known(receipt: str) -> Receipted:
    return Receipted(receipt=receipt, repeat=True)


def new(posted: RawMessage) -> Receipted:
    return Receipted(receipt=posted.receipt, repeat=False)


async def kept(database: Database) -> list[Row]:
    return await database.read(query("SELECT * FROM agency_inbox ORDER BY receipt"))


async def test_a_message_is_on_disk_to_the_byte_before_it_is_answered(
    inbox: StorageInbox, migrated_url: str
) -> None:
    posted = message(body=b'\x00\xff {"odd": "\xc3\xa9"}')
    assert await inbox.receive(posted) == new(posted)
    elsewhere = open_database(migrated_url)
    await elsewhere.start()
    assert list(await StorageInbox(elsewhere).waiting(10)) == [posted]
    await elsewhere.stop()


async def test_the_same_body_again_has_the_same_receipt(inbox: StorageInbox) -> None:
    first = message()
    await inbox.receive(first)
    for _ in range(3):
        assert await inbox.receive(message()) == known(first.receipt)
    assert [raw.receipt for raw in await inbox.waiting(10)] == [first.receipt]


async def test_sources_number_their_messages_each_for_itself(inbox: StorageInbox) -> None:
    badr, onssa = message(), message(source="ONSSA")
    assert await inbox.receive(badr) == new(badr)
    assert await inbox.receive(onssa) == new(onssa)


async def test_another_body_under_the_same_id_is_kept_beside_the_first(
    inbox: StorageInbox, migrated: Database
) -> None:
    first, other = message(), message(body=b"other")
    await inbox.receive(first)
    for posted in (other, message(body=b"other")):
        assert await inbox.receive(posted) == BodyChanged(receipt=first.receipt)
    assert await inbox.receive(message(body=b"third")) == BodyChanged(receipt=first.receipt)
    bodies = [bytes(row["body"]) for row in await kept(migrated)]
    assert bodies == [b"{}", b"other", b"third"]
    anomalies = await migrated.read(query("SELECT * FROM anomaly ORDER BY id"))
    assert {row["reason"] for row in anomalies} == {AnomalyReason.BODY_CHANGED}
    assert anomalies[0]["receipt"] == other.receipt
    assert len(anomalies) == 2
    assert [raw.receipt for raw in await inbox.waiting(10)] == [first.receipt]
    assert await inbox.receive(message()) == known(first.receipt)


async def test_posts_at_once_are_committed_together_and_each_answered_right(
    inbox: StorageInbox, counted: CountedDatabase
) -> None:
    first = message("known")
    await inbox.receive(first)
    before = counted.transactions
    news = [message(f"n{n}") for n in range(100)]
    posts = [
        post
        for n, one in enumerate(news)
        for post in (one, message("known"), message("known", b"other"), message(f"n{n}"))
    ]
    answers = await asyncio.gather(*map(inbox.receive, posts))
    for n, one in enumerate(news):
        assert answers[4 * n : 4 * n + 4] == [
            new(one),
            known(first.receipt),
            BodyChanged(receipt=first.receipt),
            known(one.receipt),
        ]
    assert counted.transactions - before == -(-len(posts) // TOGETHER)


async def test_two_processes_that_get_the_same_posts_keep_each_once(
    inbox: StorageInbox, migrated: Database, migrated_url: str
) -> None:
    database = open_database(migrated_url)
    await database.start()
    other = StorageInbox(database)
    other.start()
    both = [(message(f"e{n}"), message(f"e{n}")) for n in range(50)]
    answers = await asyncio.gather(
        *(inbox.receive(one) for one, _ in both), *(other.receive(two) for _, two in both)
    )
    await other.stop()
    await database.stop()
    for n in range(50):
        pair = (answers[n], answers[n + 50])
        assert all(isinstance(answer, Receipted) for answer in pair)
        assert len({answer.receipt for answer in pair}) == 1
        assert sorted(isinstance(a, Receipted) and a.repeat for a in pair) == [False, True]
    assert len(await kept(migrated)) == 50


async def test_the_oldest_wait_in_front(inbox: StorageInbox) -> None:
    posted = [message(f"e{n}") for n in range(5)]
    for one in reversed(posted):
        await inbox.receive(one)
    assert [raw.receipt for raw in await inbox.waiting(3)] == [p.receipt for p in posted[:3]]


async def test_a_disk_that_fails_is_said_to_who_posted_and_to_nobody_after(
    inbox: StorageInbox, counted: CountedDatabase, migrated: Database
) -> None:
    counted.broken = True
    with pytest.raises(DatabaseUnavailable):
        await inbox.receive(message("lost"))
    counted.broken = False
    posted = message("kept")
    assert await inbox.receive(posted) == new(posted)
    assert [row["event_id"] for row in await kept(migrated)] == ["kept"]


async def test_a_full_inbox_refuses_and_keeps_nothing_of_it(counted: CountedDatabase) -> None:
    inbox = StorageInbox(counted)
    posts = [asyncio.ensure_future(inbox.receive(message(f"e{n}"))) for n in range(FLOOD)]
    done, waiting = await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
    assert [type(post.exception()) for post in done] == [InboxFull]
    inbox.start()
    answers = await asyncio.gather(*waiting)
    await inbox.stop()
    assert len({answer.receipt for answer in answers}) == FLOOD - 1


async def test_a_post_under_way_when_it_stops_fails(counted: CountedDatabase) -> None:
    inbox = StorageInbox(counted)
    post = asyncio.ensure_future(inbox.receive(message()))
    await asyncio.sleep(0)
    await inbox.stop()
    with pytest.raises(asyncio.CancelledError):
        await post
    assert await kept(counted) == []


async def test_one_who_hung_up_is_in_nobodys_way(inbox: StorageInbox, migrated: Database) -> None:
    gone = asyncio.ensure_future(inbox.receive(message("gone")))
    stays = asyncio.ensure_future(inbox.receive(message("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    assert isinstance(await stays, Receipted)
    assert {row["event_id"] for row in await kept(migrated)} == {"gone", "stays"}


async def test_overdue_messages_are_handed_back(inbox: StorageInbox, counted: Database) -> None:
    assert await inbox.wake_overdue(NOON) == 0
    posted = message()
    await inbox.receive(posted)

    def park() -> Program[None]:
        yield from query("UPDATE agency_inbox SET state = 'PARKED'")
        yield from query(
            "INSERT INTO anomaly (id, receipt, source, reason, state, detail, received_at,"
            " updated_at, parked_until) VALUES ('a', $1, 'BADR', 'UNMATCHED', 'PARKED', '', 0, 0, $2)",
            posted.receipt,
            int(NOON.timestamp()) * 1_000_000,
        )

    async with counted.transaction() as transaction:
        await transaction.commit(park())
    assert list(await inbox.waiting(1)) == []
    assert await inbox.wake_overdue(NOON - timedelta(microseconds=1)) == 0
    assert await inbox.wake_overdue(NOON) == 1
    assert list(await inbox.waiting(1)) == [posted]
