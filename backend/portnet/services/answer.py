"""What agencies' systems answer to what we sent: taken, or rejected with reasons. Each answer is one transaction.

Answers come as messages of the envelope through the inbox, in their own time, maybe twice, maybe before the gateway's
worker knows that it sent; a rejection may also be the worker's own answer to its request. Whichever is first counts.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from portnet.domain.access import Company
from portnet.domain.agency import AgencyEvent, Party, Reason, Reference
from portnet.domain.catalogue import OPERATOR, Catalogue
from portnet.domain.desk.anomaly import CLOCK_SKEW, Anomaly, AnomalyReason, AnomalyState
from portnet.domain.events import (
    BrokerNamed,
    DossierOpened,
    Event,
    ProcedureOpened,
    Record,
    ReferencesLinked,
    SubmissionChanged,
    SubmissionReceived,
    company_audience,
    submission_audiences,
)
from portnet.domain.filing import Files, Link, hearers, shared_dossier
from portnet.domain.folding import open_dossier, open_procedure, refresh
from portnet.domain.identity.subscription import SUBSCRIPTION
from portnet.domain.inbox import InboxState, Reawakening, Settlement
from portnet.domain.indicators.counting import Uncounted, UncountedKind
from portnet.domain.outgoing import (
    SUBMISSION,
    UNDER_WAY,
    Outgoing,
    OutgoingKind,
    OutgoingState,
)
from portnet.domain.procedure import REJECTED, Procedure, may_send
from portnet.domain.submission import ENVELOPE, NotDone, Submission, said
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import AuditDraft, UnitOfWork, UnitsOfWork
from portnet.services.approving.following import Following
from portnet.services.intake import Intake

ACK, NACK = "ack", "nack"
#: The alert that a rejected act raises.
_REJECTION = "A37"

_STATE = {ACK: OutgoingState.ACKNOWLEDGED, NACK: OutgoingState.REJECTED}


class Answers:
    """The use cases of an agency's answer."""

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        intake: Intake,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        following: Following,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._intake = intake
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._following = following

    async def take_in(self, message: AgencyEvent) -> None:
        """Apply an acknowledgement or a rejection from the inbox, or set it aside with its reason."""
        now = self._clock.now()
        async with self._units() as work:
            if not await work.take(message.receipt):
                return
            outgoing = await work.outgoing(message.reference(SUBMISSION) or "")
            fault = self._fault(message, outgoing, now)
            if fault is None and outgoing is not None:
                if outgoing.state in UNDER_WAY:
                    await self._settle(work, outgoing, message, now)
                work.add(Settlement(receipt=message.receipt, state=InboxState.DONE, at=now))
            else:
                self._set_aside(work, message, fault or AnomalyReason.UNMATCHED, now)
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        self._wakeups.inbox()

    async def rejected(self, sent: Outgoing, reasons: tuple[Reason, ...]) -> bool:
        """The system refused ``sent`` at once; False when an answer or another sender was quicker."""
        now = self._clock.now()
        async with self._units() as work:
            outgoing = await work.outgoing(sent.id)
            if outgoing is None or outgoing.state not in UNDER_WAY or outgoing.fence != sent.fence:
                return False
            nack = AgencyEvent(
                receipt=self._ids.new(),
                source=outgoing.source,
                event_id=f"{outgoing.id}:{NACK}",
                code=ENVELOPE,
                event=NACK,
                occurred_at=now,
                received_at=now,
                refs=(Reference(scheme=SUBMISSION, value=outgoing.id),),
                reasons=reasons,
                sandbox=outgoing.sandbox,
            )
            await self._settle(work, outgoing, nack, now)
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return True

    def _fault(
        self, message: AgencyEvent, outgoing: Outgoing | None, now: datetime
    ) -> AnomalyReason | None:
        envelope = self._catalogue.latest(ENVELOPE)
        if envelope is None or message.event not in _STATE:
            return AnomalyReason.UNKNOWN_EVENT
        if not may_send(envelope, message.source, message.event):
            return AnomalyReason.NOT_THAT_SOURCE
        if message.occurred_at > now + CLOCK_SKEW:
            return AnomalyReason.FROM_THE_FUTURE
        if outgoing is None:
            return AnomalyReason.UNMATCHED
        if outgoing.sandbox != message.sandbox:
            return AnomalyReason.SANDBOX_MISMATCH
        if outgoing.state not in (*UNDER_WAY, _STATE[message.event]):
            return AnomalyReason.ILLEGAL_TRANSITION
        return None

    async def _settle(
        self, work: UnitOfWork, outgoing: Outgoing, message: AgencyEvent, now: datetime
    ) -> None:
        state = _STATE[message.event]
        work.add(msgspec.structs.replace(outgoing, state=state, updated_at=now, leased_until=None))
        if outgoing.kind is OutgoingKind.SUBMISSION:
            await self._submission(work, outgoing, message, now)
        else:
            await self._act(work, outgoing, message, now)

    async def _act(
        self, work: UnitOfWork, outgoing: Outgoing, message: AgencyEvent, now: datetime
    ) -> None:
        """Fold the act in, as taken or as rejected; nothing is under way any more."""
        files = await work.file(outgoing.subject)
        if files is None:
            raise LookupError(f"{outgoing.id} acts in a procedure that is missing")
        if any(entry.message.event_id == outgoing.id for entry in files.entries):
            # An order to pay counts from when it may have arrived: before the answer, where that was late.
            return
        known = next(p for p in files.procedures if p.id == outgoing.subject)
        procedure = msgspec.structs.replace(known, requested=None)
        rejected = message.event == NACK
        act = AgencyEvent(
            receipt=message.receipt,
            source=OPERATOR,
            event_id=outgoing.id,
            code=procedure.code,
            event=outgoing.event,
            occurred_at=message.occurred_at,
            received_at=message.received_at,
            refs=(),
            outcome=REJECTED if rejected else None,
            reasons=message.reasons,
            actor_role=outgoing.by,
            sandbox=outgoing.sandbox,
        )
        alert = _REJECTION if rejected else None
        work.add(*self._intake.fold(files, act, procedure, now, alert))

    async def _submission(
        self, work: UnitOfWork, outgoing: Outgoing, message: AgencyEvent, now: datetime
    ) -> None:
        submission = await work.submission(outgoing.subject)
        if submission is None:
            raise LookupError(f"{outgoing.id} left for a submission that is missing")
        envelope = self._catalogue.definition(ENVELOPE, submission.envelope)
        # Whoever answered at once, the gateway says it: the envelope knows no other source.
        changed = said(envelope, submission, "PORTNET", message.event, message.reasons, now)
        if isinstance(changed, NotDone):
            raise LookupError(f"{outgoing.id} is under way, its submission is {submission.state}")
        if message.event == ACK:
            changed = await self._open(work, outgoing, message, changed, now)
        work.add(
            *await self._following.follow(work, submission, changed, message.event, None, now),
            changed,
            self._record(
                now,
                SubmissionChanged(submission=changed),
                changed.id,
                submission_audiences(changed),
            ),
            AuditDraft(
                company=changed.company,
                at=now,
                actor=f"agency:{message.source}",
                action=f"submission.{message.event}",
                subject=f"{changed.id}/{message.receipt}",
            ),
        )

    async def _open(
        self,
        work: UnitOfWork,
        outgoing: Outgoing,
        message: AgencyEvent,
        submission: Submission,
        now: datetime,
    ) -> Submission:
        """The procedure begins, in the dossier that shares a reference, else in a new one."""
        company = await work.company(submission.company)
        if company is None:
            raise LookupError(f"{submission.id} is of a company that is missing")
        opening = _opening(message, submission, company, now)
        files = await work.files(opening)
        procedure = self._quicker(files, opening, outgoing, company)
        if procedure is None:
            broker = submission.broker
            procedure = await self._begin(work, files, opening, outgoing, company, broker, now)
        return msgspec.structs.replace(submission, procedure=procedure.id)

    def _quicker(
        self, files: Files, opening: AgencyEvent, outgoing: Outgoing, company: Company
    ) -> Procedure | None:
        """The agency may have begun before its gateway acknowledged."""
        definition = self._catalogue.latest(opening.code)
        identity = opening.reference(definition.identity) if definition else None
        left_as = Reference(scheme=SUBMISSION, value=outgoing.id).key
        linked = {link.procedure for link in files.links if link.ref.key == left_as}
        own = (
            p
            for p in files.procedures
            if p.code == opening.code and files.dossiers[p.dossier].company == company.id
        )
        return next((p for p in own if p.id in linked or p.identity == identity), None)

    async def _begin(
        self,
        work: UnitOfWork,
        files: Files,
        opening: AgencyEvent,
        outgoing: Outgoing,
        company: Company,
        broker: str | None,
        now: datetime,
    ) -> Procedure:
        definition = self._catalogue.latest(opening.code)
        if definition is None:
            raise LookupError(f"the catalogue has no {opening.code} any more")
        shared = shared_dossier(files, opening, company)
        opened = open_procedure(
            definition,
            self._ids.new(),
            shared.id if shared else self._ids.new(),
            opening.reference(definition.identity) or outgoing.id,
            opening,
        )
        procedure = msgspec.structs.replace(opened, version=1)
        dossier = shared or open_dossier(self._catalogue, opened.dossier, company, procedure, now)
        if shared is None:
            work.add(self._record(now, DossierOpened(dossier=dossier), dossier.id))
        others = files.of(dossier.id)
        dossier = refresh(self._catalogue, dossier, [*others, procedure], now)
        if broker is not None and dossier.broker is None:
            dossier = msgspec.structs.replace(dossier, broker=broker, broker_since=now)
            named = BrokerNamed(dossier=dossier.id, broker=broker)
            work.add(self._record(now, named, dossier.id))
        refs = opening.refs
        received = SubmissionReceived(
            submission=outgoing.subject, dossier=dossier.id, procedure=procedure.id
        )
        mandates = [*files.mandates, *(await work.mandates(company.id) if broker else ())]
        audiences = tuple(map(company_audience, hearers(dossier, mandates, now)))
        record = self._record(now, received, dossier.id, audiences)
        if procedure.code == SUBSCRIPTION:
            work.add(msgspec.structs.replace(company, subscription=procedure.id))
        work.add(
            dossier,
            procedure,
            self._record(now, ProcedureOpened(procedure=procedure), dossier.id),
            self._record(
                now,
                ReferencesLinked(dossier=dossier.id, procedure=procedure.id, refs=refs),
                dossier.id,
            ),
            *(Link(dossier=dossier.id, procedure=procedure.id, ref=ref) for ref in refs),
            Reawakening(refs=tuple(ref.key for ref in refs)),
            msgspec.structs.replace(record, procedure=procedure.id),
        )
        if not dossier.sandbox:
            kind = UncountedKind.DOSSIER
            work.add(Uncounted(id=self._ids.new(), kind=kind, subject=dossier.id, at=now))
        return procedure

    def _set_aside(
        self, work: UnitOfWork, message: AgencyEvent, reason: AnomalyReason, now: datetime
    ) -> None:
        work.add(
            Anomaly(
                id=self._ids.new(),
                receipt=message.receipt,
                source=message.source,
                reason=reason,
                state=AnomalyState.OPEN,
                detail=f"{message.type} {message.reference(SUBMISSION) or ''}".strip(),
                received_at=message.received_at,
                updated_at=now,
            ),
            Settlement(receipt=message.receipt, state=InboxState.SET_ASIDE, at=now),
        )

    def _record(
        self, at: datetime, event: Event, subject: str, audiences: tuple[str, ...] = ()
    ) -> Record:
        return Record(id=self._ids.new(), at=at, event=event, subject=subject, audiences=audiences)


def _opening(
    message: AgencyEvent, submission: Submission, company: Company, now: datetime
) -> AgencyEvent:
    """The acknowledgement as what begins the procedure: under all references that we and the agency know."""
    refs = {ref.key: ref for ref in (*message.refs, *submission.refs)}
    return msgspec.structs.replace(
        message,
        code=submission.target,
        refs=tuple(refs.values()),
        occurred_at=min(message.occurred_at, now),
        parties=(Party(role="OPERATOR", scheme="ICE", value=company.ice),),
    )
