"""Prepare, approve and send off what begins a procedure. Each use case is one transaction, audited, done once.

The envelope's rules are the domain's; here they are loaded, proven, decided and written. Nothing leaves inside a
transaction: what is submitted becomes a row that the gateway sends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec

from portnet.domain import submission as envelope_of
from portnet.domain.access import Viewer
from portnet.domain.act import GATEWAY
from portnet.domain.agency import Reference
from portnet.domain.catalogue import CLOCK, Catalogue, Definition
from portnet.domain.declaring.drafting import DraftSaved, written
from portnet.domain.declaring.form import Form
from portnet.domain.declaring.leaving import leaving
from portnet.domain.events import Record, SubmissionChanged, submission_audiences
from portnet.domain.identity.proof import Need, Proof, Unproven, operation_hash
from portnet.domain.outgoing import Outgoing, OutgoingKind, OutgoingState, submission_body
from portnet.domain.submission import ENVELOPE, Decided, NotDone, Person, Submission
from portnet.domain.timers import Retimed, Timer, timers_of_submission
from portnet.ports.clock import Clock, Ids
from portnet.ports.gateway import Routes
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.reading import SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, Change, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.approving.following import Following
from portnet.services.declaring.access import may_work_on
from portnet.services.identity.person import person_of, refused

#: How many faults of a content block it; an agency would not take it.
Checker = Callable[[Submission], Awaitable[int]]

#: The form that a submission answers; None where it was begun without one.
FormOf = Callable[[Submission], Form | None]

Decide = Callable[[Definition, Submission, Person, datetime], Decided]

#: The steps before which a draft is tidied.
_LEAVING = frozenset({"validate", "request_approval", "submit"})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's wish about a submission: ``key`` is made by the app, and the same for the same wish.

    ``expected_version`` is the one that the person saw.
    """

    key: str
    submission: str
    expected_version: int


