"""Fixtures of the whole house: a server over a database with the demo's people, and an end to each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.house.furnishing import (
    furnished_databases,
    furnished_url,
    keys_file,
    keys_folder,
)
from tests.support.house.opening import OpenHouse, open_house
from tests.support.house.patience import giving_up_after

__all__ = ["furnished_databases", "furnished_url", "keys_file", "keys_folder"]

_LONGEST = 60


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Each test ends."""
    with giving_up_after(_LONGEST):
        yield


@pytest.fixture
async def house(
    furnished_url: str,
    tmp_path: Path,
    keys_file: Path,
) -> AsyncIterator[OpenHouse]:
    """A server with mock gateways and agencies that can post; nothing has happened yet."""
    async with open_house(furnished_url, tmp_path, keys_file) as house:
        yield house
