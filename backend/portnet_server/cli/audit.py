"""`portnet audit`: is the trail as it was written? And signed checkpoints, to be kept elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from portnet.domain.audit import Breach
from portnet.security.checkpoints import Heads, UntrustedCheckpoint, opened, public_half, sealed
from portnet.storage.engines import Database, DatabaseError, open_database
from portnet.storage.log.audit import Audited, heads
from portnet_server.bootstrap import database_url
from portnet_server.cli.settings import demo_settings, secret_of
from portnet_server.config import Config
from portnet_server.system import SystemClock

#: Exit codes: the trail is broken; it could not be checked.
BROKEN, UNREADABLE = 1, 2
_SAID = {
    Breach.CHANGED: "was changed, or took another's place",
    Breach.MISSING: "is missing",
    Breach.TRUNCATED: "and what followed it up to the checkpoint are cut off",
    Breach.REWRITTEN: "is not what the checkpoint saw",
}


class _CannotCheck(click.ClickException):
    exit_code = UNREADABLE


@click.group()
def audit() -> None:
    """The audit trail: who did what, chained so that no line changes unseen."""


@audit.command()
@click.option("--company", metavar="ID", help="Only this company's chain.")
@click.option(
    "--against",
    "checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept elsewhere: finds what was cut off or rewritten since.",
)
@click.option(
    "--key", metavar="HEX", help="The public key that signed it; this server's otherwise."
)
def verify(company: str | None, checkpoint: Path | None, key: str | None) -> None:
    """Check every line of every chain. Exit code 1: broken, 2: it cannot be checked."""
    config = _settings()
    seen = None if checkpoint is None else _opened(checkpoint, key, config)
    try:
        broken, counted = asyncio.run(_verified(config, company, seen))
    except (DatabaseError, ValueError) as error:
        raise _CannotCheck(f"the trail cannot be read: {error}") from None
    if seen is not None:
        click.echo(f"compared with the checkpoint of {seen.at.isoformat()}")
    click.echo(f"{counted}, {broken:,} broken")
    if broken:
        raise SystemExit(BROKEN)


@audit.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file."
)
def checkpoint(out: Path) -> None:
    """Write down, signed, how far every chain has come. Keep the file where this server cannot write."""
    config = _settings()
    secret = secret_of(config)
    try:
        now = asyncio.run(_heads(config))
    except DatabaseError as error:
        raise _CannotCheck(f"the trail cannot be read: {error}") from None
    out.write_bytes(sealed(now.heads, now.at, secret))
    click.echo(f"{out}: {len(now.heads):,} chains, signed by {public_half(secret).hex()}")


def _settings() -> Config:
    config = demo_settings()
    path = config.sqlite_path
    if path is not None and not path.exists():
        raise _CannotCheck(f"{path} does not exist: nothing has run here yet")
    return config


def _opened(path: Path, key: str | None, config: Config) -> Heads:
    try:
        keys = [bytes.fromhex(key)] if key else _own_keys(config)
        return opened(path.read_bytes(), keys)
    except (UntrustedCheckpoint, ValueError) as error:
        raise _CannotCheck(f"{path}: {error}") from None


def _own_keys(config: Config) -> list[bytes]:
    return [public_half(secret) for secret in (secret_of(config), *config.previous_secrets)]


async def _verified(config: Config, company: str | None, seen: Heads | None) -> tuple[int, str]:
    database = await _started(config)
    try:
        audited = Audited(database, company, seen.by_company if seen else None)
        broken = 0
        async for finding in audited.findings():
            broken += 1
            click.echo(f"{finding.company}: line {finding.position:,} {_SAID[finding.breach]}")
        return broken, f"{audited.records:,} lines of {audited.companies:,} chains"
    finally:
        await database.stop()


async def _heads(config: Config) -> Heads:
    database = await _started(config)
    try:
        return Heads(at=SystemClock().now(), heads=tuple(await heads(database)))
    finally:
        await database.stop()


async def _started(config: Config) -> Database:
    database = open_database(database_url(config))
    await database.start()
    return database
