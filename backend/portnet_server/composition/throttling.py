"""Where attempts to get in are counted."""

from __future__ import annotations

from portnet.security.throttling.memory import MemoryThrottle
from portnet.security.throttling.redis import RedisThrottle


def throttle_of(redis_url: str | None) -> MemoryThrottle | RedisThrottle:
    """In this process, or in Redis for several."""
    return MemoryThrottle() if redis_url is None else RedisThrottle(redis_url)
