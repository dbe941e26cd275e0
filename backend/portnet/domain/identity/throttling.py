"""How often somebody may try to get in, and whom a flood may slow. Who exists plays no part in it.

Three things count an attempt. An account, as seen from devices that never signed in to it: guessing from everywhere at
once is slow. An account's own device, apart from all others: whoever attacks the account does not stop its owner's
phone. An address, for unknown devices only: thousands of phones share a carrier's, so it never refuses for good; beyond
its measure everybody who is told to come back gets in when they do.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math

import msgspec

#: What an IPv6 subscriber gets; addresses within are theirs to choose.
_SUBSCRIBER_PREFIX = 64


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """``burst`` attempts at once, and another one every ``every`` seconds."""

    burst: int
    every: float


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted together: ``key`` is a digest, so that no login is kept."""

    key: str
    rate: Rate


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to get in.

    ``own`` refuses beyond its measure. ``shared`` only defers: told to wait `TURN`, the same ``turn`` then gets in.
    """

    own: Tally
    shared: Tally | None = None
    turn: str = ""


#: Guesses from unknown devices: 288 a day on one account, from however many addresses.
UNKNOWN_DEVICE = Rate(burst=10, every=300.0)
#: Mistypings on a phone that has signed in to the account before.
OWN_DEVICE = Rate(burst=10, every=60.0)
#: Wrong attempts of unknown devices behind one address: thirty hashes are 0.8 s of one processor.
ADDRESS = Rate(burst=30, every=1.0)
#: One session's tokens; a phone refreshes once in ten minutes.
REFRESH = Rate(burst=20, every=30.0)

#: Seconds until an unknown device behind a flooded address gets its turn, and for how many it may take it.
TURN, TURN_LASTS = 10.0, 120.0


def sign_in(login: str, own_device: str | None, address: str | None) -> Entry:
    """``login`` as accounts have it; ``own_device`` is one that has signed in to the account before."""
    if own_device is not None:
        key = _key("device", login, own_device)
        return Entry(own=Tally(key=key, rate=OWN_DEVICE))
    return _from_anywhere("sign-in", login, address)


def invitation(login: str, address: str | None) -> Entry:
    """A new person's code: their device cannot be known."""
    return _from_anywhere("invitation", login, address)


def refresh(session: str) -> Entry:
    """A session is a device by itself: no address slows it."""
    return Entry(own=Tally(key=_key("refresh", session), rate=REFRESH))


def _from_anywhere(purpose: str, login: str, address: str | None) -> Entry:
    own = Tally(key=_key(purpose, login), rate=UNKNOWN_DEVICE)
    if address is None:
        return Entry(own=own)
    place = place_of(address)
    return Entry(
        own=own,
        shared=Tally(key=_key("address", place), rate=ADDRESS),
        turn=_key("turn", purpose, login, place),
    )


def place_of(address: str) -> str:
    """What of an address is one subscriber's: all of IPv4, the network of IPv6, any other text itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _SUBSCRIBER_PREFIX), strict=False))


def seconds_to_wait(full_at: float, rate: Rate, now: float) -> float:
    """Until another attempt fits; 0 when one does. ``full_at`` is when the measure will be empty again (0: never used),
    in seconds since the epoch.

    The generic cell rate algorithm: one number stands for the whole history.
    """
    # The last microsecond is a float's own.
    return max(0.0, round(full_at - (rate.burst - 1) * rate.every - now, 6))


def counted(full_at: float, rate: Rate, now: float) -> float:
    """``full_at`` after one more attempt."""
    return max(full_at, now) + rate.every


def whole(seconds: float) -> int:
    """What a phone is told: whole seconds, one at least."""
    return max(1, math.ceil(seconds))


def _key(*parts: str) -> str:
    text = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()
