"""Whatever a use case did, the log tells the whole of it."""

from collections.abc import AsyncIterator

import pytest

from portnet.storage.log.rebuild import verify
from tests.support.world import World


@pytest.fixture
async def world(world: World) -> AsyncIterator[World]:
    """The cast, nothing said yet; in the end the read model must be what the log says."""
    yield world
    outcome = await verify(world.database, world.catalogue)
    assert list(map(str, outcome.differences)) == []
