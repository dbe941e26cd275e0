"""The dispatcher with real parts: the stored outbox of both engines, and the mock gateways over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.alerts import Attempt, Channel, Delivery, DeliveryState, Device
from portnet.ports.outbox import FailureReason, Outbox, Settled
from portnet.ports.unit_of_work import Change
from portnet.storage import rows
from portnet.storage.engines import Database, Row, query
from portnet.storage.queues.outbox import StorageOutbox
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_mobile.gateways import Behaviour, PushGateway, Smsc
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.channels import Channels
from portnet_notifications.dispatcher import Dispatcher, Pace
from portnet_notifications.wording import AlertWording
from tests.support.clock import SteppedClock
from tests.support.ids import CountedIds
from tests.support.outbox import (
    COMPANIES,
    LEASE,
    NOW,
    PATIENCE,
    SECOND,
    OutboxContract,
    Stage,
    a_delivery,
    a_device,
    a_dossier,
    a_user,
    an_alert,
    told,
)


class StoredStage:
    """The stored outbox, and the unit of work that fills the tables around it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._outbox = StorageOutbox(database)

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    async def store(self, *changes: Change) -> None:
        async with StorageUnitOfWork(self.database) as work:
            work.add(*changes)
            await work.commit()

    async def delivery(self, id: str) -> Delivery:
        (row,) = await self._rows("SELECT * FROM delivery WHERE id = $1", id)
        return rows.delivery(row)

    async def device(self, id: str) -> Device:
        (row,) = await self._rows("SELECT * FROM device WHERE id = $1", id)
        return rows.device(row)

    async def attempts(self, delivery: str) -> list[Attempt]:
        found = await self._rows(
            "SELECT * FROM attempt WHERE delivery = $1 ORDER BY number", delivery
        )
        return [
            Attempt(
                id=row["id"],
                delivery=row["delivery"],
                number=row["number"],
                at=rows.instant(row["at"]),
                outcome=row["outcome"],
                detail=row["detail"],
            )
            for row in found
        ]

    async def _rows(self, sql: str, argument: str) -> list[Row]:
        return await self.database.read(query(sql, argument))


@pytest.fixture
def stage(migrated: Database) -> Stage:
    return StoredStage(migrated)


class TestStorageOutbox(OutboxContract):
    """On both engines, by the fixture ``engine_name``."""


WORDING = AlertWording(
    load_catalogue(frozenset(ALERTS)),
    cursor=lambda generation, place: f"{generation}.{place.audience}.{place.seq}",
    link="pn.ma/m/",
)
LEVELS = {2: "A13", 3: "A02", 4: "A14"}
PATIENT = Pace(poll=3600)


@pytest.fixture
async def push() -> AsyncIterator[PushGateway]:
    async with PushGateway() as gateway:
        yield gateway


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc() as gateway:
        yield gateway


@pytest.fixture
async def channels(push: PushGateway, smsc: Smsc) -> AsyncIterator[Channels]:
    urls = {
        "PUSH": [f"pnpush://:token@{push.address}/v1/projects/portnet?cto=30&rto=30"],
        "SMS": [f"pnsms://:token@{smsc.address}/sms?cto=30&rto=30"],
    }
    async with Channels(urls) as opened:
        yield opened


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOW)


