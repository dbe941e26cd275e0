"""How much the tests try: quick by default, the same each time; in full before an issue is resolved."""

import os
from typing import Final

from hypothesis import HealthCheck, settings

#: Whether PORTNET_TEST_VOLUME asks for everything.
FULL: Final = os.environ.get("PORTNET_TEST_VOLUME") == "full"

# No deadlines: other work on the machine is no failure of ours.
settings.register_profile(
    "quick", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full",
    deadline=None,
    max_examples=1_000,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)


def use_volume() -> None:
    """Make hypothesis try as much as was asked for."""
    settings.load_profile("full" if FULL else "quick")


def volume(quick: int, full: int) -> int:
    """How many of something to try."""
    return full if FULL else quick
