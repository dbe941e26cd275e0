"""A code answers the operation that waits for it: once, in time, whoever races; on both engines."""

import asyncio
import logging
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.identity.proof import Need, Proof, Proven, Unproven
from portnet.domain.identity.second_factor import CHALLENGE, MISSES_WINDOW, MOST_MISSES
from portnet.services.identity.step_up import FactorAsked
from portnet.storage.repositories.identity.second_factor import SecondFactorRepository
from portnet_server.composition.second_factor import FactorRoom, factor_room
from tests.support.identity.factors import (
    RECOVERY_CODES,
    STEP,
    TOTP_SECRET,
    WRONG,
    enrolled_account,
    shows,
)
from tests.support.scenarios import IMPORTER
from tests.support.world import World

SECRET = b"s" * 32
USER = IMPORTER.people[0]
OTHER = IMPORTER.people[1]
MOMENT = timedelta(microseconds=1)
APPROVE, PAY = "a" * 64, "b" * 64


@pytest.fixture
async def room(world: World) -> FactorRoom:
    room = factor_room(
        world.units, world.database, world.accounts, world.clock, SECRET, (), world.warnings
    )
    await world.write(enrolled_account(room.authenticator, USER, world.clock.now()))
    return room


async def show(
    room: FactorRoom, proof: Proof | None, operation: str = APPROVE, user: str = USER.id
) -> Proven | Unproven:
    return await room.step_up.verify(user, Need.SECOND_FACTOR, operation, proof)


async def trail(world: World) -> list[str]:
    return await world.column("SELECT action FROM audit ORDER BY seq")


async def test_an_operation_is_challenged_and_a_code_answers_it_once(
    world: World, room: FactorRoom
) -> None:
    assert await show(room, None) is Unproven.REQUIRED
    code = shows(world.clock.now())
    assert await show(room, code) == Proven(by=USER.id, at=world.clock.now())
    assert await show(room, code) is Unproven.REQUIRED
    assert await show(room, code) is Unproven.USED
    assert await trail(world) == ["second_factor.shown"]


async def test_a_code_that_came_unasked_is_asked_for(world: World, room: FactorRoom) -> None:
    code = shows(world.clock.now())
    assert await show(room, code) is Unproven.REQUIRED
    assert isinstance(await show(room, code), Proven)


async def test_a_code_for_one_operation_does_not_do_another(world: World, room: FactorRoom) -> None:
    await show(room, None, APPROVE)
    code = shows(world.clock.now())
    assert await show(room, code, PAY) is Unproven.REQUIRED
    assert isinstance(await show(room, code, APPROVE), Proven)
    assert await show(room, code, PAY) is Unproven.USED


async def test_two_operations_within_one_code_need_two_codes(
    world: World, room: FactorRoom
) -> None:
    await show(room, None, APPROVE)
    await show(room, None, PAY)
    assert isinstance(await show(room, shows(world.clock.now()), APPROVE), Proven)
    assert await show(room, shows(world.clock.now()), PAY) is Unproven.USED
    readiness = await room.second_factors.readiness(USER.id)
    assert 0 < readiness.wait_seconds <= STEP.seconds
    assert not readiness.throttled
    world.clock.advance(timedelta(seconds=readiness.wait_seconds))
    assert isinstance(await show(room, shows(world.clock.now()), PAY), Proven)


async def test_of_eight_at_once_one_wins(world: World, room: FactorRoom) -> None:
    await show(room, None)
    code = shows(world.clock.now())
    outcomes = await asyncio.gather(*(show(room, code) for _ in range(8)))
    assert sum(isinstance(outcome, Proven) for outcome in outcomes) == 1
    losers = {outcome for outcome in outcomes if isinstance(outcome, Unproven)}
    assert losers <= {Unproven.REQUIRED, Unproven.USED}
    assert await trail(world) == ["second_factor.shown"]


async def test_of_eight_operations_at_once_one_code_does_one(
    world: World, room: FactorRoom
) -> None:
    operations = [f"{n}" * 64 for n in range(8)]
    for operation in operations:
        await show(room, None, operation)
    code = shows(world.clock.now())
    outcomes = await asyncio.gather(*(show(room, code, one) for one in operations))
    assert sum(isinstance(outcome, Proven) for outcome in outcomes) == 1
    assert outcomes.count(Unproven.USED) == 7


async def test_of_eight_processes_one_wins(world: World, room: FactorRoom) -> None:
    """Nothing is kept in a process: each has parts of its own."""
    await show(room, None)
    recovery = Proof(code=RECOVERY_CODES[0])
    rooms = [
        factor_room(
            world.units, world.database, world.accounts, world.clock, SECRET, (), world.warnings
        )
        for _ in range(8)
    ]
    outcomes = await asyncio.gather(*(show(one, recovery) for one in rooms))
    assert sum(isinstance(outcome, Proven) for outcome in outcomes) == 1


async def test_a_challenge_that_lapsed_is_made_anew(world: World, room: FactorRoom) -> None:
    await show(room, None)
    world.clock.advance(CHALLENGE)
    assert await show(room, shows(world.clock.now())) is Unproven.REQUIRED
    world.clock.advance(CHALLENGE - MOMENT)
    assert isinstance(await show(room, shows(world.clock.now())), Proven)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_phone_whose_clock_is_wrong(
    world: World, room: FactorRoom, steps: int, taken: bool
) -> None:
    await show(room, None)
    outcome = await show(room, shows(world.clock.now() + steps * STEP))
    assert isinstance(outcome, Proven) is taken
    assert isinstance(outcome, Proven) or outcome is Unproven.WRONG


