"""`portnet config`: what the settings are, secrets masked."""

from __future__ import annotations

import click

from portnet_server.cli.settings import settings
from portnet_server.config import describe


@click.command()
def config() -> None:
    """Show every setting as it is read from the environment."""
    for variable, shown in describe(settings()).items():
        click.echo(f"{variable}={shown}")
