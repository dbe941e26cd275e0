"""What the guards read: the repository's own files, without set-up, caches and what runs leave."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
COMPONENTS = ("backend", "graphql", "notifications", "mobile_mock")
PACKAGES = {
    "portnet": ROOT / "backend/portnet",
    "portnet_graphql": ROOT / "graphql/portnet_graphql",
    "portnet_mobile": ROOT / "mobile_mock/portnet_mobile",
    "portnet_notifications": ROOT / "notifications/portnet_notifications",
    "portnet_server": ROOT / "backend/portnet_server",
}
CODE = frozenset({".py", ".ts", ".tsx"})

_ROOMS = (*COMPONENTS, ".ci", "benchmarks", "docs", "requirements", "tests")
_NOT_OURS = frozenset({"__pycache__", "node_modules", "dist", ".data"})


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, sorted; found by walking, so that it needs no git."""
    top = (path for path in ROOT.iterdir() if path.is_file())
    deep = (path for room in _ROOMS for path in _walk(ROOT / room))
    return tuple(sorted([*top, *deep]))


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and path.name not in _NOT_OURS:
            yield from _walk(path)
        elif path.is_file():
            yield path


def code() -> list[Path]:
    return [path for path in files() if path.suffix in CODE]


def python(*rooms: str) -> list[Path]:
    """The Python files under the named top-level folders."""
    return [path for path in code() if path.suffix == ".py" and shown(path).split("/")[0] in rooms]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=shown(path))


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
