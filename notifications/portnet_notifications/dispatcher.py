"""Sends what the outbox holds: claim what is due, look again, send, settle. Decides nobody's alert.

Each channel has a lane of its own with its own slots, so that a stuck gateway delays no other. At
least once: a process that dies between sending and settling leaves a delivery that is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from portnet.domain.alerts import Channel
from portnet.ports.clock import Clock, Ids
from portnet.ports.outbox import Claimed, Outbox, Settled
from portnet_notifications.channels import Outcome, OutgoingMessage, Transient, Uncertain
from portnet_notifications.settling import attempted, settle, unsendable
from portnet_notifications.wording import AlertWording

_log = logging.getLogger(__name__)

#: The channels that policy makes deliveries for.
_LANES = (Channel.PUSH, Channel.SMS)

#: Seconds before each further try to write what a send ended with; then its lease must run out.
_WRITE_AGAIN = (0.1, 1.0, 5.0)


class Sender(Protocol):
    """What the dispatcher sends through: `Channels`, or a fake of it."""

    @property
    def configured(self) -> frozenset[Channel]:
        """The channels that have a gateway."""
        ...

    async def send(self, channel: Channel, message: OutgoingMessage) -> Outcome: ...


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How much at once, and how long; durations are real seconds.

    Args:
        slots: sends under way in each channel: as many as a gateway has connections.
        lease: how long a claim holds; it outlasts a send and its settlement.
        send_timeout: a gateway that says nothing for so long is uncertain.
        poll: the longest pause without a wake-up, which may be lost.
        grace: what sends under way have to end when the dispatcher stops.
        gather: what becomes due within it is claimed together, and what ends within it settled together: each turn at
            the writer is one that the intake does not get.
    """

    slots: int = 32
    lease: float = 90.0
    send_timeout: float = 60.0
    poll: float = 3.0
    grace: float = 5.0
    gather: float = 0.05


