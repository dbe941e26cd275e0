"""A stage whose managers decide."""

from collections.abc import AsyncIterator

import pytest

from tests.support.acting.stage import Stage, open_stage
from tests.support.world import World


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with open_stage(world) as stage:
        yield stage
