"""What leaves us: signed requests to agencies' systems, and the worker that sends what is due.

Each source has a loop of its own, so that one that is stuck holds up no other. A message leaves under its own key and
never under another; what may have arrived is sent again as it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import assert_never

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portnet.domain.agency import Reason
from portnet.domain.agency_key import SignatureAlgorithm
from portnet.domain.outgoing import Outgoing, OutgoingState
from portnet.domain.paying.obligation import PROVIDER, START
from portnet.ports.clock import Clock
from portnet.ports.gateway import Answer, Gateway, Handover, OutgoingQueue
from portnet.security.keys import derive_key, key_id
from portnet.security.signatures import SigningKey, sign
from portnet.services.answer import Answers
from portnet.services.paying.payment import Payments

_logger = logging.getLogger(__name__)

#: How long a system may take to answer before we do not know.
_PATIENCE = aiohttp.ClientTimeout(total=15)
#: A claim outlives the request that it is for.
_LEASE = timedelta(seconds=60)
_BATCH = 20
_LONGEST_PAUSE = timedelta(minutes=15)
#: What we read of an answer at most.
_LONGEST_ANSWER = 65_536
_LONGEST_TEXT = 500
#: The answers that speak of the message itself; 401, 403, 404 and 429 speak of us, and pass.
_ABOUT_THE_MESSAGE = frozenset({400, 409, 410, 413, 415, 422})
_UNAVAILABLE = 503
_CLIENT_ERRORS = range(400, 500)


class AgencySystems:
    """Implements `Routes`: the addresses that the settings name."""

    def __init__(
        self, live: Iterable[tuple[str, str]], sandbox: Iterable[tuple[str, str]], passes_on: str
    ) -> None:
        self._urls: Mapping[bool, Mapping[str, str]] = {False: dict(live), True: dict(sandbox)}
        self._passes_on = passes_on

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(source for urls in self._urls.values() for source in urls)

    def url(self, source: str, sandbox: bool) -> str | None:
        return self._urls[sandbox].get(source)

    def route(self, source: str, sandbox: bool) -> str | None:
        known = self._urls[sandbox]
        return next((s for s in (source, self._passes_on) if s in known), None)


def signing_key(secret: bytes) -> SigningKey:
    """What all that leaves us is signed with: agencies hold its public half."""
    seed = derive_key(secret, "outgoing messages")
    return SigningKey(
        id=f"portnet-{key_id(seed)}", algorithm=SignatureAlgorithm.ED25519, secret=seed
    )


def public_half(key: SigningKey) -> bytes:
    """What agencies check our messages with: the Ed25519 public key, 32 bytes."""
    private = Ed25519PrivateKey.from_private_bytes(key.secret)
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class HttpGateway:
    """Implements `Gateway` over HTTP. Open it, close it."""

    def __init__(self, systems: AgencySystems, key: SigningKey, clock: Clock) -> None:
        self._systems = systems
        self._key = key
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=_PATIENCE)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, outgoing: Outgoing) -> Answer:
        url = self._systems.url(outgoing.source, outgoing.sandbox)
        if url is None:
            return Answer(handover=Handover.NOT_NOW, detail=f"no address of {outgoing.source}")
        if self._session is None:
            raise RuntimeError("the gateway was not opened")
        body = outgoing.body.encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": outgoing.id,
            "PortNet-Key": self._key.id,
            "PortNet-Signature": sign(body, self._key, self._clock.now()),
        }
        try:
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return _read(response.status, await response.content.read(_LONGEST_ANSWER))
        except aiohttp.ClientConnectorError as error:
            return Answer(handover=Handover.NOT_NOW, detail=f"not reached: {error}"[:_LONGEST_TEXT])
        except (aiohttp.ClientError, TimeoutError) as error:
            detail = f"no answer: {type(error).__name__} {error}"[:_LONGEST_TEXT]
            return Answer(handover=Handover.UNKNOWN, detail=detail)


class GatewayWorker:
    """Sends what is due, until cancelled; several may run on one database.

    Args:
        chance: a number from 0 to 1 for each pause, so that what failed together is not sent together again.
        poll_seconds: the queue is looked at this often without a wake-up: hints may be lost.
        payments: what becomes of orders to pay, which count from when they may have arrived.
    """

    def __init__(
        self,
        queue: OutgoingQueue,
        gateway: Gateway,
        answers: Answers,
        sources: Iterable[str],
        clock: Clock,
        chance: Callable[[], float],
        poll_seconds: float = 1.0,
        payments: Payments | None = None,
    ) -> None:
        self._payments = payments
        self._queue = queue
        self._gateway = gateway
        self._answers = answers
        self._clock = clock
        self._chance = chance
        self._poll_seconds = poll_seconds
        self._wakes = {source: asyncio.Event() for source in sorted(sources)}

    def wake(self) -> None:
        """Messages may wait."""
        for wake in self._wakes.values():
            wake.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as loops:
            for source in self._wakes:
                loops.create_task(self._send_forever(source), name=f"gateway to {source}")

    async def send_due(self, source: str) -> int:
        """Send what is due to one source now; how many messages that were."""
        claimed = await self._queue.claim(source, self._clock.now(), _LEASE, _BATCH)
        async with asyncio.TaskGroup() as sending:
            for outgoing in claimed:
                sending.create_task(self._send(outgoing), name=f"outgoing {outgoing.id}")
        return len(claimed)

    async def _send_forever(self, source: str) -> None:
        wake = self._wakes[source]
        while True:
            wake.clear()
            try:
                sent = await self.send_due(source)
            except Exception:
                _logger.exception("messages to %s could not be sent; trying again", source)
                sent = 0
            if not sent:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await wake.wait()

    async def _send(self, outgoing: Outgoing) -> None:
        try:
            payments = self._payments if _orders_payment(outgoing) else None
            if payments is None:
                await self._settle(outgoing, await self._gateway.send(outgoing))
            elif await payments.wanted(outgoing):
                await self._settle_order(payments, outgoing, await payments.order(outgoing))
        except Exception:
            # Its lease will end, and the same message leaves again under the same key.
            _logger.exception("what became of %s could not be written", outgoing.id)

    async def _settle(self, outgoing: Outgoing, answer: Answer) -> None:
        match answer.handover:
            case Handover.REJECTED:
                await self._answers.rejected(outgoing, answer.reasons)
            case Handover.TAKEN:
                await self._queue.settle(self._after(outgoing, OutgoingState.SENT, answer))
            case Handover.NOT_NOW:
                _logger.warning("%s waits: %s", outgoing.id, answer.detail)
                await self._queue.settle(self._after(outgoing, outgoing.state, answer))
            case Handover.UNKNOWN:
                _logger.warning("%s is in doubt: %s", outgoing.id, answer.detail)
                await self._queue.settle(self._after(outgoing, OutgoingState.IN_DOUBT, answer))
            case _:
                assert_never(answer.handover)

    async def _settle_order(self, payments: Payments, outgoing: Outgoing, answer: Answer) -> None:
        if answer.handover is Handover.TAKEN and answer.reference is not None:
            await payments.started(outgoing, answer.reference)
            return
        if answer.handover is Handover.UNKNOWN:
            await payments.unanswered(outgoing)
        failed = answer.handover is Handover.REJECTED
        if not failed or not await payments.declined(outgoing, answer.reasons):
            await self._settle(outgoing, answer)

    def _after(self, outgoing: Outgoing, state: OutgoingState, answer: Answer) -> Outgoing:
        now = self._clock.now()
        pause = min(timedelta(seconds=2.0 ** min(outgoing.attempts, 12)), _LONGEST_PAUSE)
        return msgspec.structs.replace(
            outgoing,
            state=state,
            attempts=outgoing.attempts + 1,
            due_at=now + pause * (0.5 + self._chance() / 2),
            updated_at=now,
            reason=answer.detail,
        )


def _orders_payment(outgoing: Outgoing) -> bool:
    """Whether it is the provider's own to answer; one that an agency passes on is acknowledged like any act."""
    return outgoing.source == PROVIDER and outgoing.event == START


