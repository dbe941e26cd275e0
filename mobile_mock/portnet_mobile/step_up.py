"""Answering a server that asks for a second factor: with the code, and once the code is a fresh one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from portnet_mobile.clock import Clock
from portnet_mobile.contract import Problem

T = TypeVar("T")

#: What the person's authenticator shows now, or a recovery code.
Code: TypeAlias = Callable[[], str]

_REQUIRED: Final = "SECOND_FACTOR_REQUIRED"
_USED: Final = "CODE_USED"
#: Asked, answered, told to wait for the next code, and once more should somebody else have taken that one.
_TRIES: Final = 4


async def proven(
    attempt: Callable[[Mapping[str, Any]], Awaitable[T | Problem]], code: Code | None, clock: Clock
) -> T | Problem:
    """The answer of ``attempt``, which is given what to send besides; without a ``code`` its first one."""
    result = await attempt({})
    if code is None:
        return result
    for _ in range(_TRIES):
        if not isinstance(result, Problem) or result.code not in (_REQUIRED, _USED):
            break
        if result.code == _USED:
            await clock.sleep(result.retry_after_seconds or 0)
        result = await attempt({"proof": {"code": code()}})
    return result
