"""Why a phone's request did not work, sorted by what the phone can do about it.

Nothing else of this package knows what the transports raise or how servers answer errors.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
import msgspec
from gql.transport.exceptions import TransportError, TransportQueryError, TransportServerError
from websockets.exceptions import ConnectionClosed

from portnet_mobile.contract import Problem

#: The close code of graphql-transport-ws for credentials that are not, or no longer, accepted.
_FORBIDDEN = 4403
#: Codes of errors[].extensions.code that pass by themselves.
_PASSING = frozenset({"INTERNAL", "RATE_LIMITED"})
_UNAUTHORIZED = 401
_BUSY = 429
_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class PhoneError(Exception):
    """Every error of this package; its text is an English sentence.

    ``why`` is a code of the phone's own words, where it has some; else the text is the server's.
    """

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why


class Unreachable(PhoneError):
    """No answer, or a server that is not well: try again later."""


class NotSignedIn(PhoneError):
    """The access token is not accepted: refresh it, then try again."""


class StaleCursor(PhoneError):
    """The cursor is of no use any more: take a new snapshot."""


class SessionEnded(PhoneError):
    """Only the password opens a new session: signed out, revoked, or lapsed."""


class Rejected(PhoneError):
    """The server understood and says no, for good; ``code`` is of the contract's closed list."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code


class Refused(PhoneError):
    """An expected refusal of an action, as a value of the contract."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    extensions: dict[str, Any] = {}


@contextmanager
def sorted_failures() -> Generator[None]:
    """Raises a PhoneError instead of whatever the transport raises in the block."""
    try:
        yield
    except TransportQueryError as error:
        raise_for_errors(error.errors)
        raise Unreachable(str(error)) from error
    except TransportServerError as error:
        raise _of_status(error) from error
    except TransportError as error:
        raise _of_connection(error) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise _of_line(error) from error
    except msgspec.ValidationError as error:
        raise Rejected("", f"The server's answer is not what the contract says: {error}") from error


def raise_for_errors(errors: Sequence[object] | None) -> None:
    """Raises for the first of an answer's ``errors``, which decides."""
    if errors:
        raise _of_answer(errors[0])


def _of_answer(error: object) -> PhoneError:
    shown = msgspec.convert(error, _Shown)
    message, code = shown.message, str(shown.extensions.get("code", ""))
    if code == "UNAUTHENTICATED":
        return NotSignedIn(message)
    if code == "STALE_CURSOR":
        return StaleCursor(message)
    if code in _PASSING:
        return Unreachable(message)
    return Rejected(code, message)


def _of_status(error: TransportServerError) -> PhoneError:
    status = error.code or _SERVER_ERROR
    if status == _UNAUTHORIZED:
        return NotSignedIn("The server does not know us.")
    if _CLIENT_ERROR <= status < _SERVER_ERROR and status != _BUSY:
        return Rejected("", f"The server refuses the request: HTTP status {status}.")
    return Unreachable(f"The server is not well: HTTP status {status}.", "UNWELL")


def _of_connection(error: TransportError) -> PhoneError:
    cause = error.__cause__
    if isinstance(cause, ConnectionClosed) and cause.rcvd is not None:
        if cause.rcvd.code == _FORBIDDEN:
            return NotSignedIn(cause.rcvd.reason or "The server closed the session.")
        reason = cause.rcvd.reason or cause.rcvd.code
        return Unreachable(f"The server closed the line: {reason}.", "CLOSED")
    return _of_line(cause or error)


def _of_line(error: BaseException) -> Unreachable:
    match error:
        case TimeoutError():
            return Unreachable("The server did not answer in time.", "TIMEOUT")
        case ConnectionClosed():
            return Unreachable("The line was cut.", "CUT")
        case OSError() | aiohttp.ClientConnectionError():
            return Unreachable("The server cannot be reached.", "UNREACHABLE")
        case _:
            return Unreachable(f"The line failed: {str(error) or type(error).__name__}.", "CUT")
