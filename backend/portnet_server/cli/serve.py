"""`portnet serve` and `portnet migrate`: a process of the real thing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any, cast

import click
import uvicorn

from portnet.storage.engines import DatabaseError, open_database
from portnet.storage.migrate import migrate as migrate_database
from portnet_notifications.channels import WrongChannelUrls
from portnet_server.bootstrap import House, Role, database_url, running
from portnet_server.cli.settings import secret_of, settings
from portnet_server.config import Config

#: A full collection with thousands of phones stops everybody for over a second; these thresholds keep it away.
_COLLECT = (50_000, 50, 1_000)
#: Seconds after which a busy thread hands over to one that waits: SQLite's threads wait after each statement,
#: and with Python's 5 ms the median from message to phone was 75 times as long (docs/performance.md).
_SWITCH_SECONDS = 0.0002
#: Seconds between protocol pings; shorter costs CPU for each phone, longer loses to carriers' idle time-outs.
_PING_SECONDS = 45.0


@click.command()
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ALL.value,
    show_default=True,
)
def serve(role: str) -> None:
    """Answer phones and agencies (web), take messages in and send alerts (worker), or both (all)."""
    config = settings()
    start_logging(config)
    run_until_done(_serve(config, Role(role)))


@click.command()
def migrate() -> None:
    """Bring the database to this release's tables."""
    run_until_done(_migrate(settings()))


def run_until_done(main: Any) -> None:
    """Run a coroutine; what can go wrong with a machine is one line."""
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        asyncio.run(main)
    except (DatabaseError, WrongChannelUrls) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def start_logging(config: Config) -> None:
    logging.basicConfig(
        level=config.log_level.value, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Both say a line for each message or socket, which nobody reads.
    for talkative in ("apprise", "uvicorn.error"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


async def _migrate(config: Config) -> None:
    database = open_database(database_url(config))
    await database.start()
    try:
        ran = await migrate_database(database)
    finally:
        await database.stop()
    click.echo(f"{len(ran)} migrations, the last is {ran[-1]}")


async def _serve(config: Config, role: Role) -> None:
    async with running(config, secret_of(config), role) as house:
        if role is Role.WORKER:
            await _until_signalled()
            return
        async with listening(house) as server:
            click.echo(f"listening on {server.address}")
            await server.ended


async def _until_signalled() -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


class Server(uvicorn.Server):
    """uvicorn, which says when it listens and tells the phones before it goes."""

    def __init__(self, house: House, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                cast("Any", house.app),
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=house.config.inbox_body_limit,
                ws_ping_interval=_PING_SECONDS,
                ws_ping_timeout=_PING_SECONDS,
                timeout_graceful_shutdown=5,
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )
        host, port = listener.getsockname()[:2]
        self.address = f"http://{host}:{port}"
        self.listens = asyncio.Event()
        self._house = house
        self._listener = listener
        self.ended: asyncio.Task[None] = asyncio.create_task(self.serve([listener]), name="web")

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """As uvicorn's, but the signal is not raised again: it would end the process before the house is closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._house.sockets.close_all()
        await super().shutdown(sockets)


@asynccontextmanager
async def listening(house: House) -> AsyncGenerator[Server]:
    """The web server of a running house, once it listens; it ends with the block."""
    server = Server(house, bind(house.config.host, house.config.port))
    try:
        await server.listens.wait()
        yield server
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await server.ended


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, or one line that says why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small frames at once (TCP_NODELAY) only on sockets that name their protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another port with PORT=…"
        ) from None
    return listener
