"""`portnet schema`: the GraphQL contract, generated, committed and reviewed."""

from __future__ import annotations

from pathlib import Path

import click

from portnet_graphql.schema import printed_schema

_CONTRACT = Path("graphql/schema.graphql")


@click.group()
def schema() -> None:
    """The GraphQL contract."""


@schema.command()
@click.option("--to", "path", type=click.Path(path_type=Path), default=_CONTRACT, show_default=True)
def export(path: Path) -> None:
    """Write the contract."""
    path.write_text(printed_schema(), encoding="utf-8")
    click.echo(f"wrote {path}")


@schema.command()
@click.option(
    "--against", "path", type=click.Path(path_type=Path), default=_CONTRACT, show_default=True
)
def check(path: Path) -> None:
    """Fail unless the committed contract is the one of the code."""
    if not path.exists() or path.read_text(encoding="utf-8") != printed_schema():
        raise click.ClickException(
            f"{path} is not the code's contract: run `portnet schema export`"
        )
    click.echo(f"{path} is the code's contract")
