"""Where Piccolo looks for its engine; `bind` fills it in, since the engine comes from the composed configuration."""

from __future__ import annotations

from typing import Any

from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppRegistry
from piccolo.engine import Engine
from piccolo.table import Table

from portnet.storage.description import bind_table
from portnet.storage.tables import TABLES

DB: Engine[Any] | None = None
APP_REGISTRY = AppRegistry(apps=["portnet.storage.piccolo_app"])


_BOUND: tuple[type[Table], ...] = (*TABLES, Migration)


def bind(engine: Engine[Any]) -> None:
    """Make ``engine`` the one of every table, of migrations too. Process-wide: one database per process."""
    globals()["DB"] = engine
    for table in _BOUND:
        bind_table(table, engine)
