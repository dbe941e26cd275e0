"""The room in which declarations are written: its use cases over the parts of the house."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.form import Forms
from portnet.domain.declaring.issue import Facts
from portnet.domain.submission import Submission
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.reading import AccountReader
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.services.approving.following import Following
from portnet.services.declaring.checks import Checks, SentenceOf
from portnet.services.declaring.drafts import Drafts
from portnet.services.declaring.prefill import CarryOver, Prefills
from portnet.storage.engines import Database
from portnet.storage.repositories.declaring.declaration import DeclarationRepository

_CASABLANCA = ZoneInfo("Africa/Casablanca")


class Drafting(msgspec.Struct, frozen=True, kw_only=True):
    """What the rest of the house asks of the room."""

    drafts: Drafts
    checks: Checks
    prefills: Prefills
    reader: DeclarationRepository


def drafting(
    units: UnitsOfWork,
    database: Database,
    accounts: AccountReader,
    catalogue: Catalogue,
    clock: Clock,
    ids: Ids,
    wakeups: Wakeups,
    forms: Forms,
    known: Callable[[], Facts],
    sentence: SentenceOf,
    carry_over: CarryOver,
    following: Following,
) -> Drafting:
    """The room over these parts.

    Args:
        known: what any declaration is checked against today, whoever's it is.
    """
    reader = DeclarationRepository(database)

    async def facts(submission: Submission) -> Facts:
        owners = await accounts.companies([submission.company])
        owner = owners.get(submission.company)
        today = clock.now().astimezone(_CASABLANCA).date()
        return msgspec.structs.replace(
            known(), today=today, company_ice=owner.ice if owner else None
        )

    return Drafting(
        drafts=Drafts(units, catalogue, forms, clock, ids, wakeups, following),
        checks=Checks(forms, facts, sentence),
        prefills=Prefills(forms, reader, accounts, carry_over, clock),
        reader=reader,
    )
