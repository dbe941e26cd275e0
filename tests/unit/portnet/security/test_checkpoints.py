"""A checkpoint says what this server signed, or nothing."""

from datetime import UTC, datetime

import pytest

from portnet.domain.audit import Head
from portnet.security.checkpoints import Heads, UntrustedCheckpoint, opened, public_half, sealed

SECRET, ANOTHER = b"s" * 32, b"t" * 32
AT = datetime(2026, 11, 22, 8, 14, 5, 123_456, tzinfo=UTC)
HEADS = (Head(company="c1", position=7, hash="ab" * 32), Head(company="c2", position=1, hash="00"))
FILE = sealed(HEADS, AT, SECRET)


def test_it_says_what_was_sealed() -> None:
    assert opened(FILE, [public_half(SECRET)]) == Heads(at=AT, heads=HEADS)
    assert opened(FILE, [public_half(ANOTHER), public_half(SECRET)]).by_company["c1"] == HEADS[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        FILE[:-3],
        FILE.replace(b'"position":7', b'"position":6'),
        FILE.replace(b'"signature":"', b'"signature":"zz'),
        FILE.replace(b'"c1"', b'"c9"'),
        sealed(HEADS, AT, ANOTHER),
    ],
)
def test_anything_else_is_not_trusted(data: bytes) -> None:
    with pytest.raises(UntrustedCheckpoint):
        opened(data, [public_half(SECRET)])
