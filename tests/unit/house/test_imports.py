"""Who may import whom: import-linter's contracts, and a domain that only computes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.house.tree import PACKAGES, ROOT, parsed, shown

# The domain may know these two; python-stdnum checks identifiers without I/O.
DOMAIN_LIBRARIES = frozenset({"msgspec", "stdnum", "portnet"})
# Each would bring a clock, chance, a log or the outside world into the domain.
IMPURE = frozenset(
    {"asyncio", "contextvars", "ctypes", "glob", "importlib", "io", "locale", "logging"}
    | {"multiprocessing", "os", "pathlib", "platform", "queue", "random", "sched", "secrets"}
    | {"select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess"}
    | {"sys", "tempfile", "threading", "time", "urllib", "warnings"}
)
# The time zone comes out of the tzdata wheel, so that no machine's own copy decides a deadline.
READS_A_WHEEL = {"business_hours.py": {"importlib"}}
CLOCKS = frozenset({"now", "today", "utcnow"})
DOMAIN = sorted((PACKAGES["portnet"] / "domain").rglob("*.py"))


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", DOMAIN, ids=shown)
def test_the_domain_only_computes(path: Path) -> None:
    imported = {name.split(".")[0] for name in _imports(parsed(path))}
    assert imported & IMPURE <= READS_A_WHEEL.get(path.name, set())
    assert imported - sys.stdlib_module_names <= DOMAIN_LIBRARIES


@pytest.mark.parametrize("path", DOMAIN, ids=shown)
def test_the_domain_asks_no_clock_and_never_waits(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"{shown(path)}:{node.lineno}"


def _imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
