"""Our commands as processes of their own, as a user would start them, and what they keep in memory."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

#: Seconds that a command may take to say that it is ready, and to end when it is told to.
_START, _STOP = 60, 15
_MIB = 1024


class Process:
    """A running command; what it prints is read and dropped once it is ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._reader: asyncio.Task[None] | None = None

    async def until_it_says(self, words: str) -> None:
        """Wait for a line with ``words``."""
        said: list[str] = []
        async with asyncio.timeout(_START):
            async for line in self._output():
                said.append(line)
                if words in line:
                    self._reader = asyncio.create_task(self._drain())
                    return
        raise RuntimeError("the command ended before it was ready:\n" + "".join(said))

    def rss_anon(self) -> float:
        """MiB of private memory: mapped files, which the kernel may drop, do not count."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("RssAnon:"))
        return int(kib) / _MIB

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _drain(self) -> None:
        async for _ in self._output():
            pass

    async def _output(self) -> AsyncGenerator[str]:
        if self._process.stdout is None:
            raise RuntimeError("the command was started without a pipe")
        while line := await self._process.stdout.readline():
            yield line.decode(errors="replace")


@asynccontextmanager
async def running(
    module: str, *arguments: str, ready: str, settings: Mapping[str, str]
) -> AsyncGenerator[Process]:
    """``python -m module arguments`` from the moment when it says ``ready`` until the block is left."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-u", "-m", module, *arguments),
        env={**_foreign_environment(), **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    process = Process(started)
    try:
        await process.until_it_says(ready)
        yield process
    finally:
        await process.stop()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _foreign_environment() -> dict[str, str]:
    ours = ("PORTNET_", "PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
