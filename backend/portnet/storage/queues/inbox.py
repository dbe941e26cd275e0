"""The agency inbox. Posts that wait for the writer are committed together, so that the intake has its turn as well."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from portnet.domain.desk.anomaly import AnomalyReason, AnomalyState
from portnet.domain.inbox import BodyChanged, InboxState, RawMessage, Receipted
from portnet.ports.inbox import InboxFull
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement, query

#: How many posts wait in memory for the disk; more are refused.
_QUEUE = 2_000
#: How many posts one transaction takes; more wait for the next, which bounds how long the intake waits.
_TOGETHER = 64

_INSERT = (
    "INSERT INTO agency_inbox"
    " (receipt, source, event_id, body, body_hash, key, sandbox, received_at, state, settled_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)"
    " ON CONFLICT (source, event_id) DO NOTHING RETURNING receipt"
)
_KNOWN = "SELECT receipt, body_hash FROM agency_inbox WHERE source = $1 AND event_id = $2"
_ANOMALY = (
    "INSERT INTO anomaly (id, receipt, source, reason, state, detail, received_at, updated_at)"
    " VALUES ($1, $1, $2, $3, $4, $5, $6, $6)"
)
_WAITING = "SELECT * FROM agency_inbox WHERE state = 'NEW' ORDER BY receipt LIMIT $1"
_OVERDUE = (
    "UPDATE agency_inbox SET state = 'NEW' WHERE state = 'PARKED' AND receipt IN"
    " (SELECT receipt FROM anomaly WHERE state = 'PARKED' AND parked_until <= $1)"
    " RETURNING receipt"
)

Reply = Receipted | BodyChanged


class StorageInbox:
    """See the port. `start` and `stop` bracket its use; a post under way when it stops fails, and is not on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[tuple[RawMessage, asyncio.Future[Reply]]] = asyncio.Queue(_QUEUE)
        self._flusher: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._flusher = asyncio.create_task(self._flush_forever(), name="inbox")

    async def stop(self) -> None:
        if self._flusher is not None:
            self._flusher.cancel()
            with suppress(asyncio.CancelledError):
                await self._flusher
        while not self._queue.empty():
            self._queue.get_nowait()[1].cancel()

    async def receive(self, message: RawMessage) -> Reply:
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((message, reply))
        except asyncio.QueueFull:
            raise InboxFull from None
        return await reply

    async def waiting(self, limit: int) -> Sequence[RawMessage]:
        return [rows.raw_message(row) for row in await self._database.read(query(_WAITING, limit))]

    async def wake_overdue(self, now: datetime) -> int:
        async with self._database.transaction() as transaction:
            woken = await transaction.commit(query(_OVERDUE, rows.micros(now)))
        return len(woken or ())

    async def _flush_forever(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < _TOGETHER and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._flush(batch)

    async def _flush(self, batch: Sequence[tuple[RawMessage, asyncio.Future[Reply]]]) -> None:
        try:
            async with self._database.transaction() as transaction:
                replies = await transaction.commit(_store([message for message, _ in batch]))
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), reply in zip(batch, replies or (), strict=True):
            if not future.done():
                future.set_result(reply)


def _store(messages: Sequence[RawMessage]) -> Program[list[Reply]]:
    replies: list[Reply] = []
    for message in messages:
        new = yield Statement(_INSERT, _values(message, message.event_id, InboxState.NEW))
        if new:
            replies.append(Receipted(receipt=message.receipt, repeat=False))
            continue
        known = (yield Statement(_KNOWN, (message.source, message.event_id)))[0]
        if known["body_hash"] == message.body_hash:
            replies.append(Receipted(receipt=known["receipt"], repeat=True))
        else:
            yield from _keep_other_body(message)
            replies.append(BodyChanged(receipt=known["receipt"]))
    return replies


def _keep_other_body(message: RawMessage) -> Program[None]:
    """Beside the first one, under an id that says whose other body it is; a third time adds nothing."""
    other_id = f"{message.event_id}#{message.body_hash.hex()}"
    kept = yield Statement(_INSERT, _values(message, other_id, InboxState.SET_ASIDE))
    if kept:
        values = (
            message.receipt,
            message.source,
            AnomalyReason.BODY_CHANGED.value,
            AnomalyState.OPEN.value,
            message.event_id,
            rows.micros(message.received_at),
        )
        yield Statement(_ANOMALY, values)


def _values(message: RawMessage, event_id: str, state: InboxState) -> tuple[object, ...]:
    return (
        message.receipt,
        message.source,
        event_id,
        message.body,
        message.body_hash,
        message.key,
        int(message.sandbox),
        rows.micros(message.received_at),
        state.value,
    )
