"""What a procedure can be and go through: its kind, its states, the entries of its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from portnet.domain.catalogue import Definition, Outcome, State, Status
from portnet.domain.localised import Localised
from portnet.domain.procedure import Caution, Entry, Refusal
from portnet.domain.procedure import EntryKind as KnownKind
from portnet.domain.procedure import Procedure as KnownProcedure
from portnet_graphql.context import Context
from portnet_graphql.types.agency import Agency
from portnet_graphql.types.node import Kind, Node, PageInfo, node_id
from portnet_graphql.types.reference import Reason
from portnet_graphql.types.scalars import EntryKind

#: What a timeline says of a message that moved nothing.
ESTIMATED = Localised(
    fr="Prévision annoncée, l'état ne change pas.",
    ar="تم الإعلان عن توقع، دون تغيير في الحالة.",
    en="An estimate was announced; the state does not change.",
)
REFUSED: Mapping[Refusal, Localised] = {
    Refusal.UNKNOWN_EVENT: Localised(
        fr="Message non pris en compte : cette procédure ne connaît pas cet événement.",
        ar="لم تؤخذ الرسالة بعين الاعتبار: هذا الحدث غير معروف في هذه المسطرة.",
        en="Message not applied: this procedure does not know the event.",
    ),
    Refusal.NOT_THAT_SOURCE: Localised(
        fr="Message non pris en compte : il n'appartient pas à cet organisme de l'annoncer.",
        ar="لم تؤخذ الرسالة بعين الاعتبار: ليس لهذه الجهة أن تعلن عن ذلك.",
        en="Message not applied: it is not for this agency to announce.",
    ),
    Refusal.ILLEGAL_TRANSITION: Localised(
        fr="Message non pris en compte : cette étape ne suit pas l'état d'alors.",
        ar="لم تؤخذ الرسالة بعين الاعتبار: هذه المرحلة لا تلي الحالة التي كانت قائمة.",
        en="Message not applied: the step does not follow from the state at that time.",
    ),
    Refusal.ALREADY_FINAL: Localised(
        fr="Message non pris en compte : la procédure était déjà terminée.",
        ar="لم تؤخذ الرسالة بعين الاعتبار: كانت المسطرة قد انتهت.",
        en="Message not applied: the procedure was already over.",
    ),
}


#: What a timeline says of a message that its own agency took back, or put another in place of.
AMENDED: Mapping[KnownKind, Localised] = {
    KnownKind.RETRACTED: Localised(
        fr="Annonce retirée par l'organisme",
        ar="إعلان سحبته الجهة المعنية",
        en="Taken back by the agency",
    ),
    KnownKind.CORRECTED: Localised(
        fr="Annonce rectifiée par l'organisme",
        ar="إعلان صححته الجهة المعنية",
        en="Corrected by the agency",
    ),
}
TAKES_BACK = Localised(
    fr="L'organisme retire une annonce antérieure.",
    ar="سحبت الجهة المعنية إعلانا سابقا.",
    en="The agency takes an earlier message back.",
)
#: What is worth a look beside a message that was applied.
CAUTIONS: Mapping[Caution, Localised] = {
    Caution.CERTIFICATE_NOT_RECOGNISED: Localised(
        fr="Attention : un contrôle ou un certificat exigé de ce dossier n'est pas encore reconnu.",
        ar="تنبيه: مراقبة أو شهادة مطلوبة في هذا الملف لم يتم الاعتراف بها بعد.",
        en="Note: a control or certificate required of this file is not recognised yet.",
    ),
    Caution.CONTROL_NOT_REQUESTED: Localised(
        fr="Attention : ces marchandises relèvent de l'ONSSA, et aucune demande de contrôle n'est connue.",
        ar="تنبيه: هذه البضائع تخضع لمراقبة أونسا، ولا يعرف أي طلب مراقبة.",
        en="Note: ONSSA controls these goods, and no request for its control is known.",
    ),
    Caution.MRN_UNKNOWN: Localised(
        fr="Attention : aucun MRN n'est connu ; l'Union européenne l'exige avant le chargement.",
        ar="تنبيه: لا يعرف أي رقم MRN، وهو مطلوب قبل الشحن نحو الاتحاد الأوروبي.",
        en="Note: no MRN is known; the European Union requires one before loading.",
    ),
}


@strawberry.type
class ProcedureKind:
    code: str
    version: int
    label: str

    @classmethod
    def of(cls, definition: Definition, context: Context) -> ProcedureKind:
        label = definition.label.in_(context.locale)
        return cls(code=definition.code, version=definition.version, label=label)


@strawberry.type
class ProcedureState:
    code: str
    label: str
    short: str = strawberry.field(description="at most 14 characters")
    final: bool
    outcome: Outcome | None
    status: Status

    @classmethod
    def of(cls, state: State, context: Context) -> ProcedureState:
        return cls(
            code=state.code,
            label=state.label.in_(context.locale),
            short=state.short.in_(context.locale),
            final=state.final,
            outcome=state.outcome,
            status=state.status,
        )


@strawberry.type
class TimelineEntry(Node):
    kind: EntryKind
    occurred_at: datetime
    received_at: datetime
    agency: Agency | None
    procedure: strawberry.ID
    label: str
    from_: ProcedureState | None = strawberry.field(name="from")
    to: ProcedureState | None
    reasons: list[Reason]

    @classmethod
    def of(cls, entry: Entry, procedure: KnownProcedure, context: Context) -> TimelineEntry:
        """``procedure`` is the entry's own: its definition says what the states are called."""
        definition = definition_of(procedure, context)
        message = entry.message
        return cls(
            id=node_id(Kind.ENTRY, entry.id),
            kind=EntryKind(entry.kind.value),
            occurred_at=message.occurred_at,
            received_at=message.received_at,
            agency=Agency.of_source(message.source, context),
            procedure=node_id(Kind.PROCEDURE, entry.procedure),
            label=_label(entry, definition).in_(context.locale),
            from_=_state(definition, entry.from_state, context),
            to=_state(definition, entry.to_state, context),
            reasons=[
                *(Reason.of(reason) for reason in message.reasons),
                *(_caution(caution, context) for caution in entry.warnings),
            ],
        )


@strawberry.type
class TimelineConnection:
    nodes: list[TimelineEntry]
    page_info: PageInfo


def definition_of(procedure: KnownProcedure, context: Context) -> Definition:
    """The version of the definition with which the procedure started."""
    return context.catalogue.definition(procedure.code, procedure.definition)


def _label(entry: Entry, definition: Definition) -> Localised:
    if entry.to_state is not None:
        return definition.state(entry.to_state).label
    if entry.kind in AMENDED:
        return _amended(entry, definition)
    if entry.kind is KnownKind.APPLIED:
        return TAKES_BACK
    return ESTIMATED if entry.refusal is None else REFUSED[entry.refusal]


def _amended(entry: Entry, definition: Definition) -> Localised:
    """What was said, and that it does not count."""
    words = AMENDED[entry.kind]
    message = entry.message
    meant = (t.to for t in definition.transitions if t.event == message.event)
    state = definition.states.get(next(meant, ""))
    if state is None:
        return words
    said = state.label
    return Localised(
        fr=f"{words.fr} : {said.fr}", ar=f"{words.ar}: {said.ar}", en=f"{words.en}: {said.en}"
    )


def _caution(caution: Caution, context: Context) -> Reason:
    locale = context.locale
    return Reason(code=caution.value, text=CAUTIONS[caution].in_(locale), lang=locale)


def _state(definition: Definition, code: str | None, context: Context) -> ProcedureState | None:
    return None if code is None else ProcedureState.of(definition.state(code), context)
