"""What a hub may expect of a feed; the one in memory keeps to it as the stored one does."""

from portnet.ports.unit_of_work import Position
from tests.support.feed import AT, FeedLog


def at(audience: str, seq: int) -> Position:
    return Position(audience=audience, seq=seq)


async def test_a_feed_that_was_told_nothing_stands_at_zero(feed: FeedLog) -> None:
    assert await feed.heads(["a", "b"]) == [at("a", 0), at("b", 0)]
    assert await feed.floor("a") == 0
    assert (await feed.after([at("a", 0)], 10, AT))["a"].rows == []
    assert await feed.heads([]) == []
    assert await feed.after([], 10, AT) == {}


async def test_each_audience_counts_for_itself_from_one_without_gaps(feed: FeedLog) -> None:
    assert list(await feed.append("a", "b")) == [at("a", 1), at("b", 1)]
    await feed.append("b")
    assert list(await feed.append("a")) == [at("a", 2)]
    assert await feed.heads(["b", "a"]) == [at("b", 2), at("a", 2)]
    read = await feed.after([at("a", 0), at("b", 1)], 10, AT)
    assert {audience: [row.seq for row in page.rows] for audience, page in read.items()} == {
        "a": [1, 2],
        "b": [2],
    }
    assert {row.audience for row in read["a"].rows} == {"a"}


async def test_a_read_takes_at_most_its_limit_of_each_audience(feed: FeedLog) -> None:
    for _ in range(5):
        await feed.append("a", "b")
    read = await feed.after([at("a", 1), at("b", 3)], 3, AT)
    assert {audience: [row.seq for row in page.rows] for audience, page in read.items()} == {
        "a": [2, 3, 4],
        "b": [4, 5],
    }


async def test_a_position_beyond_the_head_reads_nothing(feed: FeedLog) -> None:
    await feed.append("a")
    assert (await feed.after([at("a", 7)], 10, AT))["a"].rows == []


async def test_what_was_purged_is_under_the_floor(feed: FeedLog) -> None:
    for _ in range(5):
        await feed.append("a")
    await feed.purge("a", 3)
    assert await feed.floor("a") == 3
    assert await feed.heads(["a"]) == [at("a", 5)]
    assert [row.seq for row in (await feed.after([at("a", 0)], 10, AT))["a"].rows] == [4, 5]


async def test_the_generation_stays(feed: FeedLog) -> None:
    assert await feed.generation() == await feed.generation() != ""
