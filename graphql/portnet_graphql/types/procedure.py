"""What a procedure can be and go through: its kind, its states, what may be asked for, its timeline's entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from portnet.domain.act import Act
from portnet.domain.catalogue import PREVIOUS, Definition, Outcome, State, Status
from portnet.domain.identity.proof import Need
from portnet.domain.localised import Localised
from portnet.domain.procedure import Caution, Entry, Refusal
from portnet.domain.procedure import EntryKind as KnownKind
from portnet.domain.procedure import Procedure as KnownProcedure
from portnet.domain.procedure import Requested as KnownRequested
from portnet.domain.request import DEBIT_ANSWERED
from portnet.domain.timers import EVENTS, TimerKind
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import found
from portnet_graphql.types.agency import Agency
from portnet_graphql.types.node import Kind, Node, PageInfo, described, node_id
from portnet_graphql.types.reference import Reason
from portnet_graphql.types.scalars import EntryKind

#: What a timeline says of a message that moved nothing.
ESTIMATED = Localised(
    fr="Prévision annoncée, l'état ne change pas.",
    ar="تم الإعلان عن توقع، دون تغيير في الحالة.",
    en="An estimate was announced; the state does not change.",
)
#: What it says of a note of our own clock.
NOTED: Mapping[str, Localised] = {
    EVENTS[TimerKind.ALARM]: Localised(
        fr="Délai habituel dépassé, toujours en attente.",
        ar="تم تجاوز الأجل المعتاد، ولا يزال الملف في الانتظار.",
        en="Beyond its usual time, still waiting.",
    ),
    EVENTS[TimerKind.REMINDER]: Localised(
        fr="Rappel : l'échéance approche.",
        ar="تذكير: الأجل يقترب من نهايته.",
        en="Reminder: the deadline is near.",
    ),
    EVENTS[TimerKind.DEADLINE]: Localised(
        fr="Échéance dépassée, toujours sans réponse.",
        ar="انقضى الأجل دون جواب.",
        en="The deadline has passed without an answer.",
    ),
    DEBIT_ANSWERED: Localised(
        fr="La société a dit si le compte a été débité ; le paiement reste à vérifier.",
        ar="أفادت الشركة بشأن خصم المبلغ من الحساب، ولا يزال الأداء قيد التحقق.",
        en="The company said whether the account was debited; the payment is still being checked.",
    ),
}
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
    Refusal.REJECTED: Localised(
        fr="Demande non acceptée par le système de l'organisme : rien n'a changé.",
        ar="لم يقبل نظام الهيئة طلبكم: لم يتغير شيء.",
        en="The agency's system did not accept the request: nothing has changed.",
    ),
}

#: What people call the acts of today's catalogue; another act goes by the state that it leads to.
ACTS: Mapping[str, Localised] = {
    "answered": Localised(fr="Répondre", ar="الإجابة", en="Answer"),
    "cancel": Localised(fr="Annuler", ar="إلغاء", en="Cancel"),
    "accept": Localised(fr="Accepter", ar="قبول", en="Accept"),
    "contest": Localised(fr="Contester", ar="منازعة", en="Contest"),
    "settled": Localised(fr="Transiger", ar="إبرام الصلح", en="Settle"),
    "change_bank": Localised(fr="Changer de banque", ar="تغيير البنك", en="Change bank"),
    "amend": Localised(fr="Modifier", ar="تعديل", en="Amend"),
    "replaced": Localised(fr="Remplacer", ar="استبدال", en="Replace"),
    "diverted": Localised(fr="Réorienter le lot", ar="تحويل الحصة", en="Divert the lot"),
    "start": Localised(fr="Payer", ar="أداء", en="Pay"),
    "signed": Localised(fr="Signer", ar="توقيع", en="Sign"),
    "closed": Localised(fr="Clore", ar="إغلاق", en="Close"),
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


@strawberry.type
class Action:
    code: str
    label: str
    consequence: str | None = strawberry.field(
        description="The state that it leads to, once the agency's system has taken it."
    )
    irreversible: bool
    needs_approval: bool
    needs_second_factor: bool

    @classmethod
    def of(
        cls, act: Act, definition: Definition, procedure: KnownProcedure, context: Context
    ) -> Action:
        to = procedure.previous if act.transition.to == PREVIOUS else act.transition.to
        target = definition.states.get(to or "")
        return cls(
            code=act.event,
            label=_act_label(act.event, definition, procedure.state).in_(context.locale),
            consequence=target.label.in_(context.locale) if target else None,
            irreversible=target is not None and target.outcome is Outcome.CANCELLED,
            needs_approval=Need.APPROVAL in act.needs,
            needs_second_factor=Need.SECOND_FACTOR in act.needs,
        )


@strawberry.type(description="Under way: nothing has changed until the agency's system answers.")
class RequestedAction:
    code: str
    label: str
    at: datetime
    record: strawberry.Private[KnownRequested]

    @classmethod
    def of(
        cls,
        requested: KnownRequested,
        procedure: KnownProcedure,
        definition: Definition,
        context: Context,
    ) -> RequestedAction:
        return cls(
            code=requested.event,
            label=_act_label(requested.event, definition, procedure.state).in_(context.locale),
            at=requested.at,
            record=requested,
        )

    @described("Who of the company's side asked for it.")
    async def by(self, info: Info) -> str:
        return found(await info.context.files.users.load(self.record.by)).name


def definition_of(procedure: KnownProcedure, context: Context) -> Definition:
    """The version of the definition with which the procedure started."""
    return context.catalogue.definition(procedure.code, procedure.definition)


def _label(entry: Entry, definition: Definition) -> Localised:
    if entry.to_state is not None:
        return definition.state(entry.to_state).label
    if entry.kind is KnownKind.INTERNAL:
        return NOTED[entry.message.event]
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


def _act_label(event: str, definition: Definition, state: str) -> Localised:
    if event in ACTS:
        return ACTS[event]
    transition = definition.transition(state, event)
    target = definition.states.get(transition.to) if transition else None
    return target.label if target else Localised(fr=event, ar=event, en=event)
