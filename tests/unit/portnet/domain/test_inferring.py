"""The steps that a source must have taken: one way, all its own, and nothing that somebody decides or pays."""

import pytest

from portnet.domain.inferring import skipped
from tests.support.scenarios import catalogue

DUM = catalogue().definition("DUM_IMPORT", 1)
ONSSA = catalogue().definition("ONSSA_IMPORT", 1)


@pytest.mark.parametrize(
    ("state", "event", "steps"),
    [
        ("RECEIVED", "channel_green", ["registered"]),
        ("VISIT_TO_SET", "visit_done", ["visit_set"]),
        ("RELEASED", "exited", ["exit_authorised"]),
        # Three channels lead there.
        ("REGISTERED", "liquidated", []),
        # A payment.
        ("LIQUIDATED", "released", []),
        # The end of a hold.
        ("AGENCY_HOLD", "released", []),
        # The manager's decision.
        ("REDRESSED", "liquidated", []),
        # No way at all: it is past, or over.
        ("PAID", "channel_green", []),
        ("EXITED", "released", []),
        ("PAID", "unheard_of", []),
    ],
)
def test_customs_own_steps(state: str, event: str, steps: list[str]) -> None:
    assert [step.event for step in skipped(DUM, state, "BADR", event)] == steps


def test_nobody_elses_step_is_inferred() -> None:
    assert skipped(DUM, "RELEASED", "ONSSA", "exited") == ()
    assert [s.event for s in skipped(ONSSA, "RECEIVED", "ONSSA", "doc_ok")] == ["registered"]
