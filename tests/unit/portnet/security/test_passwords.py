"""Passwords: what matches, what never does, and how many hashes run at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Literal

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from portnet.security.passwords import Passwords


class CountingHasher(PasswordHasher):
    """argon2id at its cheapest, which counts; holds each verification until ``gate`` opens."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Semaphore(0)
        self.verified = 0
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def verify(
        self,
        hash: str | bytes,
        password: str | bytes,
    ) -> Literal[True]:
        with self._lock:
            self.verified += 1
            self.running += 1
            self.most = max(self.most, self.running)
        self.started.release()
        try:
            assert self.gate.wait(timeout=30)
            return super().verify(hash, password)
        finally:
            with self._lock:
                self.running -= 1


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def passwords(hasher: CountingHasher) -> Iterator[Passwords]:
    passwords = Passwords(hasher, at_once=2)
    yield passwords
    hasher.gate.set()
    passwords.close()


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    stored = await passwords.hash("le port de Casablanca")
    assert await passwords.verify("le port de Casablanca", stored)
    assert not await passwords.verify("le port de Tanger", stored)


async def test_one_password_never_gives_the_same_hash_twice(passwords: Passwords) -> None:
    assert await passwords.hash("a") != await passwords.hash("a")


async def test_hashes_stand_on_the_owasp_floor() -> None:
    passwords = Passwords()
    found = extract_parameters(await passwords.hash("x"))
    passwords.close()
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (
        Type.ID,
        19 * 1024,
        2,
        1,
    )


@pytest.mark.parametrize("password", ["nobody", "", "anything"])
async def test_an_unknown_user_never_matches(passwords: Passwords, password: str) -> None:
    assert not await passwords.verify(password, None)


async def test_an_unknown_user_costs_one_verification_like_a_known_one(
    hasher: CountingHasher, passwords: Passwords
) -> None:
    stored = await passwords.hash("right")
    await passwords.verify("wrong", stored)
    assert hasher.verified == 1
    await passwords.verify("wrong", None)
    assert hasher.verified == 2


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$m=8,t=1,p=1$$", "é"])
async def test_a_damaged_hash_matches_nothing(passwords: Passwords, stored: str) -> None:
    assert not await passwords.verify("plain text", stored)


async def test_composed_and_decomposed_letters_are_one_password(passwords: Passwords) -> None:
    stored = await passwords.hash("\u00e9t\u00e9 \u0623\u0631\u0632")
    assert await passwords.verify("e\u0301te\u0301 \u0627\u0654\u0631\u0632", stored)


async def test_lone_surrogates_are_no_error(passwords: Passwords) -> None:
    stored = await passwords.hash("\ud800")
    assert await passwords.verify("\ud800", stored)
    assert not await passwords.verify("\udfff", stored)


async def test_a_hash_of_other_parameters_asks_to_be_made_again(passwords: Passwords) -> None:
    strong = Passwords()
    stored = await passwords.hash("x")
    assert not passwords.needs_rehash(stored)
    assert strong.needs_rehash(stored)
    strong.close()


async def test_no_more_hashes_run_than_allowed_at_once(
    hasher: CountingHasher, passwords: Passwords
) -> None:
    await asyncio.gather(*(passwords.verify("x", None) for _ in range(12)))
    assert hasher.verified == 12
    assert hasher.most <= 2


async def test_a_cancelled_sign_in_gives_its_place_back_only_when_its_thread_ends(
    hasher: CountingHasher, passwords: Passwords
) -> None:
    hasher.gate.clear()
    cancelled = [asyncio.create_task(passwords.verify("x", None)) for _ in range(2)]
    for _ in cancelled:
        assert await asyncio.to_thread(hasher.started.acquire, timeout=30)
    for task in cancelled:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    waiting = [asyncio.create_task(passwords.verify("x", None)) for _ in range(4)]
    await asyncio.sleep(0)
    hasher.gate.set()
    await asyncio.gather(*waiting)
    assert hasher.most == 2


@pytest.mark.parametrize("password", ["password", "PassWord", "1qaz2wsx", "ｐａｓｓｗｏｒｄ"])
def test_what_everybody_tries_first_is_common(password: str) -> None:
    assert Passwords().is_common(password)


@pytest.mark.parametrize("password", ["", "a long password", "#", "كلمة سر طويلة"])
def test_what_nobody_tries_first_is_not(password: str) -> None:
    assert not Passwords().is_common(password)
