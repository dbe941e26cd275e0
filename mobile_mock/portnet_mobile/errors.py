"""Why a phone's request did not work, sorted by what the phone can do about it."""

from portnet_mobile.contract import Problem


class PhoneError(Exception):
    """Every error of this package; its text is a sentence for a person."""


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
