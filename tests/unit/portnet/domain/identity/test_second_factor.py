"""What an account's second factor decides: which code counts, for what, how often, and when to come back."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from portnet.domain.identity.proof import Proven, Unproven
from portnet.domain.identity.second_factor import (
    CHALLENGE,
    MISSES_WINDOW,
    MOST_CHALLENGES,
    MOST_MISSES,
    STEP_SECONDS,
    Evidence,
    FactorState,
    Method,
    Occasion,
    RecoveryCode,
    SecondFactor,
    Totp,
    TotpCode,
    answered,
    awaits,
    challenged,
    confirmed,
    enrolled,
    seconds_to_wait,
    throttled,
)

NOW = datetime(2026, 11, 22, 11, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // STEP_SECONDS
RIGHT = TotpCode(step=STEP)
TOTP = Totp(sealed="box", recovery=("hash-1", "hash-2"), since=NOW)
NONE = SecondFactor(user="u", company="c")
HAS = msgspec.structs.replace(NONE, active=TOTP)
MOMENT = timedelta(microseconds=1)


def waiting(operation: str = "op", now: datetime = NOW) -> SecondFactor:
    return challenged(HAS, operation, now)[0]


def answer(
    factor: SecondFactor, evidence: Evidence, operation: str = "op", now: datetime = NOW
) -> tuple[SecondFactor, Proven | Unproven]:
    return answered(factor, operation, Occasion.STEP_UP, evidence, now)


def missed(factor: SecondFactor, times: int, occasion: Occasion = Occasion.STEP_UP) -> SecondFactor:
    for n in range(times):
        factor, _ = answered(factor, "op", occasion, None, NOW + n * timedelta(minutes=1))
    return factor


def test_a_code_proves_the_operation_that_waits_for_it_once() -> None:
    factor, outcome = answer(waiting(), RIGHT)
    assert outcome == Proven(by="u", at=NOW)
    assert factor.active is not None
    assert factor.active.last_step == STEP
    assert not awaits(factor, "op", NOW)
    again, outcome = answer(factor, TotpCode(step=STEP + 1))
    assert outcome is Unproven.REQUIRED
    assert awaits(again, "op", NOW)


def test_a_code_for_another_operation_is_not_looked_at() -> None:
    factor, outcome = answer(waiting("one"), RIGHT, "two")
    assert outcome is Unproven.REQUIRED
    assert factor.active == TOTP
    assert awaits(factor, "one", NOW)
    assert awaits(factor, "two", NOW)


@pytest.mark.parametrize("step", [STEP, STEP - 1])
def test_a_time_step_that_has_passed_counts_no_more(step: int) -> None:
    used, _ = answer(waiting(), RIGHT)
    factor, _ = challenged(used, "other", NOW)
    same, outcome = answer(factor, TotpCode(step=step), "other")
    assert (same, outcome) == (factor, Unproven.USED)
    _, outcome = answer(factor, TotpCode(step=STEP + 1), "other")
    assert isinstance(outcome, Proven)


@pytest.mark.parametrize(
    ("after", "waits"), [(CHALLENGE - MOMENT, True), (CHALLENGE, False), (timedelta(0), True)]
)
def test_a_challenge_lasts_five_minutes(after: timedelta, waits: bool) -> None:
    assert awaits(waiting(), "op", NOW + after) is waits
    _, outcome = answer(waiting(), RIGHT, now=NOW + after)
    assert isinstance(outcome, Proven) is waits


def test_who_has_no_second_factor_is_told_so() -> None:
    assert challenged(NONE, "op", NOW) == (NONE, Unproven.MISSING)
    assert answer(NONE, RIGHT) == (NONE, Unproven.MISSING)
    assert (NONE.state, NONE.methods) == (FactorState.NONE, ())


def test_five_wrong_codes_are_enough_and_pass_one_by_one() -> None:
    factor = missed(waiting(), MOST_MISSES - 1)
    assert not throttled(factor, Occasion.STEP_UP, NOW + timedelta(minutes=4))
    factor = missed(waiting(), MOST_MISSES)
    later = NOW + timedelta(minutes=4)
    assert throttled(factor, Occasion.STEP_UP, later)
    assert answer(factor, RIGHT, now=later) == (factor, Unproven.THROTTLED)
    assert seconds_to_wait(factor, Occasion.STEP_UP, later) == 11 * 60
    over = NOW + MISSES_WINDOW
    assert throttled(factor, Occasion.STEP_UP, over - MOMENT)
    assert not throttled(factor, Occasion.STEP_UP, over)


def test_wrong_codes_at_sign_in_do_not_stop_who_is_signed_in() -> None:
    factor = missed(waiting(), MOST_MISSES, Occasion.SIGN_IN)
    assert throttled(factor, Occasion.SIGN_IN, NOW)
    assert not throttled(factor, Occasion.STEP_UP, NOW)
    assert isinstance(answer(factor, RIGHT)[1], Proven)


def test_a_right_code_forgets_the_wrong_ones_of_its_own_occasion() -> None:
    factor = missed(missed(waiting(), 3), 2, Occasion.SIGN_IN)
    proven, _ = answer(factor, RIGHT)
    assert [miss.occasion for miss in proven.misses] == [Occasion.SIGN_IN] * 2


def test_a_recovery_code_works_once() -> None:
    first, outcome = answer(waiting(), RecoveryCode(hash="hash-1"))
    assert isinstance(outcome, Proven)
    assert first.active is not None
    assert (first.active.recovery, first.active.last_step) == (("hash-2",), -1)
    again, _ = challenged(first, "op", NOW)
    refused, outcome = answer(again, RecoveryCode(hash="hash-1"))
    assert outcome is Unproven.WRONG
    assert len(refused.misses) == 1


def test_recovery_is_offered_while_there_are_codes() -> None:
    assert HAS.methods == (Method.TOTP, Method.RECOVERY_CODE)
    bare = msgspec.structs.replace(HAS, active=msgspec.structs.replace(TOTP, recovery=()))
    assert bare.methods == (Method.TOTP,)


def test_challenges_do_not_pile_up() -> None:
    factor = HAS
    for n in range(MOST_CHALLENGES + 3):
        factor, _ = challenged(factor, f"op-{n}", NOW)
    assert len(factor.challenges) == MOST_CHALLENGES
    assert not awaits(factor, "op-2", NOW)
    assert awaits(factor, "op-3", NOW)
    factor, _ = challenged(factor, "late", NOW + CHALLENGE)
    assert [challenge.operation for challenge in factor.challenges] == ["late"]


def test_an_authenticator_counts_from_its_first_code_on() -> None:
    pending = enrolled(NONE, TOTP)
    assert pending.state is FactorState.NONE
    for wrong in (None, RecoveryCode(hash="hash-1")):
        same, outcome = confirmed(pending, wrong, NOW)
        assert outcome is Unproven.WRONG
        assert same.active is None
    factor, outcome = confirmed(pending, RIGHT, NOW)
    assert isinstance(outcome, Proven)
    assert (factor.state, factor.pending, factor.at_sign_in) == (FactorState.TOTP, None, True)
    waits, _ = challenged(factor, "op", NOW)
    assert answer(waits, RIGHT)[1] is Unproven.USED


def test_the_one_in_force_stays_until_the_new_one_is_confirmed() -> None:
    other = msgspec.structs.replace(TOTP, sealed="other box", recovery=())
    both = enrolled(waiting(), other)
    assert both.active == TOTP
    assert isinstance(answer(both, RIGHT)[1], Proven)
    factor, _ = confirmed(both, RIGHT, NOW)
    assert factor.active is not None
    assert factor.active.sealed == "other box"
    assert factor.challenges == ()


def test_guessing_the_first_code_is_stopped_as_well() -> None:
    factor = enrolled(NONE, TOTP)
    for _ in range(MOST_MISSES):
        factor, outcome = confirmed(factor, None, NOW)
        assert outcome is Unproven.WRONG
    assert confirmed(factor, RIGHT, NOW) == (factor, Unproven.THROTTLED)
    assert confirmed(NONE, RIGHT, NOW) == (NONE, Unproven.MISSING)


def test_the_wait_for_the_next_code_is_told_in_seconds() -> None:
    assert seconds_to_wait(HAS, Occasion.STEP_UP, NOW) == 0
    used, _ = answer(waiting(), RIGHT)
    assert seconds_to_wait(used, Occasion.STEP_UP, NOW) == 20
    assert seconds_to_wait(used, Occasion.STEP_UP, NOW + timedelta(seconds=20)) == 0
    ahead, _ = answer(waiting(), TotpCode(step=STEP + 1))
    assert seconds_to_wait(ahead, Occasion.STEP_UP, NOW) == 50


def test_a_secret_is_not_in_what_is_printed() -> None:
    assert "box" not in repr(HAS)
    assert "hash-1" not in repr(HAS)
