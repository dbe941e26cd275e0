"""A new procedure needs a TOML file and nothing else: no code, no new app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from portnet.storage.engines import EngineName, open_database
from tests.integration.graphql_api.test_feeds import FEED, cursors, hear
from tests.integration.graphql_api.world import World
from tests.support.catalogue import CODE, added_procedure
from tests.support.databases import Databases

PERMIT = {"CERT": "CERT-26-000042"}
DOSSIERS = """{ dossiers { nodes { status
  whatNow { action actionCode holder { label } } procedures { nodes {
    kind { code version label } state { code label final outcome } agency { code } } } } } }"""
ALERTS = "{ alerts { nodes { code text } } }"


@pytest.fixture
async def world(engine_name: EngineName, migrated_databases: Databases) -> AsyncIterator[World]:
    url = await migrated_databases.fresh_database(engine_name)
    database = open_database(url)
    await database.start()
    async with World(database, procedures=[added_procedure(1)]) as world:
        yield world
    await database.stop()
    await migrated_databases.drop(url)


async def test_an_added_procedure_reaches_the_phone(world: World) -> None:
    await world.post("ONSSA", f"{CODE}.registered", PERMIT)
    after = (await cursors(world, "declarant"))["COMPANY"]
    async with aclosing(await world.follow("declarant", FEED, after=after)) as live:
        granted = asyncio.create_task(hear(live, 1))
        await world.post("ONSSA", f"{CODE}.granted", PERMIT)
        [frame] = await granted
    assert frame["item"]["procedure"]["state"]["code"] == "GRANTED"
    [dossier] = (await world.data("declarant", DOSSIERS))["dossiers"]["nodes"]
    assert dossier["status"] == "DONE"
    [procedure] = dossier["procedures"]["nodes"]
    assert procedure["kind"] == {
        "code": CODE,
        "version": 1,
        "label": "Agrément d'entrepôt frigorifique",
    }
    assert procedure["agency"] == {"code": "ONSSA"}
    told = (await world.data("declarant", ALERTS))["alerts"]["nodes"]
    assert {alert["code"] for alert in told} == {"A04", "A21"}
