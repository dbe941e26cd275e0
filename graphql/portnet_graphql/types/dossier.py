"""A shipment file, its procedures and what agencies ask in them, which name each other; read through loaders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import strawberry

from portnet.domain.access import Role
from portnet.domain.agency import Place as StatedPlace
from portnet.domain.business_hours import Span, add
from portnet.domain.catalogue import Agency as KnownAgency
from portnet.domain.catalogue import Outcome, Status
from portnet.domain.dependencies import waits_for
from portnet.domain.dossier import Dossier as KnownDossier
from portnet.domain.dossier import WhatNow as Advice
from portnet.domain.dossier import outcome
from portnet.domain.identifiers import opaque_id
from portnet.domain.identity.mandate import Hold, hold_of, may_act
from portnet.domain.indicators.measuring import office_of
from portnet.domain.localised import Localised
from portnet.domain.paying.obligation import PAYMENT
from portnet.domain.procedure import Procedure as KnownProcedure
from portnet.domain.request import InformationRequest as KnownRequest
from portnet.domain.request import RequestKind, RequestState
from portnet.domain.silence import silent_since
from portnet.ports.indicators import Expectation
from portnet.ports.reading import PageSize
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import found
from portnet_graphql.types.agency import Agency
from portnet_graphql.types.company import Company, Mandate
from portnet_graphql.types.declaring.document import Document
from portnet_graphql.types.delivery import AlertDelivery
from portnet_graphql.types.money import LabelledAmount
from portnet_graphql.types.node import (
    Kind,
    Node,
    PageInfo,
    ViewerOnly,
    described,
    node_id,
    page_size,
)
from portnet_graphql.types.payment import DEBITED, Payment, RequestChoice
from portnet_graphql.types.procedure import (
    Action,
    ProcedureKind,
    ProcedureState,
    RequestedAction,
    TimelineConnection,
    TimelineEntry,
    definition_of,
)
from portnet_graphql.types.reference import Contact, Place, Reason, Reference
from portnet_graphql.types.scalars import Direction, Phase

#: Who holds a file that is over.
NOBODY = Localised(fr="Personne", ar="لا أحد", en="Nobody")

#: Keeps a Latin reference in its own order inside an Arabic line.
_LEFT_TO_RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}"


@strawberry.type
class Party:
    kind: str = strawberry.field(description="AGENCY, NOBODY, or a holder's code: a role, HANDLER…")
    label: str
    agency: Agency | None
    place: strawberry.Private[StatedPlace | None] = None

    @classmethod
    def of(cls, holder: str | None, place: StatedPlace | None, context: Context) -> Party:
        if holder is None:
            return cls(kind="NOBODY", label=NOBODY.in_(context.locale), agency=None)
        agency = context.catalogue.agencies.get(holder)
        label = context.catalogue.holder_label(holder).in_(context.locale)
        if agency is None:
            return cls(kind=holder, label=label, agency=None)
        return cls(kind="AGENCY", label=label, agency=Agency.of(agency, context), place=place)

    @described("The agency's office at the place, where one is known.")
    def contact(self, info: Info) -> Contact | None:
        if self.agency is None:
            return None
        context = info.context
        office = context.references.office(self.agency.code, self.place)
        return None if office is None else Contact.of(office, context.locale, context.now)


@strawberry.type(description="By what the same step of the same agency and office took lately.")
class ExpectedDelay:
    median_seconds: int
    p80_seconds: int = strawberry.field(name="p80Seconds")
    sample: int

    @classmethod
    def of(cls, expectation: Expectation | None) -> ExpectedDelay | None:
        if expectation is None:
            return None
        return cls(
            median_seconds=expectation.median,
            p80_seconds=expectation.p80,
            sample=expectation.sample,
        )


@strawberry.type(
    description="Never a bare status: what to do, who holds it, since when, until when."
)
class WhatNow:
    action: str
    action_code: str
    warning: str | None = strawberry.field(
        description="The prohibition, when there is one, shown above the action: do not pay again,"
        " do not sell, do not move."
    )
    reasons: list[Reason]
    holder: Party
    place: Place | None
    since: datetime
    deadline: datetime | None
    expected: ExpectedDelay | None = strawberry.field(
        description="How long it is likely to take from `since` on; null where too little is known."
    )
    expected_at: datetime | None = strawberry.field(
        description="When it goes on, as an agency estimated or planned; never a promise."
    )
    taken_by: str | None = strawberry.field(
        description="Who of our side said 'I am on it' of this step, and since when."
    )
    taken_at: datetime | None
    holding: strawberry.Private[KnownAgency | None]

    @described(
        "Since when nothing was heard of the agency that holds it, once that is longer than is usual:"
        " what is shown may no longer be so. As of this answer: no frame comes because of silence."
    )
    async def silent_since(self, info: Info) -> datetime | None:
        agency = self.holding
        if agency is None:
            return None
        heard_at = await info.context.files.heard.load(agency.source)
        return silent_since(agency, heard_at or self.since, info.context.now)

    @classmethod
    def of(cls, advice: Advice, context: Context) -> WhatNow:
        actions = context.catalogue.actions
        warning = advice.warning
        return cls(
            action=actions[advice.action].label.in_(context.locale),
            action_code=advice.action,
            warning=None if warning is None else actions[warning].label.in_(context.locale),
            reasons=[Reason.of(reason) for reason in advice.reasons],
            holder=Party.of(advice.holder, advice.place, context),
            place=Place.of(advice.place, context.references, context.locale),
            since=advice.since,
            deadline=advice.deadline,
            expected=ExpectedDelay.of(
                context.expected.expected(
                    advice.code, advice.state, advice.holder, office_of(advice.place)
                )
            ),
            holding=context.catalogue.agencies.get(advice.holder or ""),
            taken_by=advice.taken_by,
            taken_at=advice.taken_at,
            expected_at=advice.expected_at,
        )


@strawberry.type(description="A shipment file: everything the agencies do about one operation.")
class Dossier(Node):
    reference: str
    direction: Direction
    phase: Phase | None
    status: Status
    outcome: Outcome | None = strawberry.field(
        description="How a dossier that is DONE ended: FAILURE if any of its procedures failed."
    )
    perishable: bool
    what_now: WhatNow
    place: Place | None
    version: int
    updated_at: datetime
    record: strawberry.Private[KnownDossier]

    @classmethod
    def of(cls, dossier: KnownDossier, context: Context) -> Dossier:
        return cls(
            id=node_id(Kind.DOSSIER, dossier.id),
            reference=dossier.reference,
            direction=Direction(dossier.direction),
            phase=Phase(dossier.phase),
            status=dossier.status,
            outcome=outcome(context.catalogue, dossier),
            perishable=dossier.perishable,
            what_now=WhatNow.of(dossier.what_now, context),
            place=Place.of(dossier.what_now.place, context.references, context.locale),
            version=dossier.version,
            updated_at=dossier.updated_at,
            record=dossier,
        )

    @strawberry.field
    def title(self, info: Info) -> str:
        if self.record.title is not None:
            return self.record.title
        named = partial(_title, self.reference, info.context)
        return info.context.files.procedures_of.then(self.record.id, named)

    @strawberry.field
    def company(self, info: Info) -> Company:
        companies = info.context.files.companies
        return companies.then(self.record.company, lambda row: Company.of(found(row)))

    @described(
        "The mandate under which the viewer's company has this file; null for its own company."
    )
    async def mandate(self, info: Info) -> Mandate | None:
        hold = await _hold(self.record, info.context)
        return None if hold is None else Mandate.of(hold.mandates[0], info.context.now)

    @described(
        "Since when a broker may only read it; null while it may act, and for its own company."
    )
    async def read_only_since(self, info: Info) -> datetime | None:
        hold = await _hold(self.record, info.context)
        acts = hold is None or (hold.hears and self.record.status is not Status.DONE)
        return None if acts or hold is None else hold.since

    @strawberry.field
    async def procedures(
        self, info: Info, first: int = 20, after: str | None = strawberry.UNSET
    ) -> ProcedureConnection:
        page = page_size(first, after)
        procedures = await info.context.files.procedures_of.load(self.record.id)
        return ProcedureConnection.of(list(procedures), page, info.context)

    @described("Newest first.")
    async def timeline(
        self, info: Info, first: int = 30, after: str | None = strawberry.UNSET
    ) -> TimelineConnection:
        return await _timeline(self.record.id, None, page_size(first, after), info.context)

    @strawberry.field
    async def references(self, info: Info) -> list[Reference]:
        references = await info.context.files.references_of.load(self.record.id)
        return [Reference.of(reference) for reference in references]

    @described("How the viewer was told of this dossier.", directives=[ViewerOnly()])
    async def alert_ledger(self, info: Info) -> list[AlertDelivery]:
        readers, viewer = info.context.readers, info.context.viewer
        ledger = await readers.alerts.ledger(viewer, info.context.now, self.record.id)
        return [AlertDelivery.of(delivery) for delivery in ledger]


async def _hold(dossier: KnownDossier, context: Context) -> Hold | None:
    """What the viewer's company has on a file that is another's."""
    own = context.company.id
    if own == dossier.company:
        return None
    return hold_of(dossier, own, await context.files.mandates.load(own), context.now)


async def _roles(procedure: KnownProcedure, context: Context) -> frozenset[Role]:
    """In which roles the viewer may act in a procedure now; none in a file that they may only read."""
    roles, own = frozenset(context.person.user.roles), context.company.id
    dossier = found(await context.files.dossiers.load(procedure.dossier))
    if dossier.company == own:
        return roles
    mandates = await context.files.mandates.load(own)
    if may_act(dossier, procedure.code, own, mandates, context.now) is not None:
        return frozenset()
    return roles & {Role.DECLARANT}


@strawberry.type
class DossierConnection:
    nodes: list[Dossier]
    page_info: PageInfo


@strawberry.type(
    description="One run of a catalogue definition, held in the version it started with."
)
class Procedure(Node):
    kind: ProcedureKind
    reference: str | None
    state: ProcedureState
    entered_at: datetime
    version: int
    record: strawberry.Private[KnownProcedure]

    @classmethod
    def of(cls, procedure: KnownProcedure, context: Context) -> Procedure:
        definition = definition_of(procedure, context)
        return cls(
            id=node_id(Kind.PROCEDURE, procedure.id),
            kind=ProcedureKind.of(definition, context),
            reference=procedure.identity,
            state=ProcedureState.of(definition.state(procedure.state), context),
            entered_at=procedure.entered_at,
            version=procedure.version,
            record=procedure,
        )

    @strawberry.field
    def dossier(self, info: Info) -> Dossier:
        context = info.context
        dossiers = context.files.dossiers
        return dossiers.then(self.record.dossier, lambda row: Dossier.of(found(row), context))

    @described("Whose procedure it is.")
    def agency(self, info: Info) -> Agency:
        definition = definition_of(self.record, info.context)
        return Agency.of(found(info.context.catalogue.agency_of(definition)), info.context)

    @described("What the agency asked of the company, in the order in which it asked.")
    async def requests(self, info: Info) -> list[InformationRequest]:
        found = await info.context.files.requests_of.load(self.record.id)
        return [InformationRequest.of(request, info.context) for request in found]

    @described("Papers that were sent for it, and for what was asked in it, oldest first.")
    async def documents(self, info: Info) -> list[Document]:
        found = await info.context.documents_of.load(self.record.id)
        return [Document.of(document, info.context) for document in found]

    @described("What this viewer may do now.", directives=[ViewerOnly()])
    async def actions(self, info: Info) -> list[Action]:
        context, record = info.context, self.record
        roles = await _roles(record, context)
        sharing = await _sharing(record, context)
        acts = context.services.acts.available(record, roles, context.viewer.sandbox, sharing)
        definition = definition_of(record, context)
        return [Action.of(act, definition, record, context) for act in acts]

    @described("What the company asked for and the agency's system has not answered yet.")
    def requested(self, info: Info) -> RequestedAction | None:
        requested, context = self.record.requested, info.context
        if requested is None:
            return None
        definition = definition_of(self.record, context)
        return RequestedAction.of(requested, self.record, definition, context)

    @described("What was stated last: of a liquidation, its duties and taxes.")
    def amounts(self, info: Info) -> list[LabelledAmount]:
        return [LabelledAmount.of(each, info.context.locale) for each in self.record.amounts]

    @described("Of a payment: its order, and whether it is in doubt.")
    async def payment(self, info: Info) -> Payment | None:
        if self.record.code != PAYMENT:
            return None
        order = await info.context.files.orders.load(self.record.id)
        return Payment.of(self.record, order, await _sharing(self.record, info.context))

    @described("When the state should have been left.")
    def target_at(self, info: Info) -> datetime | None:
        state = definition_of(self.record, info.context).state(self.record.state)
        return _after(self.record, state.target)

    @described("From when on it is late.")
    def alarm_at(self, info: Info) -> datetime | None:
        state = definition_of(self.record, info.context).state(self.record.state)
        return _after(self.record, state.alarm)

    @described("Those of the dossier that must have come far enough before this one can go on.")
    async def waits_for(self, info: Info) -> list[Procedure]:
        context = info.context
        others = await context.files.procedures_of.load(self.record.dossier)
        needed = waits_for(context.catalogue, self.record, others)
        return [Procedure.of(procedure, context) for procedure in needed]

    @described("Newest first.")
    async def timeline(
        self, info: Info, first: int = 30, after: str | None = strawberry.UNSET
    ) -> TimelineConnection:
        page = page_size(first, after)
        return await _timeline(self.record.dossier, self.record.id, page, info.context)


@strawberry.type
class ProcedureConnection:
    nodes: list[Procedure]
    page_info: PageInfo
    total: int

    @classmethod
    def of(
        cls, procedures: list[KnownProcedure], page: PageSize, context: Context
    ) -> ProcedureConnection:
        """A dossier has a handful, so pages are cut here; one goes on after the id that ended it."""
        ids = [opaque_id(Kind.PROCEDURE, procedure.id) for procedure in procedures]
        start = 0 if page.after is None else len(ids)
        if page.after in ids:
            start = ids.index(page.after) + 1
        end = start + page.first
        return cls(
            nodes=[Procedure.of(procedure, context) for procedure in procedures[start:end]],
            page_info=PageInfo(
                end_cursor=next(reversed(ids[start:end]), None), has_next_page=end < len(ids)
            ),
            total=len(ids),
        )


async def _sharing(procedure: KnownProcedure, context: Context) -> Sequence[KnownProcedure]:
    """The company's payments that may be of the same debt, where that matters."""
    if procedure.code != PAYMENT:
        return ()
    return await context.files.sharing.load(procedure.id)


