"""Piccolo's name for this component: its tables and where their migrations are."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig

from portnet.storage.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="portnet",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=list(TABLES),
    migration_dependencies=[],
    commands=[],
)
