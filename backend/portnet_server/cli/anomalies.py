"""`portnet anomalies`: what the agencies sent that could not be applied as it came, with the reason."""

from __future__ import annotations

import asyncio

import click

from portnet.domain.anomaly import Anomaly, AnomalyState
from portnet.domain.business_hours import CASABLANCA
from portnet.ports.reading import PageSize
from portnet.storage.engines import DatabaseError, open_database
from portnet.storage.repositories.agency import AgencyRepository
from portnet_server.bootstrap import database_url
from portnet_server.cli.settings import demo_settings
from portnet_server.config import Config


@click.command()
@click.option("--all", "every", is_flag=True, help="Those that were settled, too.")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True)
def anomalies(every: bool, most: int) -> None:
    """List messages that are parked or wait for the help desk, newest first."""
    config = demo_settings()
    states = tuple(AnomalyState) if every else (AnomalyState.PARKED, AnomalyState.OPEN)
    path = config.sqlite_path
    if path is not None and not path.exists():
        raise click.ClickException(f"{path} does not exist: nothing has run here yet")
    try:
        found = asyncio.run(_anomalies(config, states, most))
    except DatabaseError as error:
        raise click.ClickException(f"the database cannot be read: {error}") from None
    if not found:
        click.echo("none")
    for anomaly in found:
        at = anomaly.received_at.astimezone(CASABLANCA).strftime("%d/%m %H:%M:%S")
        detail = "".join(
            c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in anomaly.detail
        )
        line = f"{at}  {anomaly.source:<7} {anomaly.state:<9} {anomaly.reason:<18} {detail}"
        click.echo(f"{line}  [{anomaly.receipt}]")


async def _anomalies(
    config: Config, states: tuple[AnomalyState, ...], most: int
) -> tuple[Anomaly, ...]:
    database = open_database(database_url(config))
    await database.start()
    try:
        page = await AgencyRepository(database).anomalies(states, PageSize(most))
    finally:
        await database.stop()
    return page.items
