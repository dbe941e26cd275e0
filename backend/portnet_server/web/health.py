"""`/health/live`: the process answers. `/health/ready`: so does its database."""

from __future__ import annotations

import logging

import msgspec
from litestar.types import HTTPScope, Receive, Send

from portnet.storage.engines import Database, DatabaseError, query

_logger = logging.getLogger(__name__)


class Health:
    """Answers 200 `{"status": "ok"}`, or 503 naming what is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def live(self, _scope: HTTPScope, _receive: Receive, send: Send) -> None:
        await _answer(send, 200, {"status": "ok"})

    async def ready(self, _scope: HTTPScope, _receive: Receive, send: Send) -> None:
        try:
            await self._database.read(query("SELECT 1"))
        except DatabaseError:
            _logger.warning("the database does not answer", exc_info=True)
            await _answer(send, 503, {"status": "unavailable", "away": "database"})
        else:
            await _answer(send, 200, {"status": "ok"})


async def _answer(send: Send, status: int, content: dict[str, str]) -> None:
    body = msgspec.json.encode(content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
