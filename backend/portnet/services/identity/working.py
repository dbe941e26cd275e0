"""For whom somebody works: their own company, or one that has given theirs a mandate."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portnet.domain.access import Role, Viewer
from portnet.domain.identity.mandate import NoMandate, may_begin
from portnet.domain.submission import NotDone, Person
from portnet.ports.unit_of_work import UnitOfWork
from portnet.services.identity.person import person_of


async def beginner_of(
    work: UnitOfWork, viewer: Viewer, company: str, code: str, now: datetime
) -> Person | NotDone | NoMandate:
    """The viewer as who begins a procedure of ``code`` for ``company``.

    A broker's people declare for their clients and decide nothing for them: whoever else they are at home, they are
    declarants there. NOT_FOUND where the company never gave theirs a mandate, as where there is no such company.
    """
    person = await person_of(work, viewer)
    if company == viewer.company:
        return NotDone.SUSPENDED if person.reads_only else person
    mandates = await work.mandates(company)
    lapsed = may_begin(company, code, viewer.company, mandates, now)
    if lapsed is not None:
        return lapsed
    if person.reads_only:
        return NotDone.SUSPENDED
    roles = person.roles & {Role.DECLARANT}
    return msgspec.structs.replace(person, company=company, roles=roles, alone=False)
