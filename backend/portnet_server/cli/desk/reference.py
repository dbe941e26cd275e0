"""`portnet reference`: the tables of places, offices, codes and the tariff; looked at, extended out of CSV files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import click

from portnet.domain.localised import Localised
from portnet.domain.reference.place import KnownPlace, Office
from portnet.domain.reference.reference_table import FaultyTable, Table, columns
from portnet.domain.reference.references import Listed, References
from portnet.domain.reference.tariff import TariffLine
from portnet.ports.declaring.tariff import TariffEditionGone
from portnet_server.cli.desk.anomalies import with_desk
from portnet_server.desk import Desk

_table = click.argument("table", type=click.Choice([table.value for table in Table]))


@click.group()
def reference() -> None:
    """Places, offices, regimes, banks, tariff headings, documents, the tariff."""


@reference.command(name="list")
@_table
def list_(table: str) -> None:
    """Show TABLE as it is in force: shipped rows, and imported ones in their place."""

    async def current(desk: Desk) -> tuple[References, Sequence[TariffLine]]:
        return desk.references.current, await desk.tariff.lines()

    rows = _rows(*with_desk(current), Table(table))
    for code, label, row in rows:
        sure = "verified" if row.verified else "unverified"
        click.echo(f"{code:<22} {label.fr} | {label.ar} | {label.en}  ({sure}: {row.source})")


@reference.command(name="import")
@_table
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Check the file and change nothing.")
@click.option(
    "--by", "name", default="console", show_default=True, help="Your name, for the trail."
)
def import_(table: str, file: BinaryIO, dry_run: bool, name: str) -> None:
    """Put the rows of a CSV FILE into TABLE, in the place of the last import; all of them or none."""
    chosen = Table(table)
    data: bytes = file.read()
    try:
        if dry_run:
            count = with_desk(lambda desk: _checked(desk, chosen, data))
        else:
            actor = f"console:{name}"
            count = with_desk(lambda desk: _imported(desk, chosen, data, actor))
    except FaultyTable as faulty:
        for fault in faulty.faults:
            click.echo(str(fault), err=True)
        raise click.ClickException(
            f"nothing was imported: {len(faulty.faults)} faults; columns are {','.join(columns(chosen))}"
        ) from None
    except TariffEditionGone:
        raise click.ClickException("nothing was imported: another import began meanwhile") from None
    click.echo(f"{count} rows {'could be imported' if dry_run else 'imported'}")


async def _checked(desk: Desk, table: Table, data: bytes) -> int:
    if table is Table.TARIFF:
        return len(desk.tariff.check(data))
    return len(desk.references.check(table, data))


async def _imported(desk: Desk, table: Table, data: bytes, actor: str) -> int:
    if table is Table.TARIFF:
        return await desk.tariff.import_file(actor, data, desk.references.current.headings)
    return await desk.references.import_table(actor, table, data)


def _rows(
    tables: References, tariff: Sequence[TariffLine], table: Table
) -> list[tuple[str, Localised, KnownPlace | Office | Listed | TariffLine]]:
    found: Mapping[Table, Mapping[str, KnownPlace | Office | Listed | TariffLine]] = {
        Table.PLACES: tables.places,
        Table.OFFICES: tables.offices,
        Table.REGIMES: tables.regimes,
        Table.BANKS: tables.banks,
        Table.HEADINGS: tables.headings,
        Table.DOCUMENTS: tables.documents,
        Table.TARIFF: {line.code: line for line in tariff},
    }
    return [(code, row.label, row) for code, row in sorted(found[table].items())]
