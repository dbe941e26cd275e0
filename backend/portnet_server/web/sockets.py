"""The open sockets by user session, so that signing out closes them and a refresh renews them."""

import asyncio
from collections import deque
from datetime import datetime
from typing import Protocol

from portnet_server.web.protocol import Close, CloseCode

#: Seconds that `close_all` waits for phones to take their close frames.
FAREWELL = 5.0
#: Sessions that ended last and are remembered; a socket that opens just then is late by milliseconds.
_REMEMBERED = 1_024
_SIGNED_OUT = "Signed out"


class OpenSocket(Protocol):
    """What the registry does to a socket; both return at once."""

    @property
    def task(self) -> asyncio.Task[None]:
        """Ends when the socket has."""
        ...

    def end(self, close: Close) -> None:
        """Stop its streams, let its running mutations answer, then close it."""
        ...

    def renew(self, until: datetime) -> None:
        """Its session now ends then (aware UTC)."""
        ...


class Sockets:
    """Every open socket of this process."""

    def __init__(self) -> None:
        self._all: set[OpenSocket] = set()
        self._by_session: dict[str, set[OpenSocket]] = {}
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, socket: OpenSocket) -> None:
        """A socket has opened; nobody has signed in on it yet."""
        self._all.add(socket)

    def sign_in(self, session_id: str, socket: OpenSocket) -> None:
        """A socket belongs to a user session from now on; one that ended while the socket looked it up ends it too."""
        self._by_session.setdefault(session_id, set()).add(socket)
        if session_id in self._ended:
            socket.end(Close(code=CloseCode.FORBIDDEN, reason=_SIGNED_OUT))

    def discard(self, socket: OpenSocket, session_id: str | None) -> None:
        """A socket is over."""
        self._all.discard(socket)
        if session_id is not None and (sockets := self._by_session.get(session_id)):
            sockets.discard(socket)
            if not sockets:
                del self._by_session[session_id]

    def close_session(
        self,
        session_id: str,
        code: int = CloseCode.FORBIDDEN,
        reason: str = _SIGNED_OUT,
    ) -> None:
        """Begin to close a session's sockets.

        Does not wait: the caller may be an operation on one of them, whose answer goes out first.
        """
        self._ended.append(session_id)
        for socket in tuple(self._by_session.get(session_id, ())):
            socket.end(Close(code=code, reason=reason))

    async def close_all(
        self, code: int = CloseCode.GOING_AWAY, reason: str = "Server is restarting"
    ) -> None:
        """Close every socket and wait until they are gone, or `FAREWELL` is over."""
        sockets = tuple(self._all)
        for socket in sockets:
            socket.end(Close(code=code, reason=reason))
        if sockets:
            await asyncio.wait({socket.task for socket in sockets}, timeout=FAREWELL)

    def renew(self, session_id: str, until: datetime) -> None:
        """The session's sockets may live until then (aware UTC)."""
        for socket in self._by_session.get(session_id, ()):
            socket.renew(until)
