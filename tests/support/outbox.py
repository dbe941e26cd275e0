"""An outbox in memory, the contract that it and the stored one keep, and rows to put into them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from portnet.domain.access import Company, CompanyKind, Mandate, Role, User
from portnet.domain.alerts import (
    Alert,
    AlertFacts,
    Attempt,
    Channel,
    Delivery,
    DeliveryState,
    Device,
)
from portnet.domain.catalogue import Status
from portnet.domain.dossier import Dossier, WhatNow
from portnet.domain.events import AlertRaised, Record, user_audience
from portnet.domain.identity.mandate import hold_of
from portnet.ports.outbox import AttemptOutcome, Claimed, Outbox, Settled
from portnet.ports.unit_of_work import Change, Position

NOW = datetime(2026, 11, 22, 21, 40, tzinfo=UTC)
LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)

#: Seconds after which an event that never comes fails its test; none that passes waits so long.
PATIENCE = 30


def a_user(
    id: str = "amina",
    company: str = "importer",
    *,
    roles: tuple[Role, ...] = (Role.DECLARANT,),
    phone: str | None = "+212600000001",
    active: bool = True,
) -> User:
    return User(
        id=id,
        company=company,
        login=id,
        name=id.title(),
        roles=roles,
        locale="fr",
        phone=phone,
        active=active,
    )


def a_device(
    id: str = "phone-1", user: str = "amina", *, seen_at: datetime = NOW, dead: bool = False
) -> Device:
    return Device(
        id=id,
        user=user,
        session=f"session-{id}",
        channel=Channel.PUSH,
        kind="FCM",
        address=f"token-{id}",
        label=id,
        locale="ar",
        registered_at=seen_at,
        last_seen_at=seen_at,
        dead_at=NOW if dead else None,
    )


def a_dossier(
    *, broker: str | None = None, perishable: bool = False, sandbox: bool = False
) -> Dossier:
    what_now = WhatNow(
        procedure="dum",
        code="DUM_IMPORT",
        definition=1,
        state="AGENCY_HOLD",
        action="ANSWER_REQUEST",
        holder="ADII",
        since=NOW,
    )
    return Dossier(
        id="dossier",
        company="importer",
        broker=broker,
        reference="309-0018538G",
        direction="IMPORT",
        phase="CLEARANCE",
        status=Status.BLOCKED,
        what_now=what_now,
        sandbox=sandbox,
        opened_at=NOW,
        updated_at=NOW,
        perishable=perishable,
    )


def an_alert(id: str = "alert", user: str = "amina", *, kind: str = "A12", level: int = 4) -> Alert:
    return Alert(
        id=id,
        chain=f"entry:{kind}",
        user=user,
        dossier="dossier",
        procedure="dum",
        entry="entry",
        kind=kind,
        level=level,
        facts=AlertFacts(
            reference="309-0018538G",
            code="DUM_IMPORT",
            definition=1,
            state="AGENCY_HOLD",
            agency="ADII",
        ),
        collapse_key=f"dossier:{kind}",
        raised_at=NOW,
        expires_at=NOW + timedelta(hours=12),
    )


def a_delivery(
    id: str = "delivery",
    alert: Alert | None = None,
    *,
    channel: Channel = Channel.PUSH,
    due_at: datetime = NOW,
    device: str | None = "phone-1",
) -> Delivery:
    alert = alert or an_alert()
    push = channel is Channel.PUSH
    return Delivery(
        id=id,
        alert=alert.id,
        user=alert.user,
        channel=channel,
        address=f"token-{device}" if push else "+212600000001",
        label="phone",
        locale="fr",
        due_at=due_at,
        expires_at=alert.expires_at,
        updated_at=alert.raised_at,
        device=device if push else None,
    )


def told(alert: Alert) -> Record:
    """The frame that tells the alert's recipient of it."""
    return Record(
        id=f"record-{alert.id}",
        at=alert.raised_at,
        event=AlertRaised(alert=alert),
        subject=alert.id,
        audiences=(user_audience(alert.user),),
    )


def a_mandate(*, until: datetime | None = None, revoked_at: datetime | None = None) -> Mandate:
    return Mandate(
        id="m",
        company="importer",
        broker="broker",
        starts_at=NOW,
        ends_at=until,
        revoked_at=revoked_at,
    )


COMPANIES = tuple(
    Company(id=name, kind=kind, name=name, ice=ice, sandbox=False)
    for name, kind, ice in (
        ("importer", CompanyKind.OPERATOR, "001561191000066"),
        ("broker", CompanyKind.BROKER, "001561191000067"),
    )
)


class Stage(Protocol):
    """An outbox with what stands around it."""

    @property
    def outbox(self) -> Outbox: ...

    async def store(self, *changes: Change) -> None: ...

    async def delivery(self, id: str) -> Delivery: ...

    async def device(self, id: str) -> Device: ...

    async def attempts(self, delivery: str) -> list[Attempt]:
        """Oldest claim first."""
        ...


