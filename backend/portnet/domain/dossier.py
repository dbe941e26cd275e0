"""A shipment file: everything the agencies do about one operation, and what its people should do now.

A dossier groups procedures by shared references and shows the most blocking of their states. It decides nothing for an
agency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.agency import Place, Reason
from portnet.domain.catalogue import Catalogue, Outcome, State, Status
from portnet.domain.paying.obligation import MADE, PAYMENT, PROVIDER, rivals, under_way
from portnet.domain.procedure import Procedure

#: Most blocking first: a dossier shows the worst of its procedures.
URGENCY = (Status.BLOCKED, Status.ACTION_REQUIRED, Status.WAITING_AGENCY, Status.DONE)


#: Of procedures that are over, which one speaks first.
_ENDINGS = (Outcome.FAILURE, Outcome.CANCELLED, Outcome.SUCCESS)


_PAY, _WAIT, _DO_NOT_PAY_AGAIN = "PAY", "WAIT_AGENCY", "DO_NOT_PAY_AGAIN"


class WhatNow(msgspec.Struct, frozen=True, kw_only=True):
    """Never a bare status: what to do, who holds the file, since when and until when.

    ``action`` and ``warning`` are codes of the catalogue's action list, ``holder`` a role or an agency's code;
    ``procedure`` is the one that decides the dossier's status; ``expected_at`` when it goes on, as announced;
    ``taken_by`` who of our side said "I am on it".
    """

    procedure: str
    code: str
    definition: int
    state: str
    action: str
    holder: str | None
    since: datetime
    warning: str | None = None
    deadline: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    place: Place | None = None
    expected_at: datetime | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """``company`` owns it, ``broker`` works on it under a mandate; ``version`` grows with every visible change.

    ``broker_since`` is when a message first named the broker: what tells under which mandate the file was lodged.
    """

    id: str
    company: str
    broker: str | None
    reference: str
    direction: str
    phase: str
    status: Status
    what_now: WhatNow
    sandbox: bool
    opened_at: datetime
    updated_at: datetime
    title: str | None = None
    perishable: bool = False
    version: int = 1
    broker_since: datetime | None = None


def with_taker(dossier: Dossier, procedure: Procedure, now: datetime) -> Dossier:
    """A new version that shows who said "I am on it" of ``procedure``, or that nobody does."""
    advice = dossier.what_now
    if advice.procedure == procedure.id:
        advice = msgspec.structs.replace(
            advice, taken_by=procedure.taken_by, taken_at=procedure.taken_at
        )
    return msgspec.structs.replace(
        dossier, what_now=advice, updated_at=now, version=dossier.version + 1
    )


def urgency(status: Status) -> int:
    """Rank of a status, 0 being the most blocking."""
    return URGENCY.index(status)


def what_now(catalogue: Catalogue, procedures: Sequence[Procedure]) -> tuple[Status, WhatNow]:
    """The overall status of a dossier's ``procedures`` (at least one), and the advice that goes with it."""
    paid_for = {
        p.id: payment
        for p in procedures
        if (payment := _payment_for(catalogue, p, procedures)) is not None
    }
    procedure = min(procedures, key=lambda p: _weight(catalogue, p, p.id in paid_for))
    state = _state(catalogue, procedure)
    if procedure.id in paid_for:
        return Status.WAITING_AGENCY, _waiting(catalogue, procedure, paid_for[procedure.id])
    return state.status, WhatNow(
        procedure=procedure.id,
        code=procedure.code,
        definition=procedure.definition,
        state=state.code,
        action=state.action,
        warning=state.warning,
        holder=state.holder,
        since=procedure.entered_at,
        deadline=state.deadline(procedure.entered_at, procedure.due_at),
        reasons=procedure.reasons,
        place=procedure.place,
        expected_at=procedure.expected_at,
        taken_by=procedure.taken_by,
        taken_at=procedure.taken_at,
    )


def outcome(catalogue: Catalogue, dossier: Dossier) -> Outcome | None:
    """How a dossier that is DONE ended: a failure if any of its procedures failed; None while it goes on."""
    if dossier.status is not Status.DONE:
        return None
    advice = dossier.what_now
    return catalogue.definition(advice.code, advice.definition).state(advice.state).outcome


def _payment_for(
    catalogue: Catalogue, procedure: Procedure, procedures: Sequence[Procedure]
) -> Procedure | None:
    """The payment, under way or made, of what ``procedure`` asks to pay: while there is one, nobody is told to pay."""
    if _state(catalogue, procedure).action != _PAY:
        return None
    if procedure.code == PAYMENT:
        if under_way(procedure):
            return procedure
        same = {payment.id for payment in rivals(procedure, procedures)}
        return next((p for p in procedures if p.id in same), None)
    identity = catalogue.definition(procedure.code, procedure.definition).identity
    named = f"{identity}:{procedure.identity}"
    return next((p for p in procedures if _pays_for(p, named, procedure.entered_at)), None)


def _pays_for(payment: Procedure, named: str, since: datetime) -> bool:
    if payment.obligation is None or named not in payment.obligation.refs:
        return False
    # What was paid before it was asked for once more was another debt.
    made = payment.state in MADE and payment.entered_at >= since
    return made or under_way(payment)


def _waiting(catalogue: Catalogue, procedure: Procedure, payment: Procedure) -> WhatNow:
    """To wait for the provider; or, once it is paid, for whoever is owed the money to see it."""
    state = _state(catalogue, procedure)
    owner = catalogue.agency_of(catalogue.definition(procedure.code, procedure.definition))
    seen_by = owner.code if owner is not None else state.holder
    return WhatNow(
        procedure=procedure.id,
        code=procedure.code,
        definition=procedure.definition,
        state=state.code,
        action=_WAIT,
        warning=_DO_NOT_PAY_AGAIN,
        holder=PROVIDER if under_way(payment) else seen_by,
        since=payment.entered_at,
        reasons=procedure.reasons,
        place=procedure.place,
    )


def _weight(
    catalogue: Catalogue, procedure: Procedure, waits: bool
) -> tuple[int, int, float, float, str]:
    state = _state(catalogue, procedure)
    # Of those that are over, one that failed speaks for the dossier: its failure never hides behind a success.
    ended = _ENDINGS.index(state.outcome) if state.outcome is not None else 0
    due = procedure.due_at.timestamp() if procedure.due_at else float("inf")
    status = Status.WAITING_AGENCY if waits else state.status
    return urgency(status), ended, due, -procedure.entered_at.timestamp(), procedure.id


def _state(catalogue: Catalogue, procedure: Procedure) -> State:
    return catalogue.definition(procedure.code, procedure.definition).state(procedure.state)
