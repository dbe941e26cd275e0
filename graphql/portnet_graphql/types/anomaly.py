"""What an agency sent and could not be applied as it came, as the help desk sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from portnet.domain.desk.anomaly import Anomaly as KnownAnomaly
from portnet.domain.desk.anomaly import AnomalyReason, AnomalyState
from portnet.domain.localised import Localised
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.agency import Agency
from portnet_graphql.types.dossier import Dossier
from portnet_graphql.types.node import Kind, Node, PageInfo, described, node_id
from portnet_graphql.types.reference import Reason

strawberry.enum(AnomalyState)

#: Why a message was not applied, for the help desk; the operator's timeline says it in its own words.
REASONS: Mapping[AnomalyReason, Localised] = {
    AnomalyReason.UNKNOWN_PROCEDURE: Localised(
        fr="Le catalogue ne connaît pas cette procédure.",
        ar="هذه المسطرة غير مدرجة في الدليل.",
        en="The catalogue has no such procedure.",
    ),
    AnomalyReason.UNKNOWN_EVENT: Localised(
        fr="La procédure ne connaît pas cet événement.",
        ar="هذا الحدث غير معروف في هذه المسطرة.",
        en="The procedure has no such event.",
    ),
    AnomalyReason.NOT_THAT_SOURCE: Localised(
        fr="Il n'appartient pas à cet organisme d'annoncer cet événement.",
        ar="ليس لهذه الجهة أن تعلن عن هذا الحدث.",
        en="This event is not for that agency to announce.",
    ),
    AnomalyReason.ILLEGAL_TRANSITION: Localised(
        fr="L'étape ne suit pas l'état du dossier à ce moment.",
        ar="هذه المرحلة لا تلي حالة الملف آنذاك.",
        en="The step does not follow from the file's state at that time.",
    ),
    AnomalyReason.ALREADY_FINAL: Localised(
        fr="La procédure était déjà terminée.",
        ar="كانت المسطرة قد انتهت.",
        en="The procedure was already over.",
    ),
    AnomalyReason.FROM_THE_FUTURE: Localised(
        fr="Le message date l'événement dans le futur.",
        ar="الرسالة تؤرخ الحدث في المستقبل.",
        en="The message dates the event in the future.",
    ),
    AnomalyReason.UNMATCHED: Localised(
        fr="Aucun dossier ne porte ces références.",
        ar="لا يوجد ملف بهذه المراجع.",
        en="No file has these references.",
    ),
    AnomalyReason.COMPANY_UNKNOWN: Localised(
        fr="La société nommée n'est pas abonnée.",
        ar="الشركة المذكورة غير مشتركة.",
        en="The company that it names has not subscribed.",
    ),
    AnomalyReason.OTHER_COMPANY: Localised(
        fr="Les références sont celles d'une autre société que celle nommée.",
        ar="المراجع تخص شركة أخرى غير المذكورة.",
        en="The references belong to another company than the one named.",
    ),
    AnomalyReason.SANDBOX_MISMATCH: Localised(
        fr="Un message d'exercice vise un dossier réel, ou l'inverse.",
        ar="رسالة تدريبية تستهدف ملفا حقيقيا أو العكس.",
        en="An exercise's message is aimed at a real file, or the other way round.",
    ),
    AnomalyReason.BODY_CHANGED: Localised(
        fr="Le même identifiant est revenu avec un autre contenu.",
        ar="عاد المعرف نفسه بمحتوى آخر.",
        en="The same id came again with another body.",
    ),
    AnomalyReason.UNREADABLE: Localised(
        fr="Le message n'a pas pu être lu.",
        ar="تعذرت قراءة الرسالة.",
        en="The message could not be read.",
    ),
}


@strawberry.type(description="For the help desk.")
class Anomaly(Node):
    source: Agency
    received_at: datetime
    reason: Reason
    detail: str = strawberry.field(description="The field, state or reference at fault.")
    state: AnomalyState
    raw_url: str = strawberry.field(
        description="A path of this server: the message as it came, for a GET with the bearer token."
    )
    handled_by: str | None
    handled_at: datetime | None
    note: str | None = strawberry.field(description="Why it was dismissed.")
    record: strawberry.Private[KnownAnomaly]

    @classmethod
    def of(cls, anomaly: KnownAnomaly, context: Context) -> Anomaly:
        own = node_id(Kind.ANOMALY, anomaly.id)
        text = REASONS[anomaly.reason].in_(context.locale)
        return cls(
            id=own,
            source=Agency.of_source(anomaly.source, context) or Agency.unknown(anomaly.source),
            received_at=anomaly.received_at,
            reason=Reason(code=anomaly.reason.value, text=text, lang=context.locale),
            detail=anomaly.detail,
            state=anomaly.state,
            raw_url=f"/anomalies/{own}/raw",
            handled_by=anomaly.handled_by,
            handled_at=anomaly.handled_at,
            note=anomaly.note,
            record=anomaly,
        )

    @described("Where the message stands, unapplied, or where it was filed.")
    async def dossier(self, info: Info) -> Dossier | None:
        dossier = await optional(info.context.files.dossiers, self.record.dossier)
        return None if dossier is None else Dossier.of(dossier, info.context)


@strawberry.type
class AnomalyConnection:
    nodes: list[Anomaly]
    page_info: PageInfo
