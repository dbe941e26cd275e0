"""`portnet rebuild`: the read model made again from the log, or compared with it; the indicators counted again."""

from __future__ import annotations

import asyncio
import time

import click

from portnet.catalogue import load_catalogue
from portnet.storage.engines import Database, DatabaseError, open_database
from portnet.storage.log.rebuild import Outcome, rebuild_into, recount, verify
from portnet.storage.migrate import migrate
from portnet_notifications.catalogue import ALERTS
from portnet_server.bootstrap import database_url
from portnet_server.cli.settings import demo_settings
from portnet_server.config import Config
from portnet_server.system import GrowingIds, SystemClock


@click.command()
@click.option("--verify", "only_verify", is_flag=True, help="Change nothing: say what differs.")
@click.option("--into", metavar="URL", help="Write into another database, made for it.")
@click.option("--indicators", is_flag=True, help="Have the indicators counted again, instead.")
def rebuild(only_verify: bool, into: str | None, indicators: bool) -> None:
    """Make dossiers, procedures, timelines, references and alerts again from the log of events.

    In place, and with every server and worker stopped, unless --verify or --into is given.
    """
    if only_verify + indicators + (into is not None) > 1:
        raise click.UsageError("choose one of --verify, --into and --indicators")
    config = demo_settings()
    path = config.sqlite_path
    if path is not None and not path.exists():
        raise click.ClickException(f"{path} does not exist: nothing has run here yet")
    try:
        if indicators:
            click.echo(asyncio.run(_recounted(config)))
            return
        began = time.monotonic()
        outcome = asyncio.run(_verified(config) if only_verify else _rebuilt(config, into))
    except (DatabaseError, ValueError) as error:
        raise click.ClickException(f"the log cannot be read: {error}") from None
    seconds = time.monotonic() - began
    for difference in outcome.differences:
        click.echo(str(difference))
    click.echo(
        f"{outcome.events:,} events, {outcome.rows:,} rows, {outcome.different:,} differences,"
        f" {seconds:.1f} s"
    )
    if outcome.different:
        raise SystemExit(1)


async def _verified(config: Config) -> Outcome:
    database = await _started(database_url(config))
    try:
        return await verify(database, load_catalogue(frozenset(ALERTS)))
    finally:
        await database.stop()


async def _rebuilt(config: Config, into: str | None) -> Outcome:
    catalogue = load_catalogue(frozenset(ALERTS))
    source = await _started(database_url(config))
    try:
        if into is None:
            return await rebuild_into(source, source, catalogue)
        target = await _started(into)
        try:
            await migrate(target)
            return await rebuild_into(source, target, catalogue)
        finally:
            await target.stop()
    finally:
        await source.stop()


async def _recounted(config: Config) -> str:
    database = await _started(database_url(config))
    clock = SystemClock()
    try:
        count = await recount(database, clock, GrowingIds(clock))
    finally:
        await database.stop()
    return f"{count:,} dossiers will be counted again by the workers"


async def _started(url: str) -> Database:
    database = open_database(url)
    await database.start()
    return database
