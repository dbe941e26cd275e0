"""DDL that both engines read the same way, run through Piccolo inside the migration's transaction."""

from __future__ import annotations

from typing import Any

from piccolo import engine as engines
from piccolo.querystring import QueryString

#: The one type that the engines name differently.
_BYTES = {"sqlite": "BLOB", "postgres": "BYTEA"}


async def run_statements(script: str) -> None:
    """Run the statements of ``script``, separated by semicolons; ``{bytes}`` is the engine's binary type."""
    engine = _engine()
    typed = script.replace("{bytes}", _BYTES[engine.engine_type])
    for statement in typed.split(";"):
        if statement.strip():
            await engine.run_querystring(QueryString(statement.strip()))


async def run_on(engine_type: str, *statements: str) -> None:
    """Run what only one engine (``sqlite`` or ``postgres``) needs; nothing on the other."""
    engine = _engine()
    if engine.engine_type == engine_type:
        for statement in statements:
            await engine.run_querystring(QueryString(statement))


def _engine() -> Any:
    find: Any = engines.engine_finder  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # its engine is generic
    engine: Any = find()
    if engine is None:
        raise RuntimeError("migrations run without an engine")
    return engine
