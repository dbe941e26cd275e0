"""The company's own acts in agencies' procedures: asked for here, done by the agency's system.

Asking moves no state: a message is written for the gateway, and the procedure says that it is under way until the
answer comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from portnet.domain.access import Role, Viewer
from portnet.domain.act import Act, acts_of, decide, may_do
from portnet.domain.catalogue import Catalogue
from portnet.domain.dossier import Dossier
from portnet.domain.events import ActRequested, Record, company_audience
from portnet.domain.filing import Files, hearers
from portnet.domain.folding import refresh
from portnet.domain.identity.mandate import NoMandate, may_act, working_on
from portnet.domain.identity.proof import Need, Proof, Proven, Unproven, operation_hash
from portnet.domain.outgoing import Outgoing, act_body
from portnet.domain.procedure import Procedure, Requested
from portnet.domain.request import ANSWERED, InformationRequest, RequestState
from portnet.domain.submission import NotDone, Person
from portnet.ports.clock import Clock, Ids
from portnet.ports.gateway import Routes
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.reading import FileReader, RequestReader, SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
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

    ``expected_version`` is the procedure's that the person saw, or, of an answer, the request's.
    """

    key: str
    procedure: str
    event: str
    expected_version: int
    text: str | None = None
    request: str | None = None

    @property
    def fingerprint(self) -> str:
        fields = (
            self.procedure,
            self.event,
            str(self.expected_version),
            self.text or "",
            self.request or "",
        )
        return hashlib.sha256("\0".join(fields).encode()).hexdigest()


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

    def available(
        self, procedure: Procedure, roles: frozenset[Role], sandbox: bool
    ) -> tuple[Act, ...]:
        """What somebody with ``roles`` may ask for now, of an agency that can be reached."""
        definition = self._catalogue.definition(procedure.code, procedure.definition)
        if not may_do(definition, procedure, roles):
            return ()
        return tuple(
            act
            for act in acts_of(self._catalogue, procedure)
            if self._routes.route(act.source, sandbox) is not None
        )

    async def perform(
        self, viewer: Viewer, wish: Wish, proof: Proof | None = None
    ) -> Procedure | NotDone | NoMandate:
        """Ask the agency for an act; done once for each key."""
        proven = await self._proven(viewer, wish, proof)
        if isinstance(proven, NotDone):
            return proven
        outcome = await self._ask(viewer, wish, proven)
        self._wakeups.outbox()
        return outcome

    async def answer(
        self, viewer: Viewer, key: str, request: str, expected_version: int, text: str
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
        )
        outcome = await self.perform(viewer, wish)
        return known[request] if isinstance(outcome, Procedure) else outcome

    async def _proven(self, viewer: Viewer, wish: Wish, proof: Proof | None) -> _Shown | NotDone:
        """What the act asks for, proven before the transaction: a proof is checked outside of one."""
        known = await self._files.procedures_by_id(viewer, self._clock.now(), [wish.procedure])
        procedure = known.get(wish.procedure)
        if procedure is None:
            return NotDone.NOT_FOUND
        shown: dict[Need, Proven] = {}
        if await self._done.done(viewer.user, wish.key) is not None:
            return shown
        act = next((a for a in acts_of(self._catalogue, procedure) if a.event == wish.event), None)
        for need in act.needs if act else ():
            bound = operation_hash(wish.event, wish.procedure, wish.text or "")
            answer = await self._proofs.verify(viewer.user, need, bound, proof)
            if isinstance(answer, Unproven):
                missing = need is Need.APPROVAL and answer is Unproven.MISSING
                return NotDone.APPROVAL_MISSING if missing else refused(answer)
            shown[need] = answer
        return shown

    async def _ask(
        self, viewer: Viewer, wish: Wish, shown: _Shown
    ) -> Procedure | NotDone | NoMandate:
        now = self._clock.now()
        async with self._units() as work:
            files = await work.file(wish.procedure)
            if files is None:
                return NotDone.NOT_FOUND
            procedure = next(p for p in files.procedures if p.id == wish.procedure)
            dossier = files.dossiers[procedure.dossier]
            lapsed = may_act(dossier, procedure.code, viewer.company, files.mandates, now)
            if lapsed is not None:
                return lapsed
            done = await work.done(viewer.user, wish.key)
            if done is not None:
                return procedure if done.fingerprint == wish.fingerprint else NotDone.KEY_REUSED
            person = working_on(dossier, await person_of(work, viewer))
            act = await self._decided(work, person, wish, procedure, shown)
            if isinstance(act, NotDone):
                return act
            source = self._routes.route(act.source, viewer.sandbox)
            if source is None:
                return NotDone.NO_ROUTE
            alone = _self_approved(viewer.user, shown)
            asked = self._write(work, files, viewer, wish, act, source, alone, now)
            self._wakeups.feeds(await work.commit())
        return asked

    async def _decided(
        self, work: UnitOfWork, person: Person, wish: Wish, procedure: Procedure, shown: _Shown
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
        if not set(act.needs) <= shown.keys():
            return NotDone.STALE_VERSION
        if _self_approved(person.user, shown) and not person.alone:
            return NotDone.OWN_WORK
        return act

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
            body=act_body(named, procedure, wish.event, refs, owner, now, wish.text, wish.request),
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
            MutationDone(
                user=viewer.user,
                key=wish.key,
                subject=procedure.id,
                fingerprint=wish.fingerprint,
                at=now,
            ),
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


def _faults(text: str) -> tuple[ActFault, ...]:
    # PostgreSQL's text cannot hold U+0000, and nobody types it.
    if not text.strip() or "\0" in text:
        return (ActFault(path="text", code="EMPTY" if not text.strip() else "UNKNOWN"),)
    return (ActFault(path="text", code="TOO_LONG"),) if len(text) > LONGEST_TEXT else ()


def _self_approved(user: str, shown: _Shown) -> bool:
    approval = shown.get(Need.APPROVAL)
    return approval is not None and approval.by == user


def _audiences(files: Files, dossier: Dossier, now: datetime) -> tuple[str, ...]:
    return tuple(map(company_audience, hearers(dossier, files.mandates, now)))
