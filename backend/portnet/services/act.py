"""The company's own acts in agencies' procedures: asked for here, done by the agency's system.

Asking moves no state: a message is written for the gateway, and the procedure says that it is under way until the
answer comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Role, Viewer
from portnet.domain.act import Act, acts_of, decide, may_do, pays
from portnet.domain.agency import Amount
from portnet.domain.approving.approval import Approval, act_of, standing_of
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.document import Document
from portnet.domain.dossier import Dossier
from portnet.domain.events import ActRequested, Record, company_audience
from portnet.domain.filing import Files, hearers
from portnet.domain.folding import refresh
from portnet.domain.identity.mandate import NoMandate, may_act, working_on
from portnet.domain.identity.proof import Need, Proof, Proven, Unproven, operation_hash
from portnet.domain.outgoing import Outgoing, act_body
from portnet.domain.paying.obligation import rivals, under_way
from portnet.domain.paying.order import PaymentOrder, amount_due
from portnet.domain.procedure import Procedure, Requested
from portnet.domain.request import ANSWERED, InformationRequest, RequestState
from portnet.domain.submission import NotDone, Person
from portnet.ports.clock import Clock, Ids
from portnet.ports.gateway import Routes
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.reading import FileReader, RequestReader, SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.approving.asking import ActApprovals
from portnet.services.identity.person import person_of, refused

#: An answer's words at most: what an agency's screen and a patient reader take.
LONGEST_TEXT = 4_000

_Shown = Mapping[Need, Proven]


class ActFault(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a wish that cannot be taken, and why: EMPTY, TOO_LONG, UNKNOWN."""

    path: str
    code: str


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's wish to act: ``key`` is made by the app, and the same for the same wish.

    ``expected_version`` is the procedure's that the person saw, or, of an answer, the request's. ``documents`` are
    stored papers that the person sees.
    """

    key: str
    procedure: str
    event: str
    expected_version: int
    text: str | None = None
    request: str | None = None
    documents: tuple[Document, ...] = ()

    @property
    def fingerprint(self) -> str:
        fields = (
            self.procedure,
            self.event,
            str(self.expected_version),
            self.text or "",
            self.request or "",
            *(document.id for document in self.documents),
        )
        return hashlib.sha256("\0".join(fields).encode()).hexdigest()


class _Ready(msgspec.Struct, frozen=True, kw_only=True):
    """An act that may be done now, the file that it is in, and the system to which it goes."""

    files: Files
    procedure: Procedure
    act: Act
    source: str


class Acts:
    """The use cases of acting in a procedure."""

    def __init__(
        self,
        units: UnitsOfWork,
        files: FileReader,
        requests: RequestReader,
        done: SubmissionReader,
        catalogue: Catalogue,
        proofs: Proofs,
        routes: Routes,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        approvals: ActApprovals,
    ) -> None:
        self._units = units
        self._files = files
        self._requests = requests
        self._done = done
        self._catalogue = catalogue
        self._proofs = proofs
        self._routes = routes
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._approvals = approvals

    def available(
        self,
        procedure: Procedure,
        roles: frozenset[Role],
        sandbox: bool,
        payments: Sequence[Procedure] = (),
    ) -> tuple[Act, ...]:
        """What somebody with ``roles`` may ask for now, of an agency that can be reached.

        ``payments`` are the company's others that may be of the same obligation: under way, nobody pays again.
        """
        definition = self._catalogue.definition(procedure.code, procedure.definition)
        if not may_do(definition, procedure, roles):
            return ()
        return tuple(
            act
            for act in acts_of(self._catalogue, procedure)
            if self._routes.route(act.source, sandbox) is not None
            and not (pays(procedure, act.event) and rivals(procedure, payments))
        )

    async def perform(
        self, viewer: Viewer, wish: Wish, proof: Proof | None = None
    ) -> Procedure | Approval | NotDone | NoMandate:
        """Ask the agency for an act; done once for each key. What needs somebody's approval waits for it."""
        proven = await self._proven(viewer, wish, proof)
        if proven is NotDone.APPROVAL_MISSING:
            return await self._ask_approval(viewer, wish)
        if not isinstance(proven, Mapping):
            return proven
        outcome = await self._ask(viewer, wish, proven)
        self._wakeups.outbox()
        return outcome

    async def answer(
        self,
        viewer: Viewer,
        key: str,
        request: str,
        expected_version: int,
        text: str,
        documents: tuple[Document, ...] = (),
    ) -> InformationRequest | NotDone | NoMandate | tuple[ActFault, ...]:
        """Answer what an agency asked. The request stays as it is until the agency's system has the answer."""
        if faults := _faults(text):
            return faults
        known = await self._requests.requests_by_id(viewer, self._clock.now(), [request])
        if request not in known:
            return NotDone.NOT_FOUND
        wish = Wish(
            key=key,
            procedure=known[request].procedure,
            event=ANSWERED,
            expected_version=expected_version,
            text=text,
            request=request,
            documents=documents,
        )
        outcome = await self.perform(viewer, wish)
        if isinstance(outcome, Approval):
            raise AssertionError("an answer waits for an approval")
        return known[request] if isinstance(outcome, Procedure) else outcome

    async def approved(
        self, work: UnitOfWork, viewer: Viewer, approval: Approval, now: datetime
    ) -> NotDone | None:
        """Ask the agency for the act of ``approval`` in the name of who wanted it, in ``work``; None: it is written.

        The second factor of whoever approves is the act's: it is bound to this very content, and fresh.

        Args:
            viewer: who approves.
        """
        act = act_of(approval.content)
        author = msgspec.structs.replace(viewer, user=approval.author)
        files = await work.file(act.procedure)
        if files is None:
            return NotDone.NOT_FOUND
        procedure = next(p for p in files.procedures if p.id == act.procedure)
        dossier = files.dossiers[procedure.dossier]
        if may_act(dossier, procedure.code, viewer.company, files.mandates, now) is not None:
            return NotDone.NOT_FOUND
        if standing_of(procedure) != approval.standing:
            return NotDone.STALE_VERSION
        wish = Wish(
            key=f"approval:{approval.id}",
            procedure=act.procedure,
            event=act.action,
            expected_version=procedure.version,
            text=act.text or None,
        )
        yes = Proven(by=viewer.user, at=now)
        shown = {Need.APPROVAL: yes, Need.SECOND_FACTOR: yes}
        person = working_on(dossier, await person_of(work, author))
        decided = await self._decided(work, person, wish, procedure, shown)
        if isinstance(decided, NotDone):
            return decided
        source = self._routes.route(decided.source, viewer.sandbox)
        if source is None:
            return NotDone.NO_ROUTE
        self._write(work, files, author, wish, decided, source, False, now)
        return None

    async def _proven(
        self, viewer: Viewer, wish: Wish, proof: Proof | None
    ) -> _Shown | Procedure | Approval | NotDone | NoMandate:
        """What the act asks for, proven before the transaction: a proof is checked outside of one.

        A code is neither asked for nor used up for what cannot be done, or not by this person.
        """
        known = await self._files.procedures_by_id(viewer, self._clock.now(), [wish.procedure])
        procedure = known.get(wish.procedure)
        if procedure is None:
            return NotDone.NOT_FOUND
        shown: dict[Need, Proven] = {}
        if await self._done.done(viewer.user, wish.key) is not None:
            return shown
        if pays(procedure, wish.event) and under_way(procedure):
            return NotDone.DO_NOT_PAY_AGAIN
        act = next((a for a in acts_of(self._catalogue, procedure) if a.event == wish.event), None)
        if act is None or not act.needs:
            return shown
        async with self._units() as work:
            ready = await self._ready(work, viewer, wish, None, self._clock.now())
        if not isinstance(ready, _Ready):
            return ready
        for need in act.needs:
            if need in shown:
                continue
            bound = operation_hash(wish.event, wish.procedure, wish.text or "")
            answer = await self._proofs.verify(viewer.user, need, bound, proof)
            if need is Need.APPROVAL and answer is Unproven.MISSING:
                if not await self._approvals.alone(viewer):
                    return NotDone.APPROVAL_MISSING
                # Who is alone approves their own act, as anybody does: with a second factor.
                answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
                if isinstance(answer, Proven):
                    shown[Need.SECOND_FACTOR] = answer
            if isinstance(answer, Unproven):
                return refused(answer)
            shown[need] = answer
        return shown

    async def _ask(
        self, viewer: Viewer, wish: Wish, shown: _Shown
    ) -> Procedure | Approval | NotDone | NoMandate:
        now = self._clock.now()
        async with self._units() as work:
            ready = await self._ready(work, viewer, wish, shown, now)
            if not isinstance(ready, _Ready):
                return ready
            alone = _self_approved(viewer.user, shown)
            asked = self._write(
                work, ready.files, viewer, wish, ready.act, ready.source, alone, now
            )
            self._wakeups.feeds(await work.commit())
        return asked

    async def _ask_approval(
        self, viewer: Viewer, wish: Wish
    ) -> Procedure | Approval | NotDone | NoMandate:
        """Everything but the needs is looked at now: nobody is asked to approve what could not be done anyway."""
        now = self._clock.now()
        async with self._units() as work:
            ready = await self._ready(work, viewer, wish, None, now)
            if not isinstance(ready, _Ready):
                return ready
            asked = await self._approvals.ask(
                work, viewer, ready.procedure, wish.event, wish.text, now
            )
            if isinstance(asked, NotDone):
                return asked
            approval, changes = asked
            work.add(*changes, _done(viewer, wish, approval.id, now))
            self._wakeups.feeds(await work.commit())
        self._wakeups.outbox()
        return approval

    async def _ready(
        self, work: UnitOfWork, viewer: Viewer, wish: Wish, shown: _Shown | None, now: datetime
    ) -> _Ready | Procedure | Approval | NotDone | NoMandate:
        """What is needed to do it; what it became if it was done before; or why it cannot be."""
        files = await work.file(wish.procedure)
        if files is None:
            return NotDone.NOT_FOUND
        procedure = next(p for p in files.procedures if p.id == wish.procedure)
        dossier = files.dossiers[procedure.dossier]
        lapsed = may_act(dossier, procedure.code, viewer.company, files.mandates, now)
        if lapsed is not None:
            return lapsed
        if any(paper.subject.company != dossier.company for paper in wish.documents):
            # A broker sees papers of several companies; none goes out in another's name.
            return NotDone.NOT_FOUND
        done = await work.done(viewer.user, wish.key)
        if done is not None:
            if done.fingerprint != wish.fingerprint:
                return NotDone.KEY_REUSED
            return await work.approving.approval(done.subject) or procedure
        person = working_on(dossier, await person_of(work, viewer))
        act = await self._decided(work, person, wish, procedure, shown)
        if isinstance(act, NotDone):
            return act
        source = self._routes.route(act.source, viewer.sandbox)
        if source is None:
            return NotDone.NO_ROUTE
        return _Ready(files=files, procedure=procedure, act=act, source=source)

    async def _decided(
        self,
        work: UnitOfWork,
        person: Person,
        wish: Wish,
        procedure: Procedure,
        shown: _Shown | None,
    ) -> Act | NotDone:
        if wish.request is not None:
            asked = await work.request(wish.request)
            if asked is None or asked.version != wish.expected_version:
                return NotDone.STALE_VERSION
            if asked.state not in (RequestState.NEW, RequestState.EXPIRED):
                return NotDone.NOT_NOW
        elif procedure.version != wish.expected_version:
            return NotDone.STALE_VERSION
        act = decide(self._catalogue, procedure, wish.event, person)
        if isinstance(act, NotDone):
            return act
        if pays(procedure, act.event) and await self._paid_elsewhere(
            work, procedure, person.company
        ):
            return NotDone.DO_NOT_PAY_AGAIN
        if shown is None:
            return act
        if not set(act.needs) <= shown.keys():
            return NotDone.STALE_VERSION
        if _self_approved(person.user, shown) and not person.alone:
            return NotDone.OWN_WORK
        return act

    async def _paid_elsewhere(self, work: UnitOfWork, procedure: Procedure, owner: str) -> bool:
        """Whether another payment of the same obligation is under way; if not, none begins before this one."""
        refs = procedure.obligation.refs if procedure.obligation else ()
        return bool(rivals(procedure, await work.payments(owner, refs)))

    def _write(
        self,
        work: UnitOfWork,
        files: Files,
        viewer: Viewer,
        wish: Wish,
        act: Act,
        source: str,
        self_approved: bool,
        now: datetime,
    ) -> Procedure:
        named = self._ids.new()
        requested = Requested(event=wish.event, outgoing=named, by=viewer.user, at=now)
        dossier, procedure = self._renewed(files, wish.procedure, requested, now)
        owner = next(c for c in files.companies if c.id == dossier.company)
        refs = [link.ref for link in files.links if link.procedure == procedure.id]
        outgoing = Outgoing(
            id=named,
            company=dossier.company,
            kind=act.kind,
            source=source,
            subject=procedure.id,
            event=wish.event,
            body=act_body(
                named,
                procedure,
                wish.event,
                refs,
                owner,
                now,
                wish.text,
                wish.request,
                _amounts(procedure, wish.event),
                wish.documents,
            ),
            by=viewer.user,
            sandbox=dossier.sandbox,
            created_at=now,
            due_at=now,
            updated_at=now,
        )
        work.add(
            dossier,
            procedure,
            outgoing,
            Record(
                id=self._ids.new(),
                at=now,
                event=ActRequested(procedure=procedure),
                subject=dossier.id,
                audiences=_audiences(files, dossier, now),
                procedure=procedure.id,
            ),
            AuditDraft(
                company=dossier.company,
                at=now,
                actor=f"user:{viewer.user}",
                action=f"act.{procedure.code}.{wish.event}{'.alone' if self_approved else ''}",
                subject=f"{dossier.id}/{named}",
            ),
            _done(viewer, wish, procedure.id, now),
        )
        if pays(procedure, wish.event):
            work.add(
                PaymentOrder(
                    procedure=procedure.id,
                    key=named,
                    sandbox=dossier.sandbox,
                    ordered_by=viewer.user,
                    ordered_at=now,
                )
            )
        return procedure

    def _renewed(
        self, files: Files, id: str, requested: Requested | None, now: datetime
    ) -> tuple[Dossier, Procedure]:
        """The procedure in a new version, with what is under way now, and its dossier as that makes it."""
        known = next(p for p in files.procedures if p.id == id)
        procedure = msgspec.structs.replace(
            known,
            requested=requested or known.requested,
            updated_at=now,
            version=known.version + 1,
        )
        others = [p for p in files.of(known.dossier) if p.id != id]
        dossier = refresh(self._catalogue, files.dossiers[known.dossier], [*others, procedure], now)
        return dossier, procedure


def _done(viewer: Viewer, wish: Wish, subject: str, now: datetime) -> MutationDone:
    return MutationDone(
        user=viewer.user, key=wish.key, subject=subject, fingerprint=wish.fingerprint, at=now
    )


def _faults(text: str) -> tuple[ActFault, ...]:
    # PostgreSQL's text cannot hold U+0000, and nobody types it.
    if not text.strip() or "\0" in text:
        return (ActFault(path="text", code="EMPTY" if not text.strip() else "UNKNOWN"),)
    return (ActFault(path="text", code="TOO_LONG"),) if len(text) > LONGEST_TEXT else ()


def _amounts(procedure: Procedure, event: str) -> tuple[Amount, ...]:
    """What is ordered to be paid; other acts have no amount."""
    due = amount_due(procedure.amounts) if pays(procedure, event) else None
    return () if due is None else (due,)


def _self_approved(user: str, shown: _Shown) -> bool:
    approval = shown.get(Need.APPROVAL)
    return approval is not None and approval.by == user


def _audiences(files: Files, dossier: Dossier, now: datetime) -> tuple[str, ...]:
    return tuple(map(company_audience, hearers(dossier, files.mandates, now)))
