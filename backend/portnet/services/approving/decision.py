"""Decide what waits for an approval: of exactly the contents that were on the screen, all of them or none.

One proof stands for several like decisions: it is bound to the sorted list of their contents. Locks are taken in one
order, submissions, then files, then approvals, as by everybody who changes them.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from portnet.domain import submission as envelope_of
from portnet.domain.access import Role, Viewer
from portnet.domain.approving.approval import (
    Approval,
    ApprovalState,
    Content,
    Matter,
    approved,
    closed,
    content_of_submission,
    proof_hash,
)
from portnet.domain.approving.authority import Authority, authority
from portnet.domain.approving.seen import looked
from portnet.domain.catalogue import Catalogue
from portnet.domain.events import Record, SubmissionChanged, submission_audiences
from portnet.domain.identity.proof import Need, Proof, Unproven
from portnet.domain.submission import ENVELOPE, NotDone, Person, Submission
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.reading import SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.act import Acts
from portnet.services.approving.following import Following, retimed
from portnet.services.approving.outcome import Fault, Refused, SecondFactorMissing, Stale
from portnet.services.identity.person import person_of, refused

#: What one thumb and one code decide together at most.
MOST = 50
#: A reason's characters at most.
LONGEST_REASON = 500


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's decision of the contents that were shown; ``key`` is the app's, the same for the same wish."""

    key: str
    contents: tuple[str, ...]
    reason: str | None = None

    def fingerprint(self, verb: str) -> str:
        parts = (verb, self.reason or "", *sorted(self.contents))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


Decided = tuple[Approval, ...] | Stale | Refused | SecondFactorMissing | tuple[Fault, ...] | NotDone


class _No(Exception):
    """Leaves the transaction: nothing of it holds."""

    def __init__(self, outcome: Stale | Refused | NotDone) -> None:
        super().__init__()
        self.outcome = outcome


