"""Reference tables as operators imported them."""

from __future__ import annotations

from piccolo.columns import BigInt, Text
from piccolo.table import Table


class ReferenceRowTable(Table, tablename="reference_row"):
    """What operators imported, the key is (table_name, code); ``cells`` is JSON by the names of the columns."""

    table_name = Text(primary_key=True)
    code = Text()
    cells = Text()


class ReferenceImportTable(Table, tablename="reference_import"):
    """The last import of each table; ``generation`` grows with each."""

    table_name = Text(primary_key=True)
    generation = BigInt()
    imported_at = BigInt()
    imported_by = Text()
