"""What a password must be: long enough, and not among the first that anybody tries; of whatever characters."""

from __future__ import annotations

from portnet.domain.identity.member import MemberFault

SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128


def password_faults(password: str, login: str, *, common: bool) -> tuple[MemberFault, ...]:
    """Why ``password`` cannot be taken; ``common`` says whether it is one of the most common.

    One's own login is as easily guessed as those.
    """
    if len(password) < SHORTEST_PASSWORD:
        return (MemberFault(path="password", code="TOO_SHORT"),)
    if len(password) > LONGEST_PASSWORD:
        return (MemberFault(path="password", code="TOO_LONG"),)
    if common or password.casefold() == login.casefold():
        return (MemberFault(path="password", code="TOO_COMMON"),)
    return ()
