"""`portnet config`: what the settings are, secrets masked."""

from __future__ import annotations

import click

from portnet_server.cli.settings import secret_of, settings
from portnet_server.config import describe
from portnet_server.gateway import public_half, signing_key


@click.command()
@click.option(
    "--public-key", is_flag=True, help="Show what agencies check our own messages with instead."
)
def config(public_key: bool) -> None:
    """Show every setting as it is read from the environment."""
    if public_key:
        key = signing_key(secret_of(settings()))
        click.echo(f"{key.id} {public_half(key).hex()}")
        return
    for variable, shown in describe(settings()).items():
        click.echo(f"{variable}={shown}")