def _title(reference: str, context: Context, procedures: Sequence[KnownProcedure]) -> str:
    """Named after the procedure that was opened first."""
    first = min(procedures, key=lambda p: (p.opened_at, p.id))
    mark = _LEFT_TO_RIGHT_MARK if context.locale == "ar" else ""
    return f"{definition_of(first, context).label.in_(context.locale)} {mark}{reference}"


async def _timeline(
    dossier: str, procedure: str | None, size: PageSize, context: Context
) -> TimelineConnection:
    page = await context.file_reader.timeline(dossier, procedure, size)
    owners = await context.files.procedures.load_many([entry.procedure for entry in page.items])
    return TimelineConnection(
        nodes=[
            TimelineEntry.of(entry, found(owner), context)
            for entry, owner in zip(page.items, owners, strict=True)
        ],
        page_info=PageInfo.of(page),
    )


def _after(procedure: KnownProcedure, span: Span | None) -> datetime | None:
    """A span counts from entering the state; without one, the agency's own date says when."""
    return procedure.due_at if span is None else add(span, procedure.entered_at)


@strawberry.type(description="An agency asks the company for something, or we do.")
class InformationRequest(Node):
    kind: RequestKind
    state: RequestState
    text: str = strawberry.field(description="The agency's own words; empty where it gave none.")
    lang: str
    choices: list[RequestChoice] = strawberry.field(
        description="Where there are any, the answer's text is the code of one of them."
    )
    answer: str | None = strawberry.field(description="The code that was chosen.")
    due_at: datetime | None
    answered_at: datetime | None
    version: int
    record: strawberry.Private[KnownRequest]

    @classmethod
    def of(cls, request: KnownRequest, context: Context) -> InformationRequest:
        locale, ours = context.locale, request.kind is RequestKind.DEBITED
        return cls(
            id=node_id(Kind.REQUEST, request.id),
            kind=request.kind,
            state=request.state,
            text=DEBITED.in_(locale) if ours else request.text,
            lang=locale if ours else request.lang,
            choices=RequestChoice.of_debits(locale) if ours else [],
            answer=request.answer,
            due_at=request.due_at,
            answered_at=request.answered_at,
            version=request.version,
            record=request,
        )

    @strawberry.field
    def procedure(self, info: Info) -> Procedure:
        context = info.context
        procedures = context.files.procedures
        return procedures.then(self.record.procedure, lambda row: Procedure.of(found(row), context))