class FakeOutbox:
    """Passes `OutboxContract`; also its own stage.

    ``failing_claims`` and ``failing_settlements`` are how many of them fail before one succeeds.
    """

    generation = "g"

    def __init__(self) -> None:
        self.failing_claims = 0
        self.failing_settlements = 0
        self._written = asyncio.Event()
        self._deliveries: dict[str, Delivery] = {}
        self._alerts: dict[str, Alert] = {}
        self._users: dict[str, User] = {}
        self._companies: dict[str, Company] = {}
        self._devices: dict[str, Device] = {}
        self._dossiers: dict[str, Dossier] = {}
        self._mandates: list[Mandate] = []
        self._attempts: list[Attempt] = []
        self._feeds: dict[str, list[str]] = {}

    @property
    def outbox(self) -> Outbox:
        return self

    async def store(self, *changes: Change) -> None:
        for change in changes:
            match change:
                case Delivery():
                    self._deliveries[change.id] = change
                case Alert():
                    self._alerts[change.id] = change
                case User():
                    self._users[change.id] = change
                case Device():
                    self._devices[change.id] = change
                case Dossier():
                    self._dossiers[change.id] = change
                case Mandate():
                    others = [m for m in self._mandates if m.id != change.id]
                    self._mandates = [*others, change]
                case Record():
                    for audience in change.audiences:
                        self._feeds.setdefault(audience, []).append(change.subject)
                case Company():
                    self._companies[change.id] = change
                case _:
                    raise TypeError(f"the outbox knows no {type(change).__name__}")

    async def delivery(self, id: str) -> Delivery:
        return self._deliveries[id]

    async def device(self, id: str) -> Device:
        return self._devices[id]

    async def attempts(self, delivery: str) -> list[Attempt]:
        own = [attempt for attempt in self._attempts if attempt.delivery == delivery]
        return sorted(own, key=lambda attempt: attempt.number)

    async def until(self, id: str, holds: Callable[[Delivery], bool]) -> Delivery:
        """The delivery, once a settlement has made it so."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self._deliveries[id]):
                self._written.clear()
                await self._written.wait()
        return self._deliveries[id]

    async def claim(
        self, channel: Channel, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claimed]:
        if self.failing_claims:
            self.failing_claims -= 1
            raise ConnectionError("the database is away")
        due = [d for d in self._waiting(channel) if d.due_at <= now]
        taken = sorted(due, key=lambda d: (d.due_at, d.id))[:limit]
        return [
            self._claimed(delivery, now, now + lease)
            for delivery in sorted(taken, key=lambda d: d.id)
        ]

    async def settle(self, settled: Sequence[Settled]) -> Sequence[bool]:
        if self.failing_settlements:
            self.failing_settlements -= 1
            raise ConnectionError("the database is away")
        held = [self._settle(each) for each in settled]
        self._written.set()
        return held

    async def next_due(self, channel: Channel) -> datetime | None:
        return min((d.due_at for d in self._waiting(channel)), default=None)

    def _waiting(self, channel: Channel) -> list[Delivery]:
        return [
            d
            for d in self._deliveries.values()
            if d.channel is channel and d.state is DeliveryState.QUEUED
        ]

    def _claimed(self, delivery: Delivery, now: datetime, until: datetime) -> Claimed:
        delivery = msgspec.structs.replace(
            delivery,
            due_at=until,
            leased_until=until,
            fence=delivery.fence + 1,
            updated_at=now,
        )
        self._deliveries[delivery.id] = delivery
        device = self._devices.get(delivery.device or "")
        doubtful = [
            attempt
            for attempt in self._attempts
            if attempt.delivery == delivery.id and attempt.outcome == AttemptOutcome.UNCERTAIN
        ]
        alert = self._alerts[delivery.alert]
        return Claimed(
            delivery=delivery,
            alert=alert,
            sandbox=self._sandbox(alert),
            allowed=self._allowed(self._users[delivery.user], alert, now),
            address_dead=device is not None and device.dead_at is not None,
            uncertain_attempts=len(doubtful),
            generation=self.generation,
            position=self._position(alert),
        )

    def _sandbox(self, alert: Alert) -> bool:
        if alert.dossier is not None:
            return self._dossiers[alert.dossier].sandbox
        return self._companies[self._users[alert.user].company].sandbox

    def _allowed(self, user: User, alert: Alert, now: datetime) -> bool:
        if alert.dossier is None:
            return user.active
        dossier = self._dossiers[alert.dossier]
        hold = hold_of(dossier, user.company, self._mandates, now)
        own = user.company == dossier.company
        return user.active and (own or (hold is not None and hold.hears))

    def _position(self, alert: Alert) -> Position | None:
        audience = user_audience(alert.user)
        feed = self._feeds.get(audience, [])
        if alert.id not in feed:
            return None
        return Position(audience=audience, seq=feed.index(alert.id) + 1)

    def _settle(self, settled: Settled) -> bool:
        if settled.attempt is not None:
            self._attempts.append(settled.attempt)
            if settled.token_dead and settled.delivery.device is not None:
                self._bury(settled.delivery.device, settled.attempt.at)
        known = self._deliveries[settled.delivery.id]
        if (known.fence, known.state) != (settled.delivery.fence, DeliveryState.QUEUED):
            return False
        self._deliveries[known.id] = settled.delivery
        return True

    def _bury(self, device: str, at: datetime) -> None:
        known = self._devices[device]
        if known.dead_at is None and known.last_seen_at <= at:
            self._devices[device] = msgspec.structs.replace(known, dead_at=at)


def an_attempt(
    claimed: Claimed, outcome: AttemptOutcome = AttemptOutcome.ACCEPTED, at: datetime = NOW
) -> Attempt:
    delivery = claimed.delivery
    return Attempt(
        id=f"{delivery.id}-{delivery.fence}",
        delivery=delivery.id,
        number=delivery.fence,
        at=at,
        outcome=outcome,
    )


def sent(claimed: Claimed) -> Settled:
    delivery = msgspec.structs.replace(
        claimed.delivery,
        state=DeliveryState.SENT,
        attempts=claimed.delivery.attempts + 1,
        leased_until=None,
        provider_reference=f"by-fence-{claimed.delivery.fence}",
    )
    return Settled(delivery=delivery, attempt=an_attempt(claimed))


def again(claimed: Claimed, due_at: datetime) -> Settled:
    delivery = msgspec.structs.replace(claimed.delivery, due_at=due_at, leased_until=None)
    return Settled(delivery=delivery, attempt=an_attempt(claimed, AttemptOutcome.UNCERTAIN))


def dead(claimed: Claimed, at: datetime = NOW) -> Settled:
    delivery = msgspec.structs.replace(
        claimed.delivery, state=DeliveryState.FAILED, leased_until=None
    )
    attempt = an_attempt(claimed, AttemptOutcome.PERMANENT, at)
    return Settled(delivery=delivery, attempt=attempt, token_dead=True)


class OutboxContract:
    """What every outbox promises. A subclass gives the fixture ``stage``."""

    async def claim(
        self, stage: Stage, at: datetime = NOW, limit: int = 10, channel: Channel = Channel.PUSH
    ) -> list[Claimed]:
        return list(await stage.outbox.claim(channel, at, LEASE, limit))

    async def scene(self, stage: Stage, *deliveries: Delivery) -> None:
        await stage.store(*COMPANIES, a_user(), a_device(), a_dossier(), an_alert(), *deliveries)

    async def test_a_due_delivery_is_taken_with_its_alert(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        (claimed,) = await self.claim(stage)
        assert (claimed.alert, claimed.sandbox) == (an_alert(), False)
        assert (claimed.allowed, claimed.address_dead, claimed.uncertain_attempts) == (
            True,
            False,
            0,
        )
        assert (claimed.delivery.fence, claimed.delivery.leased_until) == (1, NOW + LEASE)
        assert claimed.delivery == await stage.delivery("delivery")

    async def test_what_one_took_another_does_not_get(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        assert len(await self.claim(stage)) == 1
        assert await self.claim(stage, NOW + LEASE - SECOND) == []

    async def test_what_is_not_due_or_of_another_channel_waits(self, stage: Stage) -> None:
        sms = a_delivery("sms", channel=Channel.SMS)
        await self.scene(stage, a_delivery(due_at=NOW + SECOND), sms)
        assert await self.claim(stage) == []
        assert [c.delivery.id for c in await self.claim(stage, channel=Channel.SMS)] == ["sms"]

    async def test_what_is_due_first_is_taken_first(self, stage: Stage) -> None:
        deliveries = [a_delivery(f"d{n}", due_at=NOW - n * SECOND) for n in range(5)]
        await self.scene(stage, *deliveries)
        assert {c.delivery.id for c in await self.claim(stage, limit=2)} == {"d3", "d4"}
        assert len(await self.claim(stage)) == 3

    async def test_a_dead_senders_delivery_is_taken_again_and_the_dead_cannot_settle_it(
        self, stage: Stage
    ) -> None:
        await self.scene(stage, a_delivery())
        (first,) = await self.claim(stage)
        (second,) = await self.claim(stage, NOW + LEASE)
        assert second.delivery.fence == first.delivery.fence + 1
        assert await stage.outbox.settle([sent(first)]) == [False]
        assert (await stage.delivery("delivery")).state is DeliveryState.QUEUED
        assert await stage.outbox.settle([sent(second)]) == [True]
        settled = await stage.delivery("delivery")
        assert (settled.state, settled.provider_reference) == (DeliveryState.SENT, "by-fence-2")
        assert [attempt.number for attempt in await stage.attempts("delivery")] == [1, 2]

    async def test_what_is_sent_is_never_taken_again(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        assert await stage.outbox.settle([sent(c) for c in await self.claim(stage)]) == [True]
        assert await self.claim(stage, NOW + 2 * LEASE) == []
        assert await stage.outbox.next_due(Channel.PUSH) is None

    async def test_many_are_settled_at_once_in_the_order_asked(self, stage: Stage) -> None:
        await self.scene(stage, *(a_delivery(f"d{n}") for n in range(5)))
        claimed = await self.claim(stage)
        assert await stage.outbox.settle([sent(claimed[3])]) == [True]
        both = [sent(c) for c in reversed(claimed)]
        assert await stage.outbox.settle(both) == [True, False, True, True, True]
        assert not await stage.outbox.settle([])

    async def test_what_is_due_again_waits_until_then(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        (claimed,) = await self.claim(stage)
        assert await stage.outbox.next_due(Channel.PUSH) == NOW + LEASE
        due = NOW + 5 * SECOND
        assert await stage.outbox.settle([again(claimed, due)]) == [True]
        assert await stage.outbox.next_due(Channel.PUSH) == due
        assert await stage.outbox.next_due(Channel.SMS) is None
        assert await self.claim(stage, due - SECOND) == []
        (retaken,) = await self.claim(stage, due)
        assert retaken.uncertain_attempts == 1

    async def test_a_dead_token_buries_the_device(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery(), a_delivery("other", due_at=NOW + SECOND))
        assert await stage.outbox.settle([dead(c) for c in await self.claim(stage)]) == [True]
        assert (await stage.device("phone-1")).dead_at == NOW
        (other,) = await self.claim(stage, NOW + SECOND)
        assert other.address_dead

    async def test_a_device_that_came_back_meanwhile_lives(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        (claimed,) = await self.claim(stage)
        await stage.store(a_device(seen_at=NOW + SECOND))
        await stage.outbox.settle([dead(claimed)])
        assert (await stage.device("phone-1")).dead_at is None

    async def test_a_closed_account_is_told_nothing(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        await stage.store(a_user(active=False))
        (claimed,) = await self.claim(stage)
        assert not claimed.allowed

    async def test_a_broker_is_told_under_a_mandate_and_of_what_it_left_until_one_is_taken_back(
        self, stage: Stage
    ) -> None:
        await self.scene(stage, a_delivery())
        await stage.store(a_user(company="broker"), a_dossier(broker="broker"))
        (claimed,) = await self.claim(stage)
        assert not claimed.allowed
        await stage.store(a_mandate(until=NOW + 2 * LEASE))
        (claimed,) = await self.claim(stage, NOW + LEASE)
        assert claimed.allowed
        (claimed,) = await self.claim(stage, NOW + 2 * LEASE)
        assert claimed.allowed
        await stage.store(a_mandate(until=NOW + 2 * LEASE, revoked_at=NOW + LEASE))
        (claimed,) = await self.claim(stage, NOW + 3 * LEASE)
        assert not claimed.allowed

    async def test_a_claim_says_where_the_recipients_feed_tells_of_it(self, stage: Stage) -> None:
        second = an_alert("second")
        await self.scene(stage, a_delivery(), a_delivery("later", second))
        await stage.store(second)
        (untold, _) = await self.claim(stage)
        assert untold.position is None
        await stage.store(told(an_alert()))
        await stage.store(told(second))
        claimed = await self.claim(stage, NOW + LEASE)
        places = {c.delivery.id: c.position for c in claimed}
        audience = user_audience("amina")
        assert places == {
            "delivery": Position(audience=audience, seq=1),
            "later": Position(audience=audience, seq=2),
        }
        assert all(c.generation for c in claimed)

    async def test_an_alert_of_no_file_is_told_while_the_account_is_open(
        self, stage: Stage
    ) -> None:
        about_none = {"dossier": None, "procedure": None, "entry": None}
        alert = msgspec.structs.replace(an_alert(), **about_none)
        await self.scene(stage, a_delivery())
        await stage.store(alert)
        (claimed,) = await self.claim(stage)
        assert (claimed.alert, claimed.allowed, claimed.sandbox) == (alert, True, False)
        await stage.store(a_user(active=False))
        (claimed,) = await self.claim(stage, NOW + LEASE)
        assert not claimed.allowed

    async def test_the_sandbox_is_said_to_be_one(self, stage: Stage) -> None:
        await self.scene(stage, a_delivery())
        await stage.store(a_dossier(sandbox=True))
        (claimed,) = await self.claim(stage)
        assert claimed.sandbox
