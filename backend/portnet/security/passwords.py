"""Password hashes: argon2id, off the event loop, never more than a few at once.

It must not tell by its timing whether an account exists.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import resources
from threading import Lock
from typing import Any, TypeVar, TypeVarTuple

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

# OWASP's floor for argon2id: 25 ms where we measured; the library's default took 129 ms.
_TIME_COST = 2
_MEMORY_KIB = 19 * 1024
_LANES = 1

Given = TypeVarTuple("Given")
Answer = TypeVar("Answer")

#: How many may be hashed or wait for it: a flood from unknown devices leaves room for those who have been here before.
#: At 25 ms each on two threads the last one waits 0.4 s, or 0.8 s.
_PLACES, _PLACES_FOR_KNOWN_DEVICES = 32, 64


def owasp_hasher() -> PasswordHasher:
    """argon2id with 19 MiB, two passes, one lane."""
    return PasswordHasher(
        time_cost=_TIME_COST, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID
    )


class Passwords:
    """Hashes and checks passwords; ``at_once`` bounds the processors and memory that they take.

    The bound is a pool of threads and not a semaphore: a cancelled sign-in would give its place
    back while its thread still computes.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self._hasher = hasher or owasp_hasher()
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="argon2")
        # Verified for accounts that do not exist, so that they take as long as the others.
        self._nobody = self._hasher.hash("nobody")
        self._common = _common_passwords()
        self._taken = 0
        self._counting = Lock()

    def busy(self, *, known_device: bool) -> bool:
        """Whether so many wait that another one had better come back; true later for a known device."""
        return self._taken >= (_PLACES_FOR_KNOWN_DEVICES if known_device else _PLACES)

    async def hash(self, password: str) -> str:
        """The text to store (PHC format: algorithm, parameters, salt and hash)."""
        return await self._on_a_thread(self._hasher.hash, _octets(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` gave ``stored``; None, an unknown account, is always False."""
        known = stored is not None
        against = stored if stored is not None else self._nobody
        matches = await self._on_a_thread(self._matches, against, _octets(password))
        return known and matches

    def is_common(self, password: str) -> bool:
        """Whether it is among the most common, in whatever case."""
        return unicodedata.normalize("NFKC", password).casefold() in self._common

    def needs_rehash(self, stored: str) -> bool:
        """Whether ``stored``, just verified, was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Lets the threads end; hashes that wait are cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _on_a_thread(self, work: Callable[[*Given], Answer], *given: *Given) -> Answer:
        with self._counting:
            self._taken += 1
        future = self._threads.submit(work, *given)
        # Given back when the thread is done with it, not when a client stops waiting.
        future.add_done_callback(self._left)
        return await asyncio.wrap_future(future)

    def _left(self, _done: Future[Any]) -> None:
        with self._counting:
            self._taken -= 1

    def _matches(self, stored: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, ValueError):
            # ValueError: what is stored is no hash at all.
            return False


def _common_passwords() -> frozenset[str]:
    """Those that the package ships; its comments name their source."""
    shipped = resources.files("portnet.security").joinpath("common_passwords.txt")
    lines = shipped.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _octets(password: str) -> bytes:
    # Keyboards disagree on composed and decomposed letters (é, أ): NFKC makes them one password.
    # JSON can carry lone surrogates, which plain UTF-8 refuses with an error.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