class WatchedOutbox:
    """The stored outbox; a test awaits its settlements instead of asking again and again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._inner = stage.outbox
        self._written = asyncio.Event()
        self.claim = self._inner.claim
        self.next_due = self._inner.next_due

    async def settle(self, settled: Sequence[Settled]) -> Sequence[bool]:
        held = await self._inner.settle(settled)
        self._written.set()
        return held

    async def until(self, id: str, holds: Callable[[Delivery], bool]) -> Delivery:
        async with asyncio.timeout(PATIENCE):
            while not holds(delivery := await self._stage.delivery(id)):
                await self._written.wait()
                self._written.clear()
        return delivery


@pytest.fixture
def outbox(stage: Stage) -> WatchedOutbox:
    return WatchedOutbox(stage)


Start = Callable[..., Dispatcher]


@pytest.fixture
async def start(
    outbox: WatchedOutbox, channels: Channels, clock: SteppedClock
) -> AsyncIterator[Start]:
    running: list[tuple[Dispatcher, asyncio.Task[None]]] = []

    def starting(pace: Pace = PATIENT) -> Dispatcher:
        ids = CountedIds(clock, lane=len(running))
        dispatcher = Dispatcher(outbox, channels, WORDING, clock, ids, lambda: 1.0, pace)
        running.append((dispatcher, asyncio.create_task(dispatcher.run())))
        return dispatcher

    yield starting
    for dispatcher, task in running:
        await dispatcher.stop()
        await task


async def raise_alert(stage: Stage, level: int, name: str = "alert") -> None:
    """As the intake does: the alert, its frame, a push and, at level 4, an SMS."""
    alert = an_alert(name, kind=LEVELS[level], level=level)
    await stage.store(*COMPANIES, a_user(), a_device(), a_dossier(), alert, told(alert))
    await stage.store(a_delivery(f"{name}-push", alert))
    if level == 4:
        await stage.store(a_delivery(f"{name}-sms", alert, channel=Channel.SMS))


def sent(delivery: Delivery) -> bool:
    return delivery.state is DeliveryState.SENT


def tried(times: int) -> Callable[[Delivery], bool]:
    return lambda delivery: delivery.attempts == times and delivery.leased_until is None


async def test_a_hold_reaches_the_phone_by_push_and_sms(
    stage: Stage, start: Start, outbox: WatchedOutbox, push: PushGateway, smsc: Smsc
) -> None:
    await raise_alert(stage, 4)
    start()
    pushed = await outbox.until("alert-push", sent)
    texted = await outbox.until("alert-sms", sent)
    (notification,), (text,) = push.accepted, smsc.accepted
    assert notification.token == "token-phone-1"
    assert notification.body == "Douane 309-0018538G: mise sous consigne. Ni vente ni déplacement."
    assert notification.data["deep_link"] == f"/m/alerts/{notification.data['alert']}"
    assert notification.data["cursor"].endswith(".user:amina.1")
    assert (notification.priority, notification.ttl) == ("HIGH", "43200s")
    assert text.to == "+212600000001"
    assert text.text.endswith("Ni vente ni déplacement. pn.ma/m/")
    assert (text.reference, text.parts) == ("alert-sms", 1)
    assert (pushed.provider_reference, texted.provider_reference) == (notification.id, text.id)


@pytest.mark.parametrize("level", [2, 3])
async def test_what_is_less_urgent_is_pushed_only(
    stage: Stage, start: Start, outbox: WatchedOutbox, push: PushGateway, smsc: Smsc, level: int
) -> None:
    await raise_alert(stage, level)
    start()
    await outbox.until("alert-push", sent)
    assert (len(push.accepted), smsc.accepted) == (1, ())


async def test_a_throttled_gateway_gets_it_again_when_it_said(
    stage: Stage, start: Start, outbox: WatchedOutbox, push: PushGateway, clock: SteppedClock
) -> None:
    push.behave(Behaviour(status=429, retry_after="17", times=1))
    await raise_alert(stage, 3)
    dispatcher = start()
    waiting = await outbox.until("alert-push", tried(1))
    assert waiting.due_at == NOW + 19 * SECOND
    clock.set(waiting.due_at)
    dispatcher.wake()
    await outbox.until("alert-push", sent)
    attempts = await stage.attempts("alert-push")
    assert [attempt.outcome for attempt in attempts] == ["THROTTLED", "ACCEPTED"]


async def test_a_dead_token_kills_the_device_and_nothing_more_goes_there(
    stage: Stage, start: Start, outbox: WatchedOutbox, push: PushGateway
) -> None:
    push.behave(Behaviour(dead_tokens=frozenset({"token-phone-1"})))
    await raise_alert(stage, 3)
    dispatcher = start()
    failed = await outbox.until("alert-push", lambda d: d.state is DeliveryState.FAILED)
    assert failed.reason == FailureReason.DEVICE_GONE
    assert (await stage.device("phone-1")).dead_at == NOW
    # Planned before the device was known to be dead.
    second = an_alert("second", kind="A02", level=3)
    await stage.store(second, a_delivery("second-push", second))
    dispatcher.wake()
    await outbox.until("second-push", lambda d: d.state is DeliveryState.FAILED)
    assert await stage.attempts("second-push") == []


async def test_what_a_killed_sender_had_claimed_is_sent_by_another(
    stage: Stage,
    start: Start,
    outbox: WatchedOutbox,
    push: PushGateway,
    clock: SteppedClock,
) -> None:
    await raise_alert(stage, 3)
    # It dies between its claim and its settlement: whether it sent, nobody knows.
    (killed,) = await outbox.claim(Channel.PUSH, NOW, LEASE, 10)
    clock.advance(LEASE)
    start()
    settled = await outbox.until("alert-push", sent)
    assert settled.fence == killed.delivery.fence + 1
    assert len(push.accepted) == 1
    late = msgspec.structs.replace(killed.delivery, state=DeliveryState.FAILED, reason="LATE")
    assert list(await outbox.settle([Settled(delivery=late)])) == [False]
    assert await stage.delivery("alert-push") == settled


async def test_two_dispatchers_send_each_delivery_once(
    stage: Stage, start: Start, outbox: WatchedOutbox, push: PushGateway
) -> None:
    await raise_alert(stage, 3)
    names = [f"more-{n}" for n in range(60)]
    await stage.store(*(a_delivery(name, an_alert()) for name in names))
    start(Pace(poll=3600, slots=5))
    start(Pace(poll=3600, slots=5))
    for name in names:
        await outbox.until(name, sent)
    assert len(push.accepted) == len(names) + 1


async def test_a_stuck_sms_gateway_delays_no_push(
    stage: Stage, start: Start, outbox: WatchedOutbox, push: PushGateway, smsc: Smsc
) -> None:
    smsc.behave(Behaviour(delay=3600))
    await raise_alert(stage, 4)
    names = [f"more-{n}" for n in range(40)]
    texts = [a_delivery(f"text-{n}", channel=Channel.SMS) for n in range(40)]
    await stage.store(an_alert(), *texts, *(a_delivery(name) for name in names))
    start(Pace(poll=3600, slots=8, grace=0.01))
    for name in ("alert-push", *names):
        await outbox.until(name, sent)
    assert (len(push.accepted), smsc.accepted) == (41, ())
