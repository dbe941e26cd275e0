"""The registry of open sockets: which end with their session."""

import asyncio
from datetime import datetime

from portnet_server.web.protocol import Close, CloseCode
from portnet_server.web.sockets import Sockets


class Socket:
    """Implements `OpenSocket`: notes how it was ended."""

    def __init__(self) -> None:
        self.ended: list[Close] = []

    @property
    def task(self) -> asyncio.Task[None]:
        raise AssertionError("nobody waits for this socket")

    def end(self, close: Close) -> None:
        self.ended.append(close)

    def renew(self, until: datetime) -> None:
        """It has no deadline."""


def test_a_session_that_ends_ends_its_sockets_only() -> None:
    sockets, own, other = Sockets(), Socket(), Socket()
    sockets.sign_in("session", own)
    sockets.sign_in("another", other)
    sockets.close_session("session")
    assert [close.code for close in own.ended] == [CloseCode.FORBIDDEN]
    assert not other.ended


def test_a_socket_that_looked_its_session_up_just_before_it_ended_is_ended_too() -> None:
    sockets, late = Sockets(), Socket()
    sockets.close_session("session")
    sockets.sign_in("session", late)
    assert [close.code for close in late.ended] == [CloseCode.FORBIDDEN]
