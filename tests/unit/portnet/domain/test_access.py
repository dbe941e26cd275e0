"""A mandate covers an instant, or it does not."""

from datetime import datetime, timedelta

import msgspec
import pytest

from portnet.domain.access import Mandate
from tests.support.clock import NOON

MOMENT = timedelta(microseconds=1)
YEAR = timedelta(days=365)
MANDATE = Mandate(id="m", company="c", broker="b", starts_at=NOON, ends_at=NOON + YEAR)
OPEN = msgspec.structs.replace(MANDATE, ends_at=None)
REVOKED = msgspec.structs.replace(OPEN, revoked_at=NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("mandate", "at", "covered"),
    [
        (MANDATE, NOON - MOMENT, False),
        (MANDATE, NOON, True),
        (MANDATE, NOON + YEAR - MOMENT, True),
        (MANDATE, NOON + YEAR, False),
        (OPEN, NOON + 100 * YEAR, True),
        (OPEN, NOON - MOMENT, False),
        (REVOKED, NOON, True),
        (REVOKED, NOON + timedelta(days=1) - MOMENT, True),
        (REVOKED, NOON + timedelta(days=1), False),
    ],
)
def test_a_mandate_covers_from_its_start_until_just_before_its_end(
    mandate: Mandate, at: datetime, covered: bool
) -> None:
    assert mandate.covers(at) is covered
