"""`portnet audit`: a checkpoint that was kept elsewhere finds what was cut off, and the exit code says so."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portnet.ports.unit_of_work import AuditDraft
from portnet.storage.engines import open_database, query
from portnet.storage.migrate import migrate
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_server.cli.main import main
from tests.support.clock import NOON


async def _written(url: str, count: int) -> None:
    database = open_database(url)
    await database.start()
    await migrate(database)
    for number in range(count):
        async with StorageUnitOfWork(database) as work:
            work.add(AuditDraft(company="c", at=NOON, actor="a", action=f"{number}", subject="s"))
            await work.commit()
    await database.stop()


async def _changed(url: str, sql: str) -> None:
    database = open_database(url)
    await database.start()
    async with database.transaction() as transaction:
        await transaction.commit(query(sql))
    await database.stop()


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    asyncio.run(_written(f"sqlite://{tmp_path / 'p.sqlite'}", 5))
    return {
        "PORTNET_DATABASE_URL": f"sqlite:///{tmp_path / 'p.sqlite'}",
        "PORTNET_SECRET": "11" * 32,
    }


def portnet(environment: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments], env=environment)


def harm(tmp_path: Path, sql: str) -> None:
    asyncio.run(_changed(f"sqlite://{tmp_path / 'p.sqlite'}", sql))


def test_a_whole_trail_verifies(environment: Mapping[str, str]) -> None:
    done = portnet(environment, "verify")
    assert (done.exit_code, done.output) == (0, "5 lines of 1 chains, 0 broken\n")


def test_a_changed_line_is_named(environment: Mapping[str, str], tmp_path: Path) -> None:
    harm(tmp_path, "UPDATE audit SET actor = 'x' WHERE seq = 2")
    done = portnet(environment, "verify", "--company", "c")
    assert done.exit_code == 1
    assert "c: line 2 was changed" in done.output
    assert portnet(environment, "verify", "--company", "other").exit_code == 0


def test_a_checkpoint_finds_what_was_cut_off(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    assert portnet(environment, "checkpoint", "--out", str(kept)).exit_code == 0
    assert portnet(environment, "verify", "--against", str(kept)).exit_code == 0
    harm(tmp_path, "DELETE FROM audit WHERE seq > 3")
    assert portnet(environment, "verify").exit_code == 0
    done = portnet(environment, "verify", "--against", str(kept))
    assert done.exit_code == 1
    assert "line 4 and what followed it up to the checkpoint are cut off" in done.output


def test_a_checkpoint_that_is_not_ours_checks_nothing(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    portnet(environment, "checkpoint", "--out", str(kept))
    stranger = {**environment, "PORTNET_SECRET": "22" * 32}
    assert portnet(stranger, "verify", "--against", str(kept)).exit_code == 2
    rotated = {**stranger, "PORTNET_PREVIOUS_SECRETS": "11" * 32}
    assert portnet(rotated, "verify", "--against", str(kept)).exit_code == 0


def test_what_is_not_there_cannot_be_checked(tmp_path: Path) -> None:
    missing = {"PORTNET_DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite'}"}
    assert portnet(missing, "verify").exit_code == 2
