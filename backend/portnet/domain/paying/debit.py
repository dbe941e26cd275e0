"""Our own question to a company's finance when a payment is in doubt: was the account debited?

The answer helps whoever clears the doubt up. It clears nothing up by itself: "not debited" may be "not yet", so that
only the provider's word, or the creditor's, lets anybody pay again.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Role
from portnet.domain.agency import AgencyEvent
from portnet.domain.catalogue import OPERATOR
from portnet.domain.folding import Folded
from portnet.domain.procedure import Entry, EntryKind, Procedure
from portnet.domain.request import DEBIT_ANSWERED, changed_requests

#: Whose it is to look at the account.
ANSWERING = frozenset({Role.FINANCE, Role.MANAGER})


class Debit(enum.StrEnum):
    """What finance sees on the account."""

    YES = "YES"
    NO = "NO"
    DONT_KNOW = "DONT_KNOW"


def answer_message(
    procedure: Procedure, request: str, debit: Debit, user: str, receipt: str, now: datetime
) -> AgencyEvent:
    """The answer as the timeline keeps it."""
    return AgencyEvent(
        receipt=receipt,
        source=OPERATOR,
        event_id=f"{request}:{receipt}",
        code=procedure.code,
        event=DEBIT_ANSWERED,
        occurred_at=now,
        received_at=now,
        refs=(),
        outcome=debit.value,
        actor_role=user,
    )


def answered(
    procedure: Procedure, entries: Sequence[Entry], entry: str, message: AgencyEvent
) -> Folded:
    """The timeline's line about an answer: it moves nothing, and the question among ``entries`` has it."""
    line = Entry(
        id=entry,
        procedure=procedure.id,
        dossier=procedure.dossier,
        message=message,
        kind=EntryKind.INTERNAL,
    )
    seen = msgspec.structs.replace(
        procedure, updated_at=message.received_at, version=procedure.version + 1
    )
    asked = changed_requests(seen, entries, [*entries, line])
    return Folded(procedure=seen, changed=(line,), deserving=None, requests=asked)
