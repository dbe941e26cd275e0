"""Signing in, staying signed in on a bad network, signing out; a token that was stolen ends the session."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from portnet.domain.alerts import Device
from portnet.domain.identity.account import Credentials
from portnet.security.passwords import Passwords
from portnet.security.throttling.memory import MemoryThrottle
from portnet.security.tokens import AccessTokens, token_key
from portnet.services.identity.device import Devices
from portnet.services.identity.session import GRACE, Sessions, SignedIn, SignInRefusal, TryLater
from portnet.services.identity.step_up import FactorAsked
from portnet_server.composition.second_factor import factor_room
from portnet_server.tokens import SessionTokens
from tests.support.scenarios import IMPORTER
from tests.support.world import World, open_world

SECRET = b"s" * 32
PASSWORD = "a long password"
USER = IMPORTER.people[0]
LIFETIME = timedelta(days=30)
MOMENT = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()


@pytest.fixture(scope="module")
def password_hash(passwords: Passwords) -> str:
    return asyncio.run(passwords.hash(PASSWORD))


def service(world: World, passwords: Passwords, throttle: MemoryThrottle | None = None) -> Sessions:
    tokens = SessionTokens(AccessTokens(token_key(SECRET)), SECRET, world.ids)
    return Sessions(
        world.units,
        world.accounts,
        passwords,
        tokens,
        world.clock,
        world.ids,
        world.wakeups,
        LIFETIME,
        factor_room(
            world.units, world.database, world.accounts, world.clock, SECRET, (), world.warnings
        ).step_up,
        throttle or MemoryThrottle(),
    )


@pytest.fixture
async def sessions(world: World, passwords: Passwords, password_hash: str) -> Sessions:
    await world.write(Credentials(user=USER.id, password_hash=password_hash))
    return service(world, passwords)


async def signed_in(sessions: Sessions) -> SignedIn:
    return accepted(await sessions.sign_in(USER.login, PASSWORD))


def accepted(answer: SignedIn | SignInRefusal | FactorAsked | TryLater) -> SignedIn:
    assert isinstance(answer, SignedIn)
    return answer


REFUSED = SignInRefusal.WRONG_CREDENTIALS


async def test_the_right_password_opens_a_session(world: World, sessions: Sessions) -> None:
    answer = await signed_in(sessions)
    assert (answer.viewer.user, answer.viewer.company) == (USER.id, IMPORTER.id)
    assert answer.viewer.sandbox
    assert answer.viewer.session_expires_at == world.clock.now() + LIFETIME
    assert await world.accounts.session_alive(answer.viewer.session, world.clock.now())
    assert await world.column("SELECT action FROM audit") == ["session.opened"]


async def test_a_login_is_typed_as_one_likes(sessions: Sessions) -> None:
    accepted(await sessions.sign_in(f"  {USER.login.upper()} ", PASSWORD))


@pytest.mark.parametrize(
    ("login", "password"),
    [(USER.login, "wrong"), ("nobody", PASSWORD), ("", ""), (IMPORTER.people[1].login, PASSWORD)],
)
async def test_a_wrong_password_and_an_unknown_login_are_refused_alike(
    world: World, sessions: Sessions, login: str, password: str
) -> None:
    assert await sessions.sign_in(login, password) is REFUSED
    assert await world.column("SELECT count(*) FROM user_session") == [0]


async def test_a_closed_account_cannot_sign_in(world: World, sessions: Sessions) -> None:
    await world.write(msgspec.structs.replace(USER, active=False))
    assert await sessions.sign_in(USER.login, PASSWORD) is REFUSED


async def test_each_refresh_hands_over_to_another_token_and_lengthens_the_session(
    world: World, sessions: Sessions
) -> None:
    answer = await signed_in(sessions)
    seen = {answer.refresh.text}
    for _ in range(3):
        world.clock.advance(timedelta(days=20))
        answer = accepted(await sessions.refresh(answer.refresh.text))
        assert answer.viewer.session_expires_at == world.clock.now() + LIFETIME
        seen.add(answer.refresh.text)
    assert len(seen) == 4
    assert world.wakeups.renewed == [answer.viewer.session] * 3


async def test_a_phone_that_lost_the_reply_gets_the_same_successor(
    world: World, sessions: Sessions
) -> None:
    first = await signed_in(sessions)
    second = accepted(await sessions.refresh(first.refresh.text))
    world.clock.advance(GRACE - MOMENT)
    again = accepted(await sessions.refresh(first.refresh.text))
    assert again.refresh == second.refresh
    accepted(await sessions.refresh(second.refresh.text))


async def test_a_phone_that_asks_several_times_at_once_gets_one_successor(
    world: World, sessions: Sessions, migrated_url: str, passwords: Passwords
) -> None:
    first = await signed_in(sessions)
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        services = [sessions, service(other, passwords)]
        answers = await asyncio.gather(
            *(services[n % 2].refresh(first.refresh.text) for n in range(12))
        )
    assert len({accepted(answer).refresh.text for answer in answers}) == 1


async def test_after_the_grace_an_old_token_ends_the_session_for_both_who_hold_it(
    world: World, sessions: Sessions
) -> None:
    first = await signed_in(sessions)
    second = accepted(await sessions.refresh(first.refresh.text))
    world.clock.advance(GRACE)
    assert await sessions.refresh(first.refresh.text) is REFUSED
    assert await sessions.refresh(second.refresh.text) is REFUSED
    assert world.wakeups.ended == [first.viewer.session]
    assert not await world.accounts.session_alive(first.viewer.session, world.clock.now())
    ended = await world.select("SELECT ended_because FROM user_session")
    assert ended[0]["ended_because"] == "REFRESH_TOKEN_REUSED"


async def test_a_token_two_generations_old_ends_the_session_at_once(
    world: World, sessions: Sessions
) -> None:
    first = await signed_in(sessions)
    second = accepted(await sessions.refresh(first.refresh.text))
    third = accepted(await sessions.refresh(second.refresh.text))
    assert await sessions.refresh(first.refresh.text) is REFUSED
    assert await sessions.refresh(third.refresh.text) is REFUSED


@pytest.mark.parametrize("text", ["", "pnr_", "x" * 5000, "pnr_\0", "é", "\ud800"])
async def test_what_is_no_refresh_token_is_refused(sessions: Sessions, text: str) -> None:
    assert await sessions.refresh(text) is REFUSED


async def test_a_made_up_token_of_a_real_session_ends_it(world: World, sessions: Sessions) -> None:
    """Whoever knows a session's id and guesses tokens is an attacker: the owner signs in again."""
    answer = await signed_in(sessions)
    made_up = answer.refresh.text[:-43] + "A" * 43
    assert await sessions.refresh(made_up) is REFUSED
    assert await sessions.refresh(answer.refresh.text) is REFUSED


