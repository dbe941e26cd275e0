"""What leaves does so at least once and under one key, whatever dies, answers late or not at all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from portnet.domain.outgoing import Outgoing, OutgoingState
from portnet.ports.gateway import Answer, Handover
from portnet_server.gateway import AgencySystems, HttpGateway, signing_key
from tests.support.acting.stage import LATER, SECRET, Stage, open_stage
from tests.support.world import World

MINUTE = timedelta(minutes=1)


class DiesAfterSending:
    """Implements `Gateway`: the message leaves, and its sender is gone before it can say so."""

    def __init__(self, real: HttpGateway) -> None:
        self._real = real

    async def send(self, outgoing: Outgoing) -> Answer:
        await self._real.send(outgoing)
        raise asyncio.CancelledError


class Silent:
    """Implements `Gateway`: the message leaves, the answer is lost."""

    def __init__(self, real: HttpGateway) -> None:
        self._real = real

    async def send(self, outgoing: Outgoing) -> Answer:
        await self._real.send(outgoing)
        return Answer(handover=Handover.UNKNOWN, detail="no answer")


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with open_stage(world) as stage:
        yield stage


async def test_a_sender_that_dies_leaves_the_same_message_under_the_same_key(
    stage: Stage,
) -> None:
    sent = await stage.submitted()
    await stage.send(DiesAfterSending(stage.gateway))
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.QUEUED
    assert await stage.send() == 0
    stage.world.clock.advance(LATER)
    assert await stage.send() == 1
    assert stage.system.requests == {sent.outgoing: 2}
    assert len(stage.system.taken) == 1
    [outgoing] = await stage.outgoing()
    assert (outgoing.state, outgoing.fence) == (OutgoingState.SENT, 2)


async def test_what_is_in_doubt_is_sent_again_under_the_same_key_with_growing_pauses(
    stage: Stage,
) -> None:
    sent = await stage.submitted()
    await stage.send(Silent(stage.gateway))
    [outgoing] = await stage.outgoing()
    assert (outgoing.state, outgoing.reason) == (OutgoingState.IN_DOUBT, "no answer")
    pauses = [outgoing.due_at - stage.world.clock.now()]
    stage.world.clock.set(outgoing.due_at)
    await stage.send(Silent(stage.gateway))
    [outgoing] = await stage.outgoing()
    pauses.append(outgoing.due_at - stage.world.clock.now())
    assert pauses == [timedelta(seconds=1), timedelta(seconds=2)]
    stage.world.clock.advance(LATER)
    await stage.send()
    assert stage.system.requests == {sent.outgoing: 3}
    assert list(stage.system.taken) == [sent.outgoing]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_what_the_system_cannot_take_now_waits(stage: Stage, status: int) -> None:
    sent = await stage.submitted()
    stage.system.refuses = status
    await stage.send()
    [outgoing] = await stage.outgoing()
    assert (outgoing.state, outgoing.reason) == (OutgoingState.QUEUED, f"answered {status}")
    assert (await stage.submission(sent.id)).state == "SUBMITTED"


async def test_a_system_that_breaks_may_have_it(stage: Stage) -> None:
    await stage.submitted()
    stage.system.refuses = 500
    await stage.send()
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.IN_DOUBT


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (b'{"reasons": [{"code": "HS", "text": "Code inconnu", "lang": "fr"}]}', [("HS", "Code inconnu")]),
        (b'{"code": "MALFORMED", "message": "no goods"}', [("MALFORMED", "no goods")]),
        (b"<html>", [("422", "")]),
        (b"\xff", [("422", "")]),
        (b"[" * 100_000, [("422", "")]),
    ],
)  # fmt: skip
async def test_a_refusal_is_a_rejection_with_its_reasons(
    stage: Stage, answer: bytes, reasons: list[tuple[str, str]]
) -> None:
    sent = await stage.submitted()
    stage.system.refuses, stage.system.refusal = 422, answer
    await stage.send()
    rejected = await stage.submission(sent.id)
    assert rejected.state == "TECH_REJECTED"
    assert [(reason.code, reason.text) for reason in rejected.reasons] == reasons
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.REJECTED
    stage.world.clock.advance(LATER)
    assert await stage.send() == 0


async def test_a_sender_that_lost_its_lease_rejects_nothing(stage: Stage) -> None:
    await stage.submitted()
    [old] = await stage.queue.claim("PORTNET", stage.world.clock.now(), MINUTE, 10)
    stage.world.clock.advance(LATER)
    await stage.queue.claim("PORTNET", stage.world.clock.now(), MINUTE, 10)
    assert not await stage.answers.rejected(old, ())
    assert not await stage.queue.settle(old)


async def test_two_senders_at_once_take_each_message_once(stage: Stage) -> None:
    for _ in range(4):
        await stage.submitted()
    sent = await asyncio.gather(stage.send(), stage.send())
    assert sum(sent) == 4
    assert set(stage.system.requests.values()) == {1}


async def test_nobody_there_is_no_doubt(stage: Stage) -> None:
    await stage.submitted()
    nowhere = AgencySystems((), [("PORTNET", "http://127.0.0.1:9/messages")], "PORTNET")
    gateway = HttpGateway(nowhere, signing_key(SECRET), stage.world.clock)
    await gateway.open()
    await stage.send(gateway)
    await gateway.close()
    [outgoing] = await stage.outgoing()
    assert outgoing.state is OutgoingState.QUEUED
    assert (outgoing.reason or "").startswith("not reached")


async def test_messages_of_sandbox_companies_never_go_to_a_real_system(stage: Stage) -> None:
    live = AgencySystems([("PORTNET", stage.system.url)], (), "PORTNET")
    gateway = HttpGateway(live, signing_key(SECRET), stage.world.clock)
    await stage.submitted()
    await gateway.open()
    await stage.send(gateway)
    await gateway.close()
    assert stage.system.requests == {}


async def test_the_worker_sends_what_comes_until_it_is_stopped(stage: Stage) -> None:
    worker = stage.worker()
    running = asyncio.create_task(worker.run())
    await stage.submitted()
    worker.wake()
    async with asyncio.timeout(20):
        while not stage.system.taken:  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.005)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_another_secret_signs_for_nobody(stage: Stage) -> None:
    await stage.submitted()
    systems = AgencySystems((), [("PORTNET", stage.system.url)], "PORTNET")
    gateway = HttpGateway(
        systems, signing_key(b"another secret of thirty-two bytes"), stage.world.clock
    )
    await gateway.open()
    await stage.send(gateway)
    await gateway.close()
    [outgoing] = await stage.outgoing()
    assert (outgoing.state, outgoing.reason) == (OutgoingState.QUEUED, "answered 401")
