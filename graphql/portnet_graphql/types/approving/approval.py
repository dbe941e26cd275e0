"""What waits for somebody's yes: exactly what they are asked to approve, and what changed since they looked last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portnet.domain.approving.approval import Approval as KnownApproval
from portnet.domain.approving.approval import ApprovalState, Content, Matter, act_of
from portnet.domain.approving.authority import Delegation as KnownDelegation
from portnet.domain.approving.changes import values_of
from portnet.domain.localised import Locale, Localised
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import found, optional
from portnet_graphql.types.company import Company
from portnet_graphql.types.declaring import declaration as declaring
from portnet_graphql.types.declaring.change import FieldChange
from portnet_graphql.types.dossier import Procedure
from portnet_graphql.types.money import Money
from portnet_graphql.types.node import Kind, Node, PageInfo, ViewerOnly, described, node_id
from portnet_graphql.types.procedure import ACTS
from portnet_graphql.types.scalars import Role

if TYPE_CHECKING:
    from portnet_graphql.types.declaring.declaration import Declaration

strawberry.enum(
    ApprovalState,
    name="ApprovalState",
    description="VOIDED: what it was about moved on or was edited, or the yes was taken back.",
)
#: Why somebody is asked, by whose approval it is.
WHY: Mapping[Matter, Localised] = {
    Matter.DECLARATION: Localised(
        fr="Les règles de l'entreprise demandent un accord avant l'envoi.",
        ar="تشترط قواعد الشركة موافقة قبل الإرسال.",
        en="The company's rules ask for an approval before it is sent.",
    ),
    Matter.ACT: Localised(
        fr="Cette demande à l'organisme engage l'entreprise.",
        ar="هذا الطلب الموجه إلى الهيئة يلزم الشركة.",
        en="This request to the agency commits the company.",
    ),
}
_PROCEDURE = Localised(fr="Procédure", ar="المسطرة", en="Procedure")
_REFERENCE = Localised(fr="Référence", ar="المرجع", en="Reference")
_STATE = Localised(fr="État actuel", ar="الحالة الراهنة", en="Present state")
_TEXT = Localised(fr="Message", ar="الرسالة", en="Message")


@strawberry.type
class LabelledText:
    path: str
    label: str
    text: str


@strawberry.type(
    description="Immutable; its id is made of its hash. The sheet shows one and approves its id, so"
    " that a newer one cannot slip under the thumb."
)
class ApprovalContent(Node):
    amount: Money | None
    record: strawberry.Private[Content]

    @classmethod
    def of(cls, content: Content) -> ApprovalContent:
        return cls(
            id=node_id(Kind.CONTENT, content.id), amount=Money.of(content.amount), record=content
        )

    @described("What it is about as it is now; null where the viewer may no longer see it.")
    async def subject(
        self, info: Info
    ) -> (
        Annotated[
            Annotated[Declaration, strawberry.lazy("portnet_graphql.types.declaring.declaration")]
            | Procedure,
            strawberry.union("ApprovalSubject"),
        ]
        | None
    ):
        context, content = info.context, self.record
        if content.matter is Matter.DECLARATION:
            declared = await context.declarations.declarations.load(content.subject)
            return None if declared is None else declaring.Declaration.of(declared)
        procedure = await context.files.procedures.load(content.subject)
        return None if procedure is None else Procedure.of(procedure, context)

    @described("What is to be approved, in one line.")
    def headline(self, info: Info) -> str:
        content, context = self.record, info.context
        label = _kind_label(content, context)
        if content.matter is Matter.ACT:
            act = act_of(content)
            return f"{_act_label(act.action, context.locale)} · {label} {act.identity}"
        describer = context.services.approving.describer
        headline = describer.headline(content.kind, values_of(content.body))
        return label if headline is None else headline.in_(context.locale)

    @described("Why an approval is asked for.")
    def why(self, info: Info) -> str:
        return WHY[self.record.matter].in_(info.context.locale)

    @described("What the approver has to see, most important first.")
    def summary(self, info: Info) -> list[LabelledText]:
        content, context = self.record, info.context
        if content.matter is Matter.ACT:
            return _of_act(content, context)
        lines = context.services.approving.describer.summary(content.kind, values_of(content.body))
        locale = context.locale
        return [
            LabelledText(path=line.path, label=line.label.in_(locale), text=line.text.in_(locale))
            for line in lines
        ]

    @described(
        "Against the last other content of the same declaration that this viewer opened or decided.",
        directives=[ViewerOnly()],
    )
    async def changes(self, info: Info) -> list[FieldChange]:
        approvals = info.context.approvals
        seen = await approvals.seen.load(self.record.subject)
        before = await optional(approvals.contents, seen.against(self.record.id) if seen else None)
        return [] if before is None else changed(before, self.record, info.context)


@strawberry.type
class Approval(Node):
    state: ApprovalState
    content: ApprovalContent
    role: Role = strawberry.field(description="Whose approval it is.")
    requested_at: datetime
    deadline: datetime | None
    decided_at: datetime | None
    reason: str | None
    version: int
    record: strawberry.Private[KnownApproval]

    @classmethod
    def of(cls, approval: KnownApproval) -> Approval:
        return cls(
            id=node_id(Kind.APPROVAL, approval.id),
            state=approval.state,
            content=ApprovalContent.of(approval.content),
            role=Role(approval.role.value),
            requested_at=approval.requested_at,
            deadline=approval.deadline if approval.pending else None,
            decided_at=approval.decided_at,
            reason=approval.reason,
            version=approval.version,
            record=approval,
        )

    @strawberry.field
    async def company(self, info: Info) -> Company:
        return Company.of(found(await info.context.files.companies.load(self.record.company)))

    @strawberry.field
    async def requested_by(self, info: Info) -> str:
        return found(await name_of(self.record.requested_by, info.context))

    @strawberry.field
    async def decided_by(self, info: Info) -> str | None:
        return await name_of(self.record.decided_by, info.context)

    @described("Whose right the decider used, where it was lent to them.")
    async def on_behalf_of(self, info: Info) -> str | None:
        return await name_of(self.record.on_behalf_of, info.context)


@strawberry.type
class ApprovalConnection:
    nodes: list[Approval]
    page_info: PageInfo


@strawberry.type(description="The right to approve, lent for a while.")
class Delegation(Node):
    from_: datetime = strawberry.field(name="from")
    until: datetime
    kinds: list[str] | None = strawberry.field(description="Actions of the rules; null: all.")
    limit: Money | None
    record: strawberry.Private[KnownDelegation]

    @classmethod
    def of(cls, delegation: KnownDelegation) -> Delegation:
        kinds = delegation.kinds
        return cls(
            id=node_id(Kind.DELEGATION, delegation.id),
            from_=delegation.starts_at,
            until=delegation.ends_at,
            kinds=None if kinds is None else list(kinds),
            limit=Money.of(delegation.limit),
            record=delegation,
        )

    @strawberry.field
    async def from_user(self, info: Info) -> str:
        return found(await name_of(self.record.giver, info.context))

    @strawberry.field
    async def to_user(self, info: Info) -> str:
        return found(await name_of(self.record.holder, info.context))


def changed(before: Content, after: Content, context: Context) -> list[FieldChange]:
    """How two contents of one declaration differ; of two acts there is nothing to compare."""
    if after.matter is Matter.ACT:
        return []
    describer, locale = context.services.approving.describer, context.locale
    return [
        FieldChange(
            path=change.path,
            label=change.label.in_(locale),
            before=None if change.before is None else change.before.in_(locale),
            after=None if change.after is None else change.after.in_(locale),
        )
        for change in describer.changes(after.kind, values_of(before.body), values_of(after.body))
    ]


def _of_act(content: Content, context: Context) -> list[LabelledText]:
    act, locale = act_of(content), context.locale
    definition = context.catalogue.latest(content.code)
    state = definition.states.get(act.state) if definition else None
    lines = [
        ("procedure", _PROCEDURE, _kind_label(content, context)),
        ("reference", _REFERENCE, act.identity),
        ("state", _STATE, state.label.in_(locale) if state else act.state),
    ]
    if act.text:
        lines.append(("text", _TEXT, act.text))
    return [
        LabelledText(path=path, label=label.in_(locale), text=text) for path, label, text in lines
    ]


def _kind_label(content: Content, context: Context) -> str:
    definition = context.catalogue.latest(content.code)
    return content.code if definition is None else definition.label.in_(context.locale)


def _act_label(event: str, locale: Locale) -> str:
    return ACTS[event].in_(locale) if event in ACTS else event


async def name_of(user: str | None, context: Context) -> str | None:
    known = await optional(context.files.users, user)
    return None if known is None else known.name
