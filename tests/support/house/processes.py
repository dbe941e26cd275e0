"""Our commands as processes of their own: a server that can be killed and started again, and short-lived commands."""

import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec

from portnet_server.cli.main import main

_ROOT = Path(__file__).parents[3]
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


class _Life(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...

    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        ...

    def wait(self) -> int:
        """Until it has ended; its exit status."""
        ...


#: How a server's process comes to life: its command, its folder, its whole environment, its log.
Launch = Callable[[Sequence[str], Path, Mapping[str, str], Path], _Life]


class _Executed:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def status(self) -> int | None:
        return self._process.poll()

    def wait(self) -> int:
        return self._process.wait(_STOP_WITHIN)


def executed(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path
) -> _Executed:
    """As its users start it."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            _portnet(command),
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    return _Executed(process)


class _Forked:
    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid = process.pid

    def status(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        self._process.join(_STOP_WITHIN)
        status = self._process.exitcode
        assert status is not None, "the server did not end"
        return status


def forked(command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> _Forked:
    """Out of a process that has imported everything: no second is spent on imports in each of many lives."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["portnet_server.cli.main"])
    process = forking.Process(target=_run_main, args=(command, folder, dict(environ), log))
    process.start()
    return _Forked(process)


def _run_main(command: Sequence[str], folder: Path, environ: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    main(list(command))


class ServerProcess:
    """A server on one port for all its lives.

    Args:
        command: of `portnet`, like ``("serve",)``.
        folder: where its log is kept and where it runs.
        settings: its whole environment of ours; PORT is added.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        settings: Mapping[str, str],
        launch: Launch = executed,
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._command = tuple(command)
        self._folder = folder
        self._environment = environment({**settings, "PORT": str(port)})
        self._launch = launch
        self._log = folder / "server.log"
        self._life: _Life | None = None

    @property
    def log(self) -> str:
        """All that it has said in all its lives."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    @property
    def running(self) -> bool:
        return self._life is not None and self._life.status() is None

    async def start(self) -> None:
        """Start it, and wait until it is ready.

        Raises:
            NeverReady: it will not be.
        """
        self._life = self._launch(self._command, self._folder, self._environment, self._log)
        try:
            async with asyncio.timeout(_STARTS_WITHIN):
                await self._until_ready(self._life)
        except TimeoutError:
            raise NeverReady(self.log) from None

    async def kill(self) -> None:
        """End it as a power cut does: nothing of it runs any further."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """End it politely; its exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        if self._life is None:
            raise RuntimeError("the server was not started")
        if self._life.status() is None:
            os.kill(self._life.pid, number)
        status = await asyncio.to_thread(self._life.wait)
        self._life = None
        return status

    async def _until_ready(self, life: _Life) -> None:
        async with aiohttp.ClientSession() as session:
            while not await self._is_ready(session):
                if life.status() is not None:
                    raise NeverReady(self.log)
                await asyncio.sleep(_LOOK_EVERY)

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/health/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def started(
    command: Sequence[str],
    folder: Path,
    settings: Mapping[str, str],
    launch: Launch = executed,
) -> AsyncGenerator[ServerProcess]:
    """A server on a free port; it is killed with the block if it still runs."""
    server = ServerProcess(command, folder, settings, launch)
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
