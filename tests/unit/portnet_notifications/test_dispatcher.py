"""The dispatcher with an outbox in memory, a clock that stands still and gateways that do as told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.alerts import AlertState, Channel, Delivery, DeliveryState
from portnet.ports.outbox import FailureReason
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.channels import (
    Accepted,
    Outcome,
    OutgoingMessage,
    Permanent,
    PushMessage,
    Refusal,
    SmsMessage,
    Throttled,
    Transient,
    Uncertain,
)
from portnet_notifications.dispatcher import Dispatcher, Pace, Sender
from portnet_notifications.wording import AlertWording
from tests.support.clock import SteppedClock
from tests.support.ids import CountedIds
from tests.support.outbox import (
    NOW,
    PATIENCE,
    SECOND,
    FakeOutbox,
    OutboxContract,
    Stage,
    a_delivery,
    a_device,
    a_dossier,
    a_user,
    an_alert,
)

WORDING = AlertWording(
    load_catalogue(frozenset(ALERTS)), cursor=lambda generation, place: f"{generation}.{place.seq}"
)
#: No test waits for a poll: it wakes the dispatcher.
PATIENT = Pace(poll=3600)
DONE = frozenset({DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN})


class FakeSender:
    """Keeps what it was given, and answers what a test scripted: by default, that it took it."""

    def __init__(self) -> None:
        self.configured = frozenset({Channel.PUSH, Channel.SMS})
        self.sent: list[OutgoingMessage] = []
        self.under_way: Counter[Channel] = Counter()
        self.most: Counter[Channel] = Counter()
        self.script: list[Outcome | Exception] = []
        self.stuck: dict[Channel, asyncio.Event] = {}
        self._news = asyncio.Event()

    async def send(self, channel: Channel, message: OutgoingMessage) -> Outcome:
        self.sent.append(message)
        self.under_way[channel] += 1
        self.most[channel] = max(self.most[channel], self.under_way[channel])
        self._news.set()
        try:
            if channel in self.stuck:
                await self.stuck[channel].wait()
            answer = self.script.pop(0) if self.script else Accepted(provider_id="p")
        finally:
            self.under_way[channel] -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def given(self, count: int) -> list[OutgoingMessage]:
        """What was sent, once there are as many."""
        async with asyncio.timeout(PATIENCE):
            while len(self.sent) < count:
                self._news.clear()
                await self._news.wait()
        return self.sent


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOW)


@pytest.fixture
async def outbox() -> FakeOutbox:
    outbox = FakeOutbox()
    await outbox.store(a_user(), a_device(), a_dossier(), an_alert())
    return outbox


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


Start = Callable[..., Dispatcher]


@pytest.fixture
async def start(
    outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> AsyncIterator[Start]:
    running: list[tuple[Dispatcher, asyncio.Task[None]]] = []

    def starting(pace: Pace = PATIENT, sender: Sender = sender) -> Dispatcher:
        dispatcher = Dispatcher(
            outbox, sender, WORDING, clock, CountedIds(clock), lambda: 1.0, pace
        )
        running.append((dispatcher, asyncio.create_task(dispatcher.run())))
        return dispatcher

    yield starting
    for dispatcher, task in running:
        await dispatcher.stop()
        await task


def over(delivery: Delivery) -> bool:
    return delivery.state in DONE


def tried(times: int) -> Callable[[Delivery], bool]:
    return lambda delivery: delivery.attempts == times and delivery.leased_until is None


class TestFakeOutbox(OutboxContract):
    @pytest.fixture
    def stage(self) -> Stage:
        return FakeOutbox()


async def test_what_is_due_is_sent_and_settled(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    await outbox.store(a_delivery())
    start()
    settled = await outbox.until("delivery", over)
    assert (settled.state, settled.provider_reference) == (DeliveryState.SENT, "p")
    (attempt,) = await outbox.attempts("delivery")
    assert (attempt.number, attempt.at, attempt.outcome) == (1, NOW, "ACCEPTED")
    (message,) = sender.sent
    assert isinstance(message, PushMessage)
    assert message.token == "token-phone-1"


async def test_a_wake_up_starts_it_at_once(start: Start, outbox: FakeOutbox) -> None:
    dispatcher = start()
    await outbox.store(a_delivery())
    dispatcher.wake()
    assert (await outbox.until("delivery", over)).state is DeliveryState.SENT


async def test_a_lost_wake_up_is_made_good_by_looking(start: Start, outbox: FakeOutbox) -> None:
    start(Pace(poll=0.01))
    await asyncio.sleep(0)
    await outbox.store(a_delivery())
    assert (await outbox.until("delivery", over)).state is DeliveryState.SENT


async def test_what_is_due_later_is_sent_later(
    start: Start, outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    await outbox.store(a_delivery(due_at=NOW + timedelta(hours=1)), a_delivery("now"))
    dispatcher = start()
    await outbox.until("now", over)
    assert len(sender.sent) == 1
    clock.advance(timedelta(hours=1))
    dispatcher.wake()
    await outbox.until("delivery", over)


async def test_what_surely_did_not_arrive_is_tried_until_it_does(
    start: Start, outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    await outbox.store(a_delivery())
    sender.script = [Transient(detail="refused"), Throttled(retry_after=9, detail="429")]
    dispatcher = start()
    again = await outbox.until("delivery", tried(1))
    assert (again.state, again.due_at) == (DeliveryState.QUEUED, NOW + 2 * SECOND)
    clock.advance(2 * SECOND)
    dispatcher.wake()
    again = await outbox.until("delivery", tried(2))
    assert again.due_at == clock.now() + 13 * SECOND
    clock.advance(13 * SECOND)
    dispatcher.wake()
    assert (await outbox.until("delivery", over)).attempts == 3
    attempts = await outbox.attempts("delivery")
    assert [(a.number, a.outcome) for a in attempts] == [
        (1, "TRANSIENT"),
        (2, "THROTTLED"),
        (3, "ACCEPTED"),
    ]


async def test_a_critical_sms_that_may_be_lost_is_sent_once_more_with_the_same_reference(
    start: Start, outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    await outbox.store(a_delivery(channel=Channel.SMS))
    sender.script = [Uncertain(detail="silence"), Uncertain(detail="silence")]
    dispatcher = start()
    await outbox.until("delivery", tried(1))
    clock.advance(timedelta(minutes=1))
    dispatcher.wake()
    assert (await outbox.until("delivery", over)).state is DeliveryState.UNCERTAIN
    references = [m.reference for m in sender.sent if isinstance(m, SmsMessage)]
    assert references == ["delivery", "delivery"]


async def test_a_dead_token_ends_what_else_goes_to_the_device(
    start: Start, outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    await outbox.store(a_delivery(), a_delivery("later", due_at=NOW + SECOND))
    sender.script = [Permanent(reason=Refusal.DEAD_TOKEN, detail="404")]
    dispatcher = start()
    assert (await outbox.until("delivery", over)).reason == FailureReason.DEVICE_GONE
    assert (await outbox.device("phone-1")).dead_at == NOW
    clock.advance(SECOND)
    dispatcher.wake()
    assert (await outbox.until("later", over)).reason == FailureReason.DEVICE_GONE
    assert len(sender.sent) == 1


async def test_what_was_acknowledged_before_it_left_is_not_sent(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    await outbox.store(
        msgspec.structs.replace(an_alert(), state=AlertState.ACKNOWLEDGED), a_delivery()
    )
    start()
    settled = await outbox.until("delivery", over)
    assert (settled.state, settled.reason) == (
        DeliveryState.FAILED,
        FailureReason.NO_LONGER_WANTED,
    )
    assert sender.sent == []
    assert await outbox.attempts("delivery") == []


async def test_a_channel_that_nobody_configured_fails_its_deliveries(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    sender.configured = frozenset({Channel.PUSH})
    await outbox.store(a_delivery(channel=Channel.SMS))
    start()
    assert (await outbox.until("delivery", over)).reason == FailureReason.NO_GATEWAY


async def test_a_stuck_sms_gateway_delays_no_push(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    sender.stuck[Channel.SMS] = asyncio.Event()
    texts = [a_delivery(f"sms-{n}", channel=Channel.SMS) for n in range(5)]
    await outbox.store(*texts)
    dispatcher = start(Pace(poll=3600, slots=2))
    await sender.given(2)
    pushes = [a_delivery(f"push-{n}") for n in range(20)]
    await outbox.store(*pushes)
    dispatcher.wake()
    for push in pushes:
        assert (await outbox.until(push.id, over)).state is DeliveryState.SENT
    assert sender.under_way[Channel.SMS] == 2
    sender.stuck[Channel.SMS].set()
    for text in texts:
        assert (await outbox.until(text.id, over)).state is DeliveryState.SENT


async def test_no_more_is_under_way_than_there_are_slots(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    deliveries = [a_delivery(f"d{n}") for n in range(10)]
    await outbox.store(*deliveries)
    sender.stuck[Channel.PUSH] = asyncio.Event()
    start(Pace(poll=3600, slots=3))
    await sender.given(3)
    sender.stuck[Channel.PUSH].set()
    for delivery in deliveries:
        await outbox.until(delivery.id, over)
    assert sender.most[Channel.PUSH] == 3


async def test_a_gateway_that_says_nothing_is_uncertain(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    sender.stuck[Channel.PUSH] = asyncio.Event()
    await outbox.store(a_delivery())
    start(Pace(poll=3600, send_timeout=0.01))
    assert (await outbox.until("delivery", tried(1))).state is DeliveryState.QUEUED
    (attempt,) = await outbox.attempts("delivery")
    assert attempt.outcome == "UNCERTAIN"


async def test_a_channel_that_fails_unexpectedly_stops_nothing_else(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    await outbox.store(a_delivery("d1"), a_delivery("d2"))
    sender.script = [RuntimeError("a bug")]
    start()
    assert (await outbox.until("d1", tried(1))).state is DeliveryState.QUEUED
    assert (await outbox.until("d2", over)).state is DeliveryState.SENT
    (attempt,) = await outbox.attempts("d1")
    assert (attempt.outcome, attempt.detail) == (
        "UNCERTAIN",
        "the channel failed: RuntimeError",
    )


async def test_an_alert_without_words_is_surely_not_sent_and_stops_nothing_else(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    unknown = an_alert("unknown", kind="Z99")
    await outbox.store(unknown, a_delivery("d1", unknown), a_delivery("d2"))
    start()
    await outbox.until("d1", tried(1))
    await outbox.until("d2", over)
    (attempt,) = await outbox.attempts("d1")
    assert (attempt.outcome, attempt.detail) == ("TRANSIENT", "no words: KeyError")
    assert len(sender.sent) == 1


async def test_a_database_that_is_away_for_a_while_is_waited_for(
    start: Start, outbox: FakeOutbox
) -> None:
    outbox.failing_claims = 2
    outbox.failing_settlements = 1
    await outbox.store(a_delivery())
    start(Pace(poll=0.01))
    settled = await outbox.until("delivery", over)
    assert (settled.state, settled.attempts) == (DeliveryState.SENT, 1)


async def test_a_sender_whose_lease_ran_out_cannot_settle(
    start: Start, outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    await outbox.store(a_delivery())
    sender.stuck[Channel.PUSH] = asyncio.Event()
    # With its one slot taken it looks at nothing more.
    zombie = start(Pace(poll=3600, slots=1))
    await sender.given(1)
    clock.advance(timedelta(seconds=PATIENT.lease))
    rival = FakeSender()
    rival.script = [Accepted(provider_id="rival")]
    start(sender=rival)
    assert (await outbox.until("delivery", over)).provider_reference == "rival"
    sender.stuck[Channel.PUSH].set()
    await zombie.stop()
    settled = await outbox.delivery("delivery")
    assert (settled.provider_reference, settled.fence) == ("rival", 2)
    assert [a.number for a in await outbox.attempts("delivery")] == [1, 2]


async def test_stopping_lets_what_is_under_way_end_and_claims_nothing_more(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    await outbox.store(a_delivery("d1"), a_delivery("d2"))
    sender.stuck[Channel.PUSH] = asyncio.Event()
    dispatcher = start(Pace(poll=3600, slots=1, grace=3600))
    await sender.given(1)
    stopping = asyncio.create_task(dispatcher.stop())
    await asyncio.sleep(0)
    sender.stuck[Channel.PUSH].set()
    await stopping
    states = [(await outbox.delivery(name)).state for name in ("d1", "d2")]
    assert states == [DeliveryState.SENT, DeliveryState.QUEUED]


async def test_stopping_abandons_what_does_not_end_to_its_lease(
    start: Start, outbox: FakeOutbox, sender: FakeSender
) -> None:
    await outbox.store(a_delivery())
    sender.stuck[Channel.PUSH] = asyncio.Event()
    dispatcher = start(Pace(poll=3600, grace=0.01))
    await sender.given(1)
    await dispatcher.stop()
    left = await outbox.delivery("delivery")
    assert (left.state, left.leased_until) == (
        DeliveryState.QUEUED,
        NOW + timedelta(seconds=PATIENT.lease),
    )
    assert sender.under_way[Channel.PUSH] == 0


@asynccontextmanager
async def cancelled(dispatcher: Dispatcher) -> AsyncGenerator[None]:
    running = asyncio.create_task(dispatcher.run())
    yield
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_cancelled_dispatcher_leaves_no_task_behind(
    outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    await outbox.store(a_delivery())
    sender.stuck[Channel.PUSH] = asyncio.Event()
    before = asyncio.all_tasks()
    dispatcher = Dispatcher(outbox, sender, WORDING, clock, CountedIds(clock), lambda: 1.0, PATIENT)
    async with cancelled(dispatcher):
        await sender.given(1)
    assert asyncio.all_tasks() == before


async def test_a_dispatcher_that_never_ran_stops_at_once(
    outbox: FakeOutbox, sender: FakeSender, clock: SteppedClock
) -> None:
    dispatcher = Dispatcher(outbox, sender, WORDING, clock, CountedIds(clock), lambda: 1.0)
    await dispatcher.stop()
    await dispatcher.run()
    assert sender.sent == []
