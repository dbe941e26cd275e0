"""A running server for each test, which must end with nothing of its phones left."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.integration.web.toy import Running, ToyServer, serving


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    """Fails the test if a task, a stream or a socket outlives it, or the loop complains."""
    loop = asyncio.get_running_loop()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    server = ToyServer()
    async with serving(server) as authority:
        before = asyncio.all_tasks()
        yield Running(server, authority)
        await server.sockets.close_all()
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if left:
            # What is just unwinding may; a task that waits for something never ends.
            _, left = await asyncio.wait(left, timeout=5)
        assert not left
        assert not server.queues
        assert len(server.sockets) == 0
    assert not complaints
