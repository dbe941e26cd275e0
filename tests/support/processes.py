"""Our commands as processes of their own: a server that can be killed and started again, and short-lived commands."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

_ROOT = Path(__file__).parents[2]
#: Seconds between two looks at a server that starts, and until it should long have been there.
_LOOK_EVERY, _STARTS_WITHIN = 0.02, 60.0
#: Seconds that a command may take before the test gives up on it.
_COMMAND_WITHIN = 60.0
_STOP_WITHIN = 20.0


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A command that ended: its exit status, and all that it said."""

    status: int
    said: str


class NeverReady(Exception):
    """The server ended, or did not answer; its text is the server's log."""


class ServerProcess:
    """A server as its users start it, on one port for all its lives.

    Args:
        command: of `portnet`, like ``("serve",)``.
        folder: where its log is kept and where it runs.
        settings: its whole environment of ours; PORT is added.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, settings: Mapping[str, str], port: int
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = tuple(command)
        self._folder = folder
        self._settings = {**settings, "PORT": str(port)}
        self._log = folder / "server.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """All that it has said in all its lives."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    async def start(self) -> None:
        """Start it, and wait until it is ready.

        Raises:
            NeverReady: it will not be.
        """
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *_portnet(self._command),
                cwd=self._folder,
                env=environment(self._settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        try:
            async with asyncio.timeout(_STARTS_WITHIN):
                await self._until_ready(self._process)
        except TimeoutError:
            raise NeverReady(self.log) from None

    async def kill(self) -> None:
        """End it as a power cut does: nothing of it runs any further."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """End it politely; its exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            raise RuntimeError("the server was not started")
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(_STOP_WITHIN):
            status = await self._process.wait()
        self._process = None
        return status

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with aiohttp.ClientSession() as session:
            while not await self._is_ready(session):
                if process.returncode is not None:
                    raise NeverReady(self.log)
                await asyncio.sleep(_LOOK_EVERY)

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/health/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None


@asynccontextmanager
async def started(
    command: Sequence[str], folder: Path, settings: Mapping[str, str]
) -> AsyncGenerator[ServerProcess]:
    """A server on a free port; it is killed with the block if it still runs."""
    server = ServerProcess(command, folder, settings, free_port())
    try:
        await server.start()
        yield server
    finally:
        if server.running:
            await server.kill()


async def run(
    command: Sequence[str], folder: Path, settings: Mapping[str, str], stdin: bytes = b""
) -> Ran:
    """Run a command of `portnet` to its end."""
    process = await asyncio.create_subprocess_exec(
        *_portnet(command),
        cwd=folder,
        env=environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_COMMAND_WITHIN):
            said, _ = await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ran(status=process.returncode or 0, said=said.decode())


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """That of this process with ``settings`` as the only ones of ours."""
    kept = {k: v for k, v in os.environ.items() if k != "PORT" and not k.startswith("PORTNET_")}
    return {**kept, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1", **settings}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _portnet(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "portnet_server.cli", *command]
