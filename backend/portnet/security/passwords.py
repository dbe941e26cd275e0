"""Password hashes: argon2id, off the event loop, never more than a few at once.

It must not tell by its timing whether an account exists.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

# OWASP's floor for argon2id: 25 ms where we measured; the library's default took 129 ms.
_TIME_COST = 2
_MEMORY_KIB = 19 * 1024
_LANES = 1


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

    async def hash(self, password: str) -> str:
        """The text to store (PHC format: algorithm, parameters, salt and hash)."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, _octets(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` gave ``stored``; None, an unknown account, is always False."""
        loop = asyncio.get_running_loop()
        known = stored is not None
        against = stored if stored is not None else self._nobody
        matches = await loop.run_in_executor(
            self._threads, self._matches, against, _octets(password)
        )
        return known and matches

    def needs_rehash(self, stored: str) -> bool:
        """Whether ``stored``, just verified, was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Lets the threads end; hashes that wait are cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, stored: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, ValueError):
            # ValueError: what is stored is no hash at all.
            return False


def _octets(password: str) -> bytes:
    # Keyboards disagree on composed and decomposed letters (é, أ): NFKC makes them one password.
    # JSON can carry lone surrogates, which plain UTF-8 refuses with an error.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