class Submissions:
    """The use cases of a company's own submissions."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: SubmissionReader,
        catalogue: Catalogue,
        proofs: Proofs,
        routes: Routes,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        blocking: Checker,
        following: Following,
        form_of: FormOf,
    ) -> None:
        self._units = units
        self._reader = reader
        self._catalogue = catalogue
        self._proofs = proofs
        self._routes = routes
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._blocking = blocking
        self._following = following
        self._form_of = form_of

    def as_it_leaves(self, submission: Submission) -> Submission:
        """``submission`` with the content that would be approved and sent: only a draft has something to tidy."""
        saved = self._tidying(submission)
        return submission if saved is None else written(submission, saved, submission.updated_at)

    async def draft(
        self,
        viewer: Viewer,
        submission: str,
        target: str,
        content: str,
        refs: Sequence[Reference] = (),
    ) -> Submission | NotDone:
        """Begin one under an id that the app made; the same again is the same submission."""
        envelope, now = self._envelope(), self._clock.now()
        if target == ENVELOPE or self._catalogue.latest(target) is None:
            return NotDone.NOT_FOUND
        async with self._units() as work:
            person = await person_of(work, viewer)
            drafted = envelope_of.draft(
                envelope, person, submission, target, content, tuple(refs), now
            )
            if isinstance(drafted, NotDone):
                return drafted
            known = await work.submission(submission)
            if known is not None:
                return _same(known, drafted)
            self._write(work, drafted, viewer, "draft", now)
            self._wakeups.feeds(await work.commit())
        return drafted

    async def edit(
        self, viewer: Viewer, asked: Asked, content: str, refs: Sequence[Reference] = ()
    ) -> Submission | NotDone:
        """Replace the content; an approval that it had is void."""

        def decide(envelope: Definition, s: Submission, who: Person, now: datetime) -> Decided:
            return envelope_of.edit(envelope, s, who, content, tuple(refs), now)

        return await self._change(viewer, asked, "edit", decide, content)

    async def validate(self, viewer: Viewer, asked: Asked) -> Submission | NotDone:
        known = await self._reader.submission(viewer.company, asked.submission)
        if known is None:
            return NotDone.NOT_FOUND
        blocking = await self._blocking(known)

        def decide(envelope: Definition, s: Submission, who: Person, now: datetime) -> Decided:
            if known.version != asked.expected_version:
                return NotDone.STALE_VERSION
            return envelope_of.validate(envelope, s, who, blocking, now)

        return await self._change(viewer, asked, "validate", decide)

    async def reopen(self, viewer: Viewer, asked: Asked) -> Submission | NotDone:
        """Back to the draft with its content as it is; an approval that it had is void."""
        return await self._change(viewer, asked, "reopen", envelope_of.reopen)

    async def discard(self, viewer: Viewer, asked: Asked) -> Submission | NotDone:
        return await self._change(viewer, asked, "discard", envelope_of.discard)

    async def request_approval(self, viewer: Viewer, asked: Asked) -> Submission | NotDone:
        """Of what is checked; a draft is checked first."""
        known = await self._reader.submission(viewer.company, asked.submission)
        if known is None:
            return NotDone.NOT_FOUND
        blocking = await self._blocking(known)

        def decide(envelope: Definition, s: Submission, who: Person, now: datetime) -> Decided:
            if known.version != asked.expected_version:
                return NotDone.STALE_VERSION
            if s.state == envelope.start:
                checked = envelope_of.validate(envelope, s, who, blocking, now)
                if isinstance(checked, NotDone):
                    return checked
                s = checked
            return envelope_of.request_approval(envelope, s, who, now)

        return await self._change(viewer, asked, "request_approval", decide)

    async def withdraw(self, viewer: Viewer, asked: Asked) -> Submission | NotDone:
        return await self._change(viewer, asked, "withdraw", envelope_of.withdraw)

    async def correct(self, viewer: Viewer, asked: Asked) -> Submission | NotDone:
        """Back to the draft after a technical rejection."""
        return await self._change(viewer, asked, "correct", envelope_of.correct)

    async def submit(
        self, viewer: Viewer, asked: Asked, proof: Proof | None
    ) -> Submission | NotDone:
        """Send it off, a draft once it is checked. The proof is bound to the content that would leave now.

        Nobody is asked for a proof of what could not be sent with it.
        """
        known = await self._reader.submission(viewer.company, asked.submission)
        if known is None:
            return NotDone.NOT_FOUND
        outgoing, blocking = self._ids.new(), await self._blocking(known)
        leaves = self.as_it_leaves(known)

        def decide(envelope: Definition, s: Submission, who: Person, now: datetime) -> Decided:
            if self._route(s, viewer.sandbox) is None:
                return NotDone.NO_ROUTE
            if known.version != asked.expected_version:
                return NotDone.STALE_VERSION
            if s.state == envelope.start:
                checked = envelope_of.validate(envelope, s, who, blocking, now)
                if isinstance(checked, NotDone):
                    return checked
                s = checked
            # Whether the matrix asks for an approval is looked up in a transaction.
            return envelope_of.submit(envelope, s, who, blocking, False, outgoing, now)

        done = await self._reader.done(viewer.user, asked.key)
        if done is None and known.version != asked.expected_version:
            return NotDone.STALE_VERSION
        return await self._proven(viewer, asked, "submit", decide, leaves, proof)

    async def _early(self, viewer: Viewer, known: Submission, decide: Decide) -> NotDone | None:
        """Why ``known`` cannot be sent, or not by this person; looked at again under locks."""
        now = self._clock.now()
        async with self._units() as work:
            if not await may_work_on(work, viewer, known, now):
                return NotDone.NOT_FOUND
            would_be = decide(self._of(known), known, await person_of(work, viewer), now)
            if isinstance(would_be, NotDone):
                return would_be
            if would_be.approval is None and await self._following.asks(work, known):
                return NotDone.APPROVAL_MISSING
        return None

    async def timed_out(self, submission: str, event: str) -> Submission | NotDone:
        """Our clock brings ``event``: lapse, no_ack, resend. NOT_NOW when the submission has moved on since."""
        now = self._clock.now()
        async with self._units() as work:
            changed = await self._timed_out(work, submission, event, now)
            if isinstance(changed, NotDone):
                return changed
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return changed

    async def ring(self, timer: Timer) -> bool:
        """Bring the timeout of ``timer`` if it is still true: a state that was entered again has a later one."""
        now = self._clock.now()
        async with self._units() as work:
            known = await self._locked(work, timer.subject)
            due = timers_of_submission(self._of(known), known) if known else ()
            work.add(Retimed(moot=(timer.key,), live=tuple(t for t in due if t.due_at > now)))
            if any(t.due_at <= now for t in due):
                await self._timed_out(work, timer.subject, timer.brings, now)
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return True

    async def _timed_out(
        self, work: UnitOfWork, submission: str, event: str, now: datetime
    ) -> Submission | NotDone:
        known = await self._locked(work, submission)
        if known is None:
            return NotDone.NOT_FOUND
        changed = envelope_of.said(self._of(known), known, CLOCK, event, (), now)
        if isinstance(changed, NotDone):
            return changed
        outgoing = await work.outgoing_of(submission)
        if event == "resend" and outgoing is not None:
            work.add(_again(outgoing, now))
        work.add(changed, self._record(changed, now), _audited(changed, "clock", event, now))
        work.add(*await self._following.follow(work, known, changed, event, None, now))
        return changed

    async def _locked(self, work: UnitOfWork, submission: str) -> Submission | None:
        """In the order in which an agency's answer locks both: first what left."""
        await work.outgoing_of(submission)
        return await work.submission(submission)

    async def _proven(
        self,
        viewer: Viewer,
        asked: Asked,
        event: str,
        decide: Decide,
        known: Submission,
        proof: Proof | None,
    ) -> Submission | NotDone:
        """`_change` once the person has shown a second factor for the content of ``known``."""
        if await self._reader.done(viewer.user, asked.key) is None:
            if (refusal := await self._early(viewer, known, decide)) is not None:
                return refusal
            bound = operation_hash(event, asked.submission, known.content_hash)
            answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
            if isinstance(answer, Unproven):
                return refused(answer)
        return await self._change(viewer, asked, event, decide, known.content_hash)

    async def _change(
        self, viewer: Viewer, asked: Asked, event: str, decide: Decide, given: str = ""
    ) -> Submission | NotDone:
        """Do it once, on the version that the person saw."""
        now = self._clock.now()
        fingerprint = _fingerprint(event, asked, given)
        async with self._units() as work:
            known = await work.submission(asked.submission)
            if known is None or not await may_work_on(work, viewer, known, now):
                return NotDone.NOT_FOUND
            done = await work.done(viewer.user, asked.key)
            if done is not None:
                return known if done.fingerprint == fingerprint else NotDone.KEY_REUSED
            if known.version != asked.expected_version:
                return NotDone.STALE_VERSION
            person = await person_of(work, viewer)
            before = self._tidied(work, known, viewer, now) if event in _LEAVING else known
            changed = decide(self._of(known), before, person, now)
            if isinstance(changed, NotDone):
                return changed
            if event == "submit":
                if changed.approval is None and await self._following.asks(work, before):
                    return NotDone.APPROVAL_MISSING
                work.add(await self._outgoing(work, viewer, changed, now))
                work.add(envelope_of.revision_of(changed))
            work.add(
                MutationDone(
                    user=viewer.user,
                    key=asked.key,
                    subject=known.id,
                    fingerprint=fingerprint,
                    at=now,
                )
            )
            self._write(work, changed, viewer, event, now)
            work.add(*await self._following.follow(work, known, changed, event, viewer.user, now))
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return changed

    def _tidying(self, submission: Submission) -> DraftSaved | None:
        form = self._form_of(submission)
        if form is None or submission.state != self._of(submission).start:
            return None
        return leaving(form, submission)

    def _tidied(
        self, work: UnitOfWork, known: Submission, viewer: Viewer, now: datetime
    ) -> Submission:
        """``known`` as it leaves, and in the log what that took out of it."""
        saved = self._tidying(known)
        if saved is None:
            return known
        tidied = written(known, saved, now)
        # Nobody is told of it: the step for which it was tidied follows in the same transaction.
        record = Record(id=self._ids.new(), at=now, event=saved, subject=known.id, audiences=())
        work.add(record, _audited(tidied, f"user:{viewer.user}", "tidy", now))
        return tidied

    async def _outgoing(
        self, work: UnitOfWork, viewer: Viewer, submission: Submission, now: datetime
    ) -> Change:
        company = await work.company(submission.company)
        broker = await work.company(submission.broker) if submission.broker else None
        route = self._route(submission, viewer.sandbox)
        if company is None or route is None:
            raise LookupError("a submission was decided without a company or a route")
        return Outgoing(
            id=submission.outgoing or "",
            company=submission.company,
            kind=OutgoingKind.SUBMISSION,
            source=route,
            subject=submission.id,
            event="submit",
            body=submission_body(submission, company, now, broker),
            by=viewer.user,
            sandbox=viewer.sandbox,
            created_at=now,
            due_at=now,
            updated_at=now,
        )

    def _write(
        self, work: UnitOfWork, submission: Submission, viewer: Viewer, event: str, now: datetime
    ) -> None:
        actor = f"user:{viewer.user}"
        work.add(submission, self._record(submission, now), _audited(submission, actor, event, now))

    def _record(self, submission: Submission, now: datetime) -> Record:
        event = SubmissionChanged(submission=submission)
        return Record(
            id=self._ids.new(),
            at=now,
            event=event,
            subject=submission.id,
            audiences=submission_audiences(submission),
        )

    def _route(self, submission: Submission, sandbox: bool) -> str | None:
        target = self._catalogue.latest(submission.target)
        agency = self._catalogue.agency_of(target) if target else None
        return self._routes.route(agency.source if agency else GATEWAY, sandbox)

    def _envelope(self) -> Definition:
        envelope = self._catalogue.latest(ENVELOPE)
        if envelope is None:
            raise LookupError("the catalogue has no envelope")
        return envelope

    def _of(self, submission: Submission) -> Definition:
        return self._catalogue.definition(ENVELOPE, submission.envelope)


def _again(outgoing: Outgoing, now: datetime) -> Outgoing:
    """The same message, under the same key, at once."""
    return msgspec.structs.replace(
        outgoing, state=OutgoingState.IN_DOUBT, due_at=now, updated_at=now
    )


def _same(known: Submission, drafted: Submission) -> Submission | NotDone:
    """What a repeated draft finds: its own, unless the id is somebody else's or of another content."""
    if known.company != drafted.company:
        return NotDone.NOT_FOUND
    same = (known.author, known.target) == (drafted.author, drafted.target)
    begun = known.version > 1 or known.content_hash == drafted.content_hash
    return known if same and begun else NotDone.KEY_REUSED


def _fingerprint(event: str, asked: Asked, given: str) -> str:
    parts = (event, asked.submission, str(asked.expected_version), given)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _audited(submission: Submission, actor: str, action: str, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=submission.company,
        at=now,
        actor=actor,
        action=f"submission.{action}",
        subject=f"{submission.id}/{submission.content_hash}",
    )
