"""What a procedure can be and go through: its kind, its states, the entries of its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from portnet.domain.catalogue import Definition, Outcome, State, Status
from portnet.domain.localised import Localised
from portnet.domain.procedure import Entry, Refusal
from portnet.domain.procedure import EntryKind as KnownKind
from portnet.domain.procedure import Procedure as KnownProcedure
from portnet.domain.timers import EVENTS, TimerKind
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
            reasons=[Reason.of(reason) for reason in message.reasons],
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
    if entry.kind is KnownKind.INTERNAL:
        return NOTED[entry.message.event]
    return ESTIMATED if entry.refusal is None else REFUSED[entry.refusal]


def _state(definition: Definition, code: str | None, context: Context) -> ProcedureState | None:
    return None if code is None else ProcedureState.of(definition.state(code), context)