async def test_after_five_wrong_codes_none_is_looked_at(world: World, room: FactorRoom) -> None:
    await show(room, None)
    for _ in range(MOST_MISSES):
        assert await show(room, WRONG) is Unproven.WRONG
    assert await show(room, shows(world.clock.now())) is Unproven.THROTTLED
    assert await show(room, None, PAY) is Unproven.THROTTLED
    readiness = await room.second_factors.readiness(USER.id)
    assert (readiness.throttled, readiness.wait_seconds) == (True, MISSES_WINDOW.seconds)
    world.clock.advance(MISSES_WINDOW)
    assert await show(room, None) is Unproven.REQUIRED
    assert isinstance(await show(room, shows(world.clock.now())), Proven)
    assert await trail(world) == ["second_factor.throttled", "second_factor.shown"]


async def test_eight_wrong_codes_at_once_count_as_five(world: World, room: FactorRoom) -> None:
    await show(room, None)
    outcomes = await asyncio.gather(*(show(room, WRONG) for _ in range(8)))
    assert sorted(map(str, outcomes)) == ["THROTTLED"] * 3 + ["WRONG"] * 5


async def test_a_recovery_code_works_once_and_is_in_the_trail(
    world: World, room: FactorRoom
) -> None:
    recovery = Proof(code=RECOVERY_CODES[0].lower())
    await show(room, None)
    assert isinstance(await show(room, recovery), Proven)
    await show(room, None)
    assert await show(room, recovery) is Unproven.WRONG
    assert isinstance(await show(room, Proof(code=RECOVERY_CODES[1])), Proven)
    assert await trail(world) == ["second_factor.recovery_code_used"] * 2


async def test_who_has_no_second_factor_cannot_show_one(world: World, room: FactorRoom) -> None:
    assert await show(room, shows(world.clock.now()), user=OTHER.id) is Unproven.MISSING
    assert await room.step_up.at_sign_in(OTHER.id, None) is None


async def test_an_approval_is_not_shown_by_a_code(world: World, room: FactorRoom) -> None:
    code = shows(world.clock.now())
    outcome = await room.step_up.verify(USER.id, Need.APPROVAL, APPROVE, code)
    assert outcome is Unproven.MISSING


async def test_a_code_at_sign_in_does_nothing_else(world: World, room: FactorRoom) -> None:
    asked = await room.step_up.at_sign_in(USER.id, None)
    assert isinstance(asked, FactorAsked)
    assert (asked.user, asked.why) == (USER.id, Unproven.REQUIRED)
    code = shows(world.clock.now())
    assert await show(room, code) is Unproven.REQUIRED
    assert await room.step_up.at_sign_in(USER.id, code) is None
    assert await show(room, code) is Unproven.USED


async def test_guessing_at_sign_in_does_not_stop_who_is_signed_in(
    world: World, room: FactorRoom
) -> None:
    for _ in range(MOST_MISSES + 1):
        await room.step_up.at_sign_in(USER.id, WRONG)
    asked = await room.step_up.at_sign_in(USER.id, shows(world.clock.now()))
    assert isinstance(asked, FactorAsked)
    assert asked.why is Unproven.THROTTLED
    await show(room, None)
    assert isinstance(await show(room, shows(world.clock.now())), Proven)


async def test_a_secret_is_kept_sealed_and_moves_to_the_servers_new_secret(
    world: World, room: FactorRoom
) -> None:
    [kept] = await world.column("SELECT active FROM second_factor")
    assert TOTP_SECRET not in kept
    assert not any(code in kept for code in RECOVERY_CODES)
    new = b"n" * 32
    rotated = factor_room(
        world.units, world.database, world.accounts, world.clock, new, (SECRET,), world.warnings
    )
    await show(rotated, None)
    assert isinstance(await show(rotated, shows(world.clock.now())), Proven)
    world.clock.advance(STEP)
    alone = factor_room(
        world.units, world.database, world.accounts, world.clock, new, (), world.warnings
    )
    await show(alone, None)
    assert isinstance(await show(alone, shows(world.clock.now())), Proven)


async def test_recovery_codes_survive_the_servers_secret(world: World, room: FactorRoom) -> None:
    lost = factor_room(
        world.units, world.database, world.accounts, world.clock, b"n" * 32, (), world.warnings
    )
    await show(lost, None)
    assert isinstance(await show(lost, Proof(code=RECOVERY_CODES[0])), Proven)


async def test_nothing_of_it_is_logged(
    world: World, room: FactorRoom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await show(room, None)
    code = shows(world.clock.now())
    await show(room, WRONG)
    await show(room, code)
    await show(room, None, PAY)
    await show(room, Proof(code=RECOVERY_CODES[0]), PAY)
    told = " ".join((caplog.text, repr(code), repr(Proof(passkey="secret answer"))))
    [kept] = await world.column("SELECT active FROM second_factor")
    sealed = msgspec.json.decode(kept)["sealed"]
    for secret in (code.code, RECOVERY_CODES[0], TOTP_SECRET, sealed, "secret answer"):
        assert secret is not None
        assert secret not in told
    factor = await SecondFactorRepository(world.database).second_factor(USER.id)
    assert sealed not in repr(factor)