class Decisions:
    """The use cases of deciding."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: ApprovalReader,
        done: SubmissionReader,
        catalogue: Catalogue,
        proofs: Proofs,
        acts: Acts,
        following: Following,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._reader = reader
        self._done = done
        self._catalogue = catalogue
        self._proofs = proofs
        self._acts = acts
        self._following = following
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def approve(self, viewer: Viewer, decision: Decision, proof: Proof | None) -> Decided:
        """Say yes. An act is asked of its agency in the same transaction."""
        if faults := _faults(decision, reasoned=False):
            return faults
        if await self._done.done(viewer.user, decision.key) is None:
            early = await self._early(viewer, decision)
            if early is not None:
                return early
            bound = proof_hash(list(decision.contents))
            answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
            if isinstance(answer, Unproven):
                return SecondFactorMissing(because=refused(answer), operation_hash=bound)
        return await self._decide(viewer, decision, "approve")

    async def return_for_correction(self, viewer: Viewer, decision: Decision) -> Decided:
        """Say no, and why."""
        if faults := _faults(decision, reasoned=True):
            return faults
        return await self._decide(viewer, decision, "return")

    async def open(self, viewer: Viewer, content: str) -> Approval | NotDone:
        """Note that the viewer looks at a content: changes are told against it from the next content on."""
        now = self._clock.now()
        found = await self._reader.newest_of_contents(viewer.company, [content])
        if content not in found:
            return NotDone.NOT_FOUND
        async with self._units() as work:
            await self._look(work, viewer, found[content].content.subject, content, now)
            await work.commit()
        return found[content]

    async def take_back(
        self, viewer: Viewer, key: str, approval: str, reason: str | None
    ) -> Approval | Refused | NotDone:
        """The approver takes a yes back, or who asked withdraws what waits, before it is used."""
        now = self._clock.now()
        known = (await self._reader.approvals_by_id(viewer.company, [approval])).get(approval)
        if known is None:
            return NotDone.NOT_FOUND
        fingerprint = hashlib.sha256(f"take_back\0{approval}\0{reason}".encode()).hexdigest()
        try:
            async with self._units() as work:
                submission, locked = await self._locked(work, known)
                if (done := await work.done(viewer.user, key)) is not None:
                    return locked if done.fingerprint == fingerprint else NotDone.KEY_REUSED
                ended = await self._taken_back(work, viewer, locked, submission, reason, now)
                work.add(_mutation(viewer, key, ended.id, fingerprint, now))
                self._wakeups.feeds(await work.commit())
        except _No as no:
            return no.outcome if not isinstance(no.outcome, Stale) else NotDone.NOT_NOW
        self._wakeups.outbox()
        return ended

    async def _early(self, viewer: Viewer, decision: Decision) -> Stale | Refused | NotDone | None:
        """What can be told before a code is asked for, whose right it is too; looked at again under locks."""
        found = await self._reader.newest_of_contents(viewer.company, decision.contents)
        shown = await self._reader.contents(viewer.company, decision.contents)
        for content in decision.contents:
            if content not in found:
                return NotDone.NOT_FOUND
            if (fault := _moved_on(found[content], shown[content])) is not None:
                return fault
        try:
            async with self._units() as work:
                person, now = await person_of(work, viewer), self._clock.now()
                for content in decision.contents:
                    await self._right(work, person, found[content], now)
        except _No as no:
            return no.outcome
        return None

    async def _decide(self, viewer: Viewer, decision: Decision, verb: str) -> Decided:
        now = self._clock.now()
        shown = await self._reader.contents(viewer.company, decision.contents)
        if set(shown) != set(decision.contents):
            return NotDone.NOT_FOUND
        ordered = sorted(shown.values(), key=lambda c: (c.matter is Matter.ACT, c.subject))
        fingerprint = decision.fingerprint(verb)
        try:
            async with self._units() as work:
                waiting = [await self._waiting(work, viewer, content) for content in ordered]
                if (done := await work.done(viewer.user, decision.key)) is not None:
                    if done.fingerprint != fingerprint:
                        return NotDone.KEY_REUSED
                    return tuple(approval for _, approval in waiting)
                decided = tuple([
                    await self._one(work, viewer, verb, s, a, shown_, decision.reason, now)
                    for (s, a), shown_ in zip(waiting, ordered, strict=True)
                ])  # fmt: skip
                subject = ",".join(approval.id for approval in decided)
                work.add(_mutation(viewer, decision.key, subject, fingerprint, now))
                self._wakeups.feeds(await work.commit())
        except _No as no:
            return no.outcome
        self._wakeups.outbox()
        return decided

    async def _waiting(
        self, work: UnitOfWork, viewer: Viewer, content: Content
    ) -> tuple[Submission | None, Approval]:
        """The newest approval of the content's subject and, of a declaration, the subject; both locked."""
        submission = None
        if content.matter is Matter.DECLARATION:
            submission = await work.submission(content.subject)
        else:
            await work.file(content.subject)
        approval = await work.approving.newest_of(content.subject)
        if approval is None or approval.company != viewer.company:
            raise _No(NotDone.NOT_FOUND)
        return submission, approval

    async def _locked(
        self, work: UnitOfWork, known: Approval
    ) -> tuple[Submission | None, Approval]:
        submission = None
        if known.content.matter is Matter.DECLARATION:
            submission = await work.submission(known.content.subject)
        locked = await work.approving.approval(known.id)
        return submission, locked or known

    async def _one(
        self,
        work: UnitOfWork,
        viewer: Viewer,
        verb: str,
        submission: Submission | None,
        approval: Approval,
        shown: Content,
        reason: str | None,
        now: datetime,
    ) -> Approval:
        if (fault := _moved_on(approval, shown)) is not None:
            raise _No(fault)
        person = await person_of(work, viewer)
        right = await self._right(work, person, approval, now)
        if verb == "approve":
            ended = approved(approval, person.user, right.on_behalf_of, right.alone, now)
        else:
            ended = closed(approval, ApprovalState.RETURNED, now, by=person.user, reason=reason)
            ended = msgspec.structs.replace(ended, on_behalf_of=right.on_behalf_of)
        if isinstance(ended, NotDone):
            raise _No(Refused(approval=approval, because=ended))
        if submission is not None:
            self._declaration(work, person, verb, submission, approval, reason, now)
        elif verb == "approve":
            refusal = await self._acts.approved(work, viewer, ended, now)
            if refusal is not None:
                raise _No(Refused(approval=approval, because=refusal))
        work.add(*await self._following.settled(work, approval, ended, verb, now))
        alone = ".alone" if ended.self_approved else ""
        work.add(_audited(ended, viewer, f"{verb}{alone}", now))
        await self._look(work, viewer, shown.subject, shown.id, now)
        return ended

    async def _right(
        self, work: UnitOfWork, person: Person, approval: Approval, now: datetime
    ) -> Authority:
        people = await work.people(approval.company)
        delegations = await work.approving.delegations(approval.company)
        right = authority(approval, person, people, delegations, now)
        if isinstance(right, NotDone):
            raise _No(Refused(approval=approval, because=right))
        return right

    def _declaration(
        self,
        work: UnitOfWork,
        person: Person,
        verb: str,
        submission: Submission,
        approval: Approval,
        reason: str | None,
        now: datetime,
    ) -> None:
        """The envelope's own step; its rules hold too. Whoever has the right decides as a manager."""
        content = content_of_submission(submission, approval.content.amount)
        if content.id != approval.content.id:
            raise _No(Refused(approval=approval, because=NotDone.OTHER_CONTENT))
        envelope = self._catalogue.definition(ENVELOPE, submission.envelope)
        manager = msgspec.structs.replace(person, roles=person.roles | {Role.MANAGER})
        if verb == "approve":
            seen = submission.content_hash
            changed = envelope_of.approve(envelope, submission, manager, seen, now)
        elif verb == "revoke":
            changed = envelope_of.revoke(envelope, submission, manager, now)
        elif verb == "withdraw":
            declarant = msgspec.structs.replace(person, roles=person.roles | {Role.DECLARANT})
            changed = envelope_of.withdraw(envelope, submission, declarant, now)
        else:
            changed = envelope_of.return_for_correction(
                envelope, submission, manager, reason or "", now
            )
        if isinstance(changed, NotDone):
            raise _No(Refused(approval=approval, because=changed))
        event = SubmissionChanged(submission=changed)
        audiences = submission_audiences(changed)
        record = Record(
            id=self._ids.new(), at=now, event=event, subject=changed.id, audiences=audiences
        )
        work.add(changed, record, retimed(envelope, submission, changed))

    async def _taken_back(
        self,
        work: UnitOfWork,
        viewer: Viewer,
        approval: Approval,
        submission: Submission | None,
        reason: str | None,
        now: datetime,
    ) -> Approval:
        person = await person_of(work, viewer)
        mine = approval.pending and viewer.user == approval.requested_by
        verb = "withdraw" if mine else "revoke"
        used = approval.state is not ApprovalState.APPROVED or submission is None
        if not mine and used:
            # An act left for its agency with the yes: there is nothing to take back.
            raise _No(Refused(approval=approval, because=NotDone.NOT_NOW))
        if not mine:
            await self._right(work, person, approval, now)
        if submission is not None:
            self._declaration(work, person, verb, submission, approval, reason, now)
        state = ApprovalState.WITHDRAWN if mine else ApprovalState.VOIDED
        ended = closed(approval, state, now, by=viewer.user, reason=reason)
        work.add(*await self._following.settled(work, approval, ended, verb, now))
        work.add(_audited(ended, viewer, verb, now))
        return ended

    async def _look(
        self, work: UnitOfWork, viewer: Viewer, subject: str, content: str, now: datetime
    ) -> None:
        known = await work.approving.seen(viewer.user, subject)
        work.add(looked(known, viewer.user, subject, content, now))


