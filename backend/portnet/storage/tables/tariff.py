"""The tariff: the edition in force, and one that is being loaded. Both engines keep an index of their words."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class TariffEditionTable(Table, tablename="tariff_edition"):
    """``in_force`` is 1 for one of them; ``shipped`` is the fingerprint of the lines that came with the code."""

    edition = BigInt(primary_key=True)
    in_force = BigInt()
    shipped = Text(null=True)
    loaded_at = BigInt()
    loaded_by = Text()


class TariffLineTable(Table, tablename="tariff_line"):
    """``id`` holds the edition and the code, so that its order is the tariff's; ``words`` are what searches compare."""

    id = BigInt(primary_key=True)
    code = Text()
    fr = Text()
    ar = Text()
    en = Text()
    source = Text()
    verified = BigInt()
    shipped = BigInt()
    words = Text()
