"""Who is behind a viewer, for rules about people; and what a missing proof means for what they asked."""

from __future__ import annotations

from typing import assert_never

from portnet.domain.access import Viewer
from portnet.domain.identity.proof import Unproven
from portnet.domain.submission import NotDone, Person
from portnet.ports.unit_of_work import UnitOfWork


async def person_of(work: UnitOfWork, viewer: Viewer) -> Person:
    """The viewer with their roles of now, whether their company has nobody else, and whether it may only read. An
    account that was closed since may do nothing.
    """
    people = await work.people(viewer.company)
    own = next((user for user in people if user.id == viewer.user), None)
    return Person(
        user=viewer.user,
        company=viewer.company,
        roles=frozenset(own.roles if own else ()),
        alone=own is not None and len(people) == 1,
        reads_only=await work.reads_only(viewer.company),
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
        case _:
            assert_never(unproven)
