"""What a Piccolo table says of itself, typed. Piccolo keeps it under a name that looks private but is not."""

from __future__ import annotations

from typing import Any

import msgspec
from piccolo.engine import Engine
from piccolo.table import Table


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A table's name and columns as the database knows them, in the table's own order."""

    name: str
    columns: tuple[str, ...]
    primary_key: str


def description(table: type[Table]) -> Description:
    meta = table._meta  # pyright: ignore[reportPrivateUsage]  # Piccolo's documented name
    columns = tuple(
        column._meta.db_column_name  # pyright: ignore[reportPrivateUsage]  # as above
        for column in meta.columns
    )
    return Description(name=meta.tablename, columns=columns, primary_key=columns[0])


def bind_table(table: type[Table], engine: Engine[Any]) -> None:
    """Make every query of ``table`` go through ``engine``."""
    table._meta.db = engine  # pyright: ignore[reportPrivateUsage]  # as above
