"""Counts attempts in Redis, for all web processes together. While Redis is away, each process counts for itself."""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from portnet.domain.identity.throttling import TURN, TURN_LASTS, Entry, Tally
from portnet.security.throttling.memory import MemoryThrottle

_logger = logging.getLogger(__name__)

_PREFIX = "portnet:throttle:"
#: A sign-in does not wait longer than this for Redis.
_TIMEOUT_SECONDS = 0.5

# The arithmetic is `portnet.domain.identity.throttling`'s; the tests run both. What is stored lives as long as it means
# something, so that a flood's traces go by themselves. Replies are texts: Redis cuts numbers to whole ones.
_ADMIT = """
local now, turn, lasts = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function wait(key, burst, every)
    local full = tonumber(redis.call('GET', key) or '0')
    local seconds = full - (burst - 1) * every - now
    return seconds > 0.000001 and seconds or 0
end
local function count(key, every)
    local full = math.max(tonumber(redis.call('GET', key) or '0'), now) + every
    local life = math.ceil((full - now) * 1000)
    redis.call('SET', key, string.format('%.6f', full), 'PX', life)
end
local own = wait(KEYS[1], tonumber(ARGV[4]), tonumber(ARGV[5]))
if own > 0 then return tostring(own) end
if #KEYS > 1 then
    if wait(KEYS[2], tonumber(ARGV[6]), tonumber(ARGV[7])) > 0 then
        local since = tonumber(redis.call('GET', KEYS[3]) or '0')
        if since == 0 or now >= since + lasts then
            redis.call('SET', KEYS[3], string.format('%.6f', now), 'PX', math.ceil(lasts * 1000))
            return tostring(turn)
        end
        if now < since + turn then return tostring(since + turn - now) end
        redis.call('DEL', KEYS[3])
    else
        count(KEYS[2], tonumber(ARGV[7]))
    end
end
count(KEYS[1], tonumber(ARGV[5]))
return '0'
"""
_FORGIVE = """
local now = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
    local full = tonumber(redis.call('GET', key) or '0') - tonumber(ARGV[i + 1])
    if full <= now then
        redis.call('DEL', key)
    else
        redis.call('SET', key, string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000))
    end
end
"""


class RedisThrottle:
    """Implements `Throttle`."""

    def __init__(self, url: str) -> None:
        # The library types its keyword arguments as unknown; what is used here is Any, at this one place.
        connect: Any = Redis
        self._redis: Any = connect.from_url(
            url, socket_connect_timeout=_TIMEOUT_SECONDS, socket_timeout=_TIMEOUT_SECONDS
        )
        self._admit: Any = self._redis.register_script(_ADMIT)
        self._forgive: Any = self._redis.register_script(_FORGIVE)
        self._alone = MemoryThrottle()

    async def admit(self, entry: Entry, now: datetime) -> float:
        tallies = _tallies(entry)
        keys = [_PREFIX + tally.key for tally in tallies]
        if entry.shared is not None:
            keys.append(_PREFIX + entry.turn)
        rates = [number for t in tallies for number in (t.rate.burst, t.rate.every)]
        try:
            answer = await self._admit(keys=keys, args=[_text(now), TURN, TURN_LASTS, *rates])
            return float(answer)
        except (RedisError, OSError) as error:
            _logger.warning("Redis is away, sign-ins are counted here: %s", error)
            return await self._alone.admit(entry, now)

    async def forgive(self, entry: Entry, now: datetime) -> None:
        tallies = _tallies(entry)
        keys = [_PREFIX + tally.key for tally in tallies]
        try:
            await self._forgive(keys=keys, args=[_text(now), *(t.rate.every for t in tallies)])
        except (RedisError, OSError):
            await self._alone.forgive(entry, now)

    async def close(self) -> None:
        """Give the connections back."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()


def _tallies(entry: Entry) -> list[Tally]:
    return [tally for tally in (entry.own, entry.shared) if tally is not None]


def _text(now: datetime) -> str:
    return f"{now.timestamp():.6f}"
