"""Fixtures of a server that will be killed: its database with the demo's people, and an end to each test."""

from collections.abc import Iterator

import pytest

from tests.support.house.furnishing import (
    furnished_databases,
    furnished_url,
    keys_file,
    keys_folder,
)
from tests.support.house.patience import giving_up_after
from tests.support.volume import volume

__all__ = ["furnished_databases", "furnished_url", "keys_file", "keys_folder"]

_LONGEST = volume(quick=120, full=900)


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Each test ends."""
    with giving_up_after(_LONGEST):
        yield