def _moved_on(approval: Approval, shown: Content) -> Stale | Refused | None:
    """Why what was shown cannot be decided any more; None: it is what waits."""
    if approval.pending and approval.content.id != shown.id:
        return Stale(approval=approval, shown=shown)
    if not approval.pending:
        return Refused(approval=approval, because=NotDone.NOT_NOW)
    return None


def _faults(decision: Decision, *, reasoned: bool) -> tuple[Fault, ...]:
    contents, reason = decision.contents, decision.reason or ""
    if not contents:
        return (Fault(path="contents", code="EMPTY"),)
    if len(contents) > MOST or len(set(contents)) != len(contents):
        return (Fault(path="contents", code="TOO_MANY" if len(contents) > MOST else "TWICE"),)
    # PostgreSQL's text cannot hold U+0000, and nobody types it.
    if "\0" in reason or any("\0" in content for content in contents):
        return (Fault(path="reason" if "\0" in reason else "contents", code="UNKNOWN"),)
    if reasoned and not reason.strip():
        return (Fault(path="reason", code="EMPTY"),)
    return (Fault(path="reason", code="TOO_LONG"),) if len(reason) > LONGEST_REASON else ()


def _mutation(
    viewer: Viewer, key: str, subject: str, fingerprint: str, now: datetime
) -> MutationDone:
    return MutationDone(user=viewer.user, key=key, subject=subject, fingerprint=fingerprint, at=now)


def _audited(approval: Approval, viewer: Viewer, action: str, now: datetime) -> AuditDraft:
    """Both names where the right was somebody else's."""
    principal = approval.on_behalf_of
    return AuditDraft(
        company=approval.company,
        at=now,
        actor=f"user:{viewer.user}",
        on_behalf_of=f"user:{principal}" if principal else None,
        action=f"approval.{action}",
        subject=f"{_trail_of(approval)}/{approval.content.id}",
    )


def _trail_of(approval: Approval) -> str:
    """A declaration's own trail tells who said yes to it; an act's is told once it is asked for in its file."""
    declared = approval.content.matter is Matter.DECLARATION
    return approval.content.subject if declared else approval.id
