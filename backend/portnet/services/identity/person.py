"""Who is behind a viewer, for rules about people; and what a missing proof means for what they asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from portnet.domain.access import User, Viewer
from portnet.domain.identity.proof import Unproven
from portnet.domain.submission import NotDone, Person
from portnet.ports.unit_of_work import UnitOfWork


async def person_of(work: UnitOfWork, viewer: Viewer) -> Person:
    """The viewer with their roles of now, whether their company has nobody else, and whether it may only read. An
    account that was closed since may do nothing.
    """
    reads_only = await work.reads_only(viewer.company)
    return among(await work.people(viewer.company), viewer, reads_only=reads_only)


def among(people: Sequence[User], viewer: Viewer, *, reads_only: bool) -> Person:
    """The same, of the active ``people`` of their company."""
    own = next((user for user in people if user.id == viewer.user), None)
    return Person(
        user=viewer.user,
        company=viewer.company,
        roles=frozenset(own.roles if own else ()),
        alone=own is not None and len(people) == 1,
        reads_only=reads_only,
    )


def refused(unproven: Unproven) -> NotDone:
    """The refusal that a missing proof makes."""
    match unproven:
        case Unproven.REQUIRED:
            return NotDone.PROOF_REQUIRED
        case Unproven.WRONG:
            return NotDone.PROOF_WRONG
        case Unproven.MISSING:
            return NotDone.PROOF_MISSING
        case Unproven.USED:
            return NotDone.PROOF_USED
        case Unproven.THROTTLED:
            return NotDone.THROTTLED
        case _:
            assert_never(unproven)