class _Accepted(msgspec.Struct, frozen=True):
    """What a system may say of a message that it has."""

    reference: str | None = None


class _Refusal(msgspec.Struct, frozen=True):
    """What a system may say of a message that it refuses."""

    reasons: tuple[Reason, ...] = ()
    code: str = ""
    message: str = ""


def _read(status: int, body: bytes) -> Answer:
    if status // 100 == 2:
        return Answer(handover=Handover.TAKEN, reference=_reference(body))
    detail = f"answered {status}"
    if status in _ABOUT_THE_MESSAGE:
        return Answer(handover=Handover.REJECTED, reasons=_reasons(status, body), detail=detail)
    if status in _CLIENT_ERRORS or status == _UNAVAILABLE:
        return Answer(handover=Handover.NOT_NOW, detail=detail)
    return Answer(handover=Handover.UNKNOWN, detail=detail)


def _reference(body: bytes) -> str | None:
    try:
        reference = msgspec.json.decode(body, type=_Accepted).reference
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # PostgreSQL's text cannot hold U+0000, and no reference has it.
    return None if reference is None or "\0" in reference else reference[:_LONGEST_TEXT] or None


def _reasons(status: int, body: bytes) -> tuple[Reason, ...]:
    """The system's own reasons; its status where it gives none that can be read."""
    try:
        said = msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = _Refusal()
    if said.reasons:
        return said.reasons
    return (Reason(code=said.code or str(status), text=said.message[:_LONGEST_TEXT]),)
