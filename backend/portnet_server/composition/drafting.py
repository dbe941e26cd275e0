"""The room in which declarations are written: its use cases over the parts of the house."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.drafting import values_of
from portnet.domain.declaring.elsewhere import taken
from portnet.domain.declaring.form import Forms
from portnet.domain.declaring.issue import Facts
from portnet.domain.declaring.reading import references_of
from portnet.domain.reference.references import References
from portnet.domain.submission import Submission
from portnet.forms import load_forms
from portnet.forms.lists import currency_decimals
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.reading import AccountReader
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.services.approving.following import Following
from portnet.services.declaring.checks import Checks
from portnet.services.declaring.drafts import Drafts
from portnet.services.declaring.prefill import Prefills
from portnet.storage.engines import Database
from portnet.storage.repositories.declaring.declaration import DeclarationRepository

#: Digits of a tariff code that all countries share.
_HEADING = 6
_CASABLANCA = ZoneInfo("Africa/Casablanca")


class Drafting(msgspec.Struct, frozen=True, kw_only=True):
    """What the rest of the house asks of the room."""

    drafts: Drafts
    checks: Checks
    prefills: Prefills
    reader: DeclarationRepository


def published_forms(catalogue: Catalogue, references: References) -> Forms:
    """The forms that are shipped.

    Raises:
        FaultyFile: one of them may not be published.
    """
    kinds = {code for code, _ in catalogue.definitions}
    return load_forms(references, kinds, catalogue.documents)


def drafting(
    units: UnitsOfWork,
    database: Database,
    accounts: AccountReader,
    catalogue: Catalogue,
    clock: Clock,
    ids: Ids,
    wakeups: Wakeups,
    following: Following,
    references: Callable[[], References],
    forms: Forms | None = None,
) -> Drafting:
    """The room over these parts.

    Args:
        references: the reference tables in force.
        forms: the published ones, unless others are given.
    """
    reader = DeclarationRepository(database)
    forms = forms or published_forms(catalogue, references())

    async def facts(submission: Submission) -> Facts:
        owners = await accounts.companies([submission.company])
        owner = owners.get(submission.company)
        today = clock.now().astimezone(_CASABLANCA).date()
        form = forms.form(submission.target, submission.form_version)
        named = references_of(form, values_of(submission.content)) if form else ()
        elsewhere = taken(
            submission, await reader.known_elsewhere(submission.company, named) if named else ()
        )
        return Facts(
            today=today,
            decimals=currency_decimals(),
            headings=frozenset(code[:_HEADING] for code in references().headings),
            company_ice=owner.ice if owner else None,
            busy_containers=elsewhere.containers,
            taken_lots=elsewhere.lots,
        )

    return Drafting(
        drafts=Drafts(units, catalogue, forms, clock, ids, wakeups, following),
        checks=Checks(forms, facts),
        prefills=Prefills(forms, reader, accounts, clock),
        reader=reader,
    )
