"""The declarant's app, over each database."""

import pytest

from tests.integration.graphql_api.declaring.app import App
from tests.integration.graphql_api.world import World


@pytest.fixture
def app(world: World) -> App:
    return App(world)
