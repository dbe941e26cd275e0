"""A `portnet serve` over a new SQLite file that knows a benchmark's cast, its gateways in another process."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.cast import PASSWORD, Cast, store
from benchmarks.live.phones import Account
from benchmarks.live.processes import free_port
from benchmarks.live.processes import running as running_process
from portnet_server.bootstrap import Role, running
from portnet_server.config import Config, read_config
from portnet_server.demo.accounts import SOURCES
from portnet_server.demo.keys import new_keys, write_keys


def accounts(cast: Cast) -> list[Account]:
    """Everybody of the cast, to sign in as."""
    return [
        Account(login=member.user.login, password=PASSWORD, company=firm.company.id)
        for firm in cast.firms
        for member in firm.members
    ]


@asynccontextmanager
async def serving(folder: Path, cast: Cast) -> AsyncGenerator[str]:
    """The URL of the server; the agencies' keys are in ``folder / "keys.json"``."""
    push, sms, port = free_port(), free_port(), free_port()
    settings = {
        "PORTNET_MODE": "development",
        "PORTNET_DATA_DIR": str(folder),
        "PORTNET_SECRET": secrets.token_hex(32),
        "PORTNET_LOG_LEVEL": "WARNING",
        "PORTNET_PUSH_URLS": f"pnpush://127.0.0.1:{push}/v1/projects/demo",
        "PORTNET_SMS_URLS": f"pnsms://127.0.0.1:{sms}/sms",
        "PORT": str(port),
    }
    await _seed(read_config(settings), folder, cast)
    gateways = ("--push-port", str(push), "--sms-port", str(sms))
    async with (
        running_process("portnet_mobile.gateways", *gateways, ready="SMS ", settings={}),
        running_process("portnet_server.cli", "serve", ready="listening on", settings=settings),
    ):
        yield f"http://127.0.0.1:{port}"


async def _seed(config: Config, folder: Path, cast: Cast) -> None:
    async with running(config, config.secret or b"", Role.WEB) as house:
        await store(house.units, cast, await house.passwords.hash(PASSWORD))
        keys = new_keys(SOURCES, house.clock)
        for key in keys:
            await house.keyring.save(key)
        write_keys(folder / "keys.json", keys)
