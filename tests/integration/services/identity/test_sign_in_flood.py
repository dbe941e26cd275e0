"""Too many attempts: what is said to whom, and that the owner of a phone still gets in."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from threading import Event
from typing import Literal

import pytest
from argon2 import PasswordHasher

from portnet.domain.identity.account import Credentials
from portnet.domain.identity.throttling import ADDRESS, TURN, UNKNOWN_DEVICE
from portnet.security.passwords import Passwords
from portnet.services.identity.device import Devices
from portnet.services.identity.session import Origin, Sessions, SignedIn, SignInRefusal, TryLater
from tests.integration.services.identity.test_session import service
from tests.support.scenarios import IMPORTER
from tests.support.world import World

PASSWORD = "a long password"
USER = IMPORTER.people[0]
CARRIER = "192.0.2.1"
REFUSED = SignInRefusal.WRONG_CREDENTIALS


class GatedHasher(PasswordHasher):
    """argon2id at its cheapest, which counts; verifications wait for ``gate``."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.gate = Event()
        self.gate.set()
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.gate.wait(30)
        self.verified += 1
        return super().verify(hash, password)


@pytest.fixture
def hasher() -> Iterator[GatedHasher]:
    hasher = GatedHasher()
    yield hasher
    hasher.gate.set()


@pytest.fixture
def passwords(hasher: GatedHasher) -> Iterator[Passwords]:
    passwords = Passwords(hasher)
    yield passwords
    passwords.close()


@pytest.fixture
async def sessions(world: World, passwords: Passwords) -> Sessions:
    stored = await passwords.hash(PASSWORD)
    await world.write(Credentials(user=USER.id, password_hash=stored))
    return service(world, passwords)


async def own_device(world: World, sessions: Sessions) -> tuple[SignedIn, Origin]:
    """A phone that has signed in before, at the carrier's address."""
    answer = await sessions.sign_in(USER.login, PASSWORD)
    assert isinstance(answer, SignedIn)
    device = await Devices(world.units, world.clock, world.ids, world.warnings).register(
        answer.viewer, "FCM", "token", "Phone", "fr"
    )
    assert not isinstance(device, tuple)
    return answer, Origin(address=CARRIER, device=device.id)


async def guesses(sessions: Sessions, login: str, times: int, origin: Origin) -> list[object]:
    return [await sessions.sign_in(login, "wrong password", origin=origin) for _ in range(times)]


async def test_an_unknown_login_is_throttled_like_a_known_one(sessions: Sessions) -> None:
    times = UNKNOWN_DEVICE.burst + 2
    here = Origin(address=CARRIER)
    known = await guesses(sessions, USER.login, times, here)
    unknown = await guesses(sessions, "nobody", times, here)
    assert known == unknown
    assert known == [REFUSED] * UNKNOWN_DEVICE.burst + [TryLater(seconds=300)] * 2


async def test_what_is_throttled_is_not_hashed(sessions: Sessions, hasher: GatedHasher) -> None:
    await guesses(sessions, USER.login, UNKNOWN_DEVICE.burst + 50, Origin(address=CARRIER))
    assert hasher.verified == UNKNOWN_DEVICE.burst


async def test_the_owners_phone_gets_in_while_others_guess(
    world: World, sessions: Sessions
) -> None:
    _, phone = await own_device(world, sessions)
    await guesses(sessions, USER.login, UNKNOWN_DEVICE.burst + 1, Origin(address=CARRIER))
    assert isinstance(await sessions.sign_in(USER.login, PASSWORD), TryLater)
    assert isinstance(await sessions.sign_in(USER.login, PASSWORD, origin=phone), SignedIn)


async def test_a_device_helps_nobody_but_its_owner(world: World, sessions: Sessions) -> None:
    _, phone = await own_device(world, sessions)
    await guesses(sessions, "nobody", UNKNOWN_DEVICE.burst, Origin())
    assert isinstance(await sessions.sign_in("nobody", PASSWORD, origin=phone), TryLater)


async def test_a_phone_that_signed_out_is_still_its_owners(
    world: World, sessions: Sessions
) -> None:
    answer, phone = await own_device(world, sessions)
    await sessions.sign_out(answer.viewer)
    await guesses(sessions, USER.login, UNKNOWN_DEVICE.burst, Origin())
    assert isinstance(await sessions.sign_in(USER.login, PASSWORD, origin=phone), SignedIn)


async def test_a_carriers_address_alone_locks_nobody_out(world: World, sessions: Sessions) -> None:
    here = Origin(address=CARRIER)
    for n in range(ADDRESS.burst):
        assert await sessions.sign_in(f"nobody{n}", "x", origin=here) is REFUSED
    assert await sessions.sign_in(USER.login, PASSWORD, origin=here) == TryLater(seconds=int(TURN))
    world.clock.advance(timedelta(seconds=TURN))
    assert isinstance(await sessions.sign_in(USER.login, PASSWORD, origin=here), SignedIn)


async def test_beyond_the_waiting_room_everybody_is_told_to_come_back(
    world: World, sessions: Sessions, hasher: GatedHasher
) -> None:
    _, phone = await own_device(world, sessions)
    hasher.gate.clear()
    crowd: list[asyncio.Task[object]] = [
        asyncio.create_task(sessions.sign_in(f"nobody{n}", "x", origin=Origin())) for n in range(40)
    ]
    # Two are hashed, thirty wait; the others are told at once.
    told: set[asyncio.Task[object]] = set()
    waiting: set[asyncio.Task[object]] = set(crowd)
    while len(told) < 8:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        told |= done
    assert {task.result() for task in told} == {TryLater(seconds=3)}
    known = asyncio.create_task(sessions.sign_in(USER.login, PASSWORD, origin=phone))
    hasher.gate.set()
    assert isinstance(await known, SignedIn)
    answers = await asyncio.gather(*crowd)
    assert answers.count(REFUSED) == 32
    assert answers.count(TryLater(seconds=3)) == 8


async def test_a_broken_phone_that_shows_an_old_token_again_and_again_is_slowed(
    sessions: Sessions,
) -> None:
    answer = await sessions.sign_in(USER.login, PASSWORD)
    assert isinstance(answer, SignedIn)
    await sessions.sign_out(answer.viewer)
    answers = [await sessions.refresh(answer.refresh.text) for _ in range(30)]
    assert answers.count(REFUSED) == 20
    assert all(isinstance(each, TryLater) for each in answers[20:])


async def test_a_phone_that_refreshes_as_it_should_is_never_slowed(sessions: Sessions) -> None:
    answer = await sessions.sign_in(USER.login, PASSWORD)
    for _ in range(50):
        assert isinstance(answer, SignedIn)
        answer = await sessions.refresh(answer.refresh.text)
    assert isinstance(answer, SignedIn)