class _Lane:
    """One channel's sends under way."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.woken = asyncio.Event()
        self.sends: set[asyncio.Task[None]] = set()

    def start(self, send: asyncio.Task[None]) -> None:
        self.sends.add(send)
        send.add_done_callback(self._free)

    def _free(self, send: asyncio.Task[None]) -> None:
        self.sends.discard(send)
        self.woken.set()


class Dispatcher:
    """Run by one task; several dispatchers, in several processes, share an outbox.

    Args:
        jitter: a random number from 0 to 1, for each backoff.
    """

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        wording: AlertWording,
        clock: Clock,
        ids: Ids,
        jitter: Callable[[], float],
        pace: Pace | None = None,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._wording = wording
        self._clock = clock
        self._ids = ids
        self._jitter = jitter
        self._pace = pace or Pace()
        self._lanes = [_Lane(channel) for channel in _LANES]
        self._ledger = _Ledger(outbox, self._pace.gather)
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()

    def wake(self) -> None:
        """Look now: something may be due. Never blocks."""
        for lane in self._lanes:
            lane.woken.set()

    async def run(self) -> None:
        """Send until `stop`. Cancelled, it leaves what is under way to its leases."""
        self._ended.clear()
        ledger = asyncio.create_task(self._ledger.run(), name="outbox ledger")
        try:
            async with asyncio.TaskGroup() as lanes:
                for lane in self._lanes:
                    lanes.create_task(self._serve(lane), name=f"outbox {lane.channel}")
        finally:
            ledger.cancel()
            await asyncio.gather(ledger, return_exceptions=True)
            self._ended.set()

    async def stop(self) -> None:
        """Claim nothing more, let what is under way end within the grace, and return from `run`."""
        self._stopping = True
        self.wake()
        await self._ended.wait()

    async def _serve(self, lane: _Lane) -> None:
        try:
            while not self._stopping:
                lane.woken.clear()
                pause = await self._start_due(lane)
                await _at_most(pause, lane.woken)
                await asyncio.sleep(self._pace.gather)
            if lane.sends:
                await asyncio.wait(lane.sends, timeout=self._pace.grace)
        finally:
            abandoned = list(lane.sends)
            for send in abandoned:
                send.cancel()
            await asyncio.gather(*abandoned, return_exceptions=True)

    async def _start_due(self, lane: _Lane) -> float:
        """Start what is due and has a slot; seconds until it is worth looking again."""
        try:
            return await self._claim_due(lane)
        except Exception:
            # The database may be away for a while; the lane outlives it.
            _log.exception("the %s deliveries cannot be claimed", lane.channel)
            return self._pace.poll

    async def _claim_due(self, lane: _Lane) -> float:
        free = self._pace.slots - len(lane.sends)
        if free <= 0:
            return self._pace.poll
        now = self._clock.now()
        # A look costs no turn at the writer, a claim does.
        due = await self._outbox.next_due(lane.channel)
        if due is None:
            return self._pace.poll
        if due > now:
            return min(self._pace.poll, (due - now).total_seconds())
        lease = timedelta(seconds=self._pace.lease)
        claimed = await self._outbox.claim(lane.channel, now, lease, free)
        for each in claimed:
            lane.start(asyncio.create_task(self._deliver(each)))
        return 0.0 if claimed else self._pace.poll

    async def _deliver(self, claimed: Claimed) -> None:
        settled = unsendable(claimed, self._sender.configured, self._clock.now())
        try:
            held = await self._ledger.write(settled or await self._sent(claimed))
        except Exception:
            _log.exception("delivery %s is not settled; its lease runs out", claimed.delivery.id)
            return
        if not held:
            _log.warning("delivery %s was another sender's by then", claimed.delivery.id)

    async def _sent(self, claimed: Claimed) -> Settled:
        began = self._clock.now()
        outcome = await self._outcome(claimed)
        attempt = attempted(claimed, outcome, began, self._ids.new())
        return settle(claimed, outcome, attempt, self._clock.now(), self._jitter())

    async def _outcome(self, claimed: Claimed) -> Outcome:
        channel = claimed.delivery.channel
        try:
            message = self._wording.message(claimed, self._clock.now())
        except Exception as error:
            _log.exception("delivery %s has no words", claimed.delivery.id)
            return Transient(detail=f"no words: {type(error).__name__}")
        try:
            async with asyncio.timeout(self._pace.send_timeout):
                return await self._sender.send(channel, message)
        except TimeoutError:
            return Uncertain(detail=f"no answer within {self._pace.send_timeout:g} s")
        except Exception as error:
            _log.exception("delivery %s: the channel failed", claimed.delivery.id)
            return Uncertain(detail=f"the channel failed: {type(error).__name__}")


class _Ledger:
    """Writes what sends end with: those that wait for the writer together, in one transaction."""

    def __init__(self, outbox: Outbox, gather: float) -> None:
        self._outbox = outbox
        self._gather = gather
        self._waiting: list[tuple[Settled, asyncio.Future[bool]]] = []
        self._news = asyncio.Event()

    async def write(self, settled: Settled) -> bool:
        """Whether the delivery was still its sender's; returns once it is on disk."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((settled, written))
        self._news.set()
        return await written

    async def run(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(self._gather)
            self._news.clear()
            batch, self._waiting = self._waiting, []
            await self._write(batch)

    async def _write(self, batch: Sequence[tuple[Settled, asyncio.Future[bool]]]) -> None:
        try:
            held = await self._persistently([settled for settled, _ in batch])
        except Exception as error:
            for _, written in batch:
                if not written.done():
                    written.set_exception(error)
            return
        for (_, written), ours in zip(batch, held, strict=True):
            if not written.done():
                written.set_result(ours)

    async def _persistently(self, settled: Sequence[Settled]) -> Sequence[bool]:
        # Writing twice is harmless, and not writing means sending twice.
        for pause in _WRITE_AGAIN:
            try:
                return await self._outbox.settle(settled)
            except Exception:
                _log.exception("%d deliveries are not settled yet", len(settled))
                await asyncio.sleep(pause)
        return await self._outbox.settle(settled)


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
