"""All that saving a draft needs to know, loaded and locked in one go: people save with every field that they leave."""

from __future__ import annotations

from collections.abc import Sequence

from portnet.domain.access import Viewer
from portnet.domain.identity.subscription import reads_only
from portnet.ports.unit_of_work import DraftCase
from portnet.storage import rows
from portnet.storage.engines.dialect import Dialect
from portnet.storage.engines.program import Program, Row, Statement, gather

_PEOPLE = "SELECT * FROM user_account WHERE company = $1 AND active = 1 ORDER BY id"
_DONE = "SELECT * FROM mutation_done WHERE user_id = $1 AND key = $2"
_LATER = "SELECT * FROM declaration_field WHERE submission = $1 AND version > $2"
#: In which state the subscription of a company is.
SUBSCRIPTION = (
    "SELECT p.state FROM company c JOIN procedure p ON p.id = c.subscription WHERE c.id = $1"
)
_MANDATES = "SELECT * FROM mandate WHERE company = $1 AND broker = $2"


def draft_case(
    dialect: Dialect, viewer: Viewer, key: str, draft: str, company: str, after: int
) -> Program[DraftCase]:
    """See `UnitOfWork.draft`. Locks in the order in which every change of a submission does."""
    # Two first patches of one draft find no row to lock: the id itself is locked. Likewise for the mutation.
    yield from dialect.lock_references([f"submission:{draft}"])
    found = yield Statement(f"SELECT * FROM submission WHERE id = $1{dialect.for_update}", (draft,))
    yield from dialect.lock_references([f"mutation:{viewer.user}:{key}"])
    done, later, people, mandates, subscription = yield from gather(
        Statement(_DONE, (viewer.user, key)),
        Statement(_LATER, (draft, after)),
        Statement(_PEOPLE, (viewer.company,)),
        Statement(_MANDATES, (company, viewer.company)),
        Statement(SUBSCRIPTION, (viewer.company,)),
    )
    return DraftCase(
        draft=rows.submission(found[0]) if found else None,
        done=rows.mutation_done(done[0]) if done else None,
        later=tuple(map(rows.draft_field, later)),
        people=tuple(map(rows.user, people)),
        mandates=tuple(map(rows.mandate, mandates)),
        reads_only=may_only_read(subscription),
    )


def may_only_read(subscription: Sequence[Row]) -> bool:
    """By the rows of `SUBSCRIPTION`."""
    return bool(subscription) and reads_only(subscription[0]["state"])