async def test_a_session_that_nobody_refreshes_ends(world: World, sessions: Sessions) -> None:
    answer = await signed_in(sessions)
    world.clock.advance(LIFETIME)
    assert not await world.accounts.session_alive(answer.viewer.session, world.clock.now())
    assert await sessions.refresh(answer.refresh.text) is REFUSED


async def test_a_closed_account_stays_signed_in_nowhere(world: World, sessions: Sessions) -> None:
    answer = await signed_in(sessions)
    await world.write(msgspec.structs.replace(USER, active=False))
    assert await sessions.refresh(answer.refresh.text) is REFUSED


async def test_a_refresh_under_way_does_not_outlive_the_signing_out(
    world: World, sessions: Sessions, migrated_url: str, passwords: Passwords
) -> None:
    opened = [await signed_in(sessions) for _ in range(5)]
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        elsewhere = service(other, passwords)
        for answer in opened:
            await asyncio.gather(
                sessions.refresh(answer.refresh.text), elsewhere.sign_out(answer.viewer)
            )
    for answer in opened:
        assert not await world.accounts.session_alive(answer.viewer.session, world.clock.now())


async def test_signing_out_silences_the_phone(world: World, sessions: Sessions) -> None:
    answer, elsewhere = await signed_in(sessions), await signed_in(sessions)
    devices = Devices(world.units, world.clock, world.ids, world.warnings)
    for viewer, address in ((answer.viewer, "phone"), (elsewhere.viewer, "tablet")):
        assert isinstance(await devices.register(viewer, "FCM", address, address, "fr"), Device)
    await sessions.sign_out(answer.viewer)
    dead = {d.address: d.dead_at for d in await world.accounts.devices(USER.id)}
    assert dead == {"phone": world.clock.now(), "tablet": None}


async def test_signing_out_ends_the_session_once(world: World, sessions: Sessions) -> None:
    answer = await signed_in(sessions)
    other = await signed_in(sessions)
    for _ in range(2):
        await sessions.sign_out(answer.viewer)
    assert world.wakeups.ended == [answer.viewer.session]
    assert await sessions.refresh(answer.refresh.text) is REFUSED
    accepted(await sessions.refresh(other.refresh.text))
    trail = await world.column("SELECT action FROM audit ORDER BY seq")
    assert trail == ["session.opened", "session.opened", "session.ended"]
