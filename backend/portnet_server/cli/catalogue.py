"""`portnet catalogue`: is what the agencies' procedures say of themselves fit to be published?"""

from __future__ import annotations

import click

from portnet.catalogue import load_catalogue
from portnet.domain.authored import FaultyFile
from portnet_notifications.catalogue import ALERTS


@click.group()
def catalogue() -> None:
    """The procedure definitions."""


@catalogue.command()
def check() -> None:
    """Check every published definition; name all faults at once."""
    try:
        loaded = load_catalogue(frozenset(ALERTS))
    except FaultyFile as error:
        raise click.ClickException(str(error)) from None
    for code, version in sorted(loaded.definitions):
        definition = loaded.definition(code, version)
        open_states = [state for state in definition.states.values() if not state.final]
        click.echo(
            f"{code} v{version}: {len(open_states)} open states, {len(definition.transitions)} transitions"
        )
