"""What a company declares, from its draft to the procedure that it opens; read through loaders."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portnet.domain.business_hours import CASABLANCA
from portnet.domain.declaring.drafting import values_of
from portnet.domain.declaring.form import FieldType
from portnet.domain.declaring.prefilling import Prefilled, note
from portnet.domain.declaring.reading import answered, diff
from portnet.domain.declaring.sentences import sentence
from portnet.domain.identifiers import is_ulid
from portnet.domain.localised import Locale
from portnet.domain.submission import Submission
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import found, optional
from portnet_graphql.types.approving import approval as approving
from portnet_graphql.types.company import Company
from portnet_graphql.types.declaring.change import FieldChange
from portnet_graphql.types.declaring.document import Document, paper_key
from portnet_graphql.types.declaring.duties import DutyEstimate, duty_estimate
from portnet_graphql.types.dossier import Procedure
from portnet_graphql.types.node import Kind, Node, PageInfo, described, key_of, node_id
from portnet_graphql.types.problem import FieldIssue
from portnet_graphql.types.reference import Reason
from portnet_graphql.types.scalars import Severity

if TYPE_CHECKING:
    # A declaration shows its approval, an approval its declaration: each names the other's type late.
    from portnet_graphql.types.approving.approval import Approval


@strawberry.enum
class DeclarationState(enum.StrEnum):
    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    SUBMITTED = "SUBMITTED"
    SUBMIT_UNKNOWN = "SUBMIT_UNKNOWN"
    TECH_REJECTED = "TECH_REJECTED"
    RECEIVED = "RECEIVED"
    DISCARDED = "DISCARDED"


@strawberry.type
class FieldValue:
    path: str
    value: str


@strawberry.type(description="An answer that is known from elsewhere.")
class PrefilledValue:
    path: str
    value: str
    note: str = strawberry.field(description="Where it came from, to be shown beside the field.")

    @classmethod
    def all_of(cls, prefilled: Prefilled, locale: Locale) -> list[PrefilledValue]:
        return [
            cls(path=path, value=value, note=note(prefilled.origins[path]).in_(locale))
            for path, value in prefilled.values.items()
        ]


@strawberry.type(description="Its content is what is sent; nothing that was sent is ever changed.")
class Declaration(Node):
    kind: str
    form_version: int = strawberry.field(
        description="The version of the form that it answers; 0 where it was begun without a form."
    )
    revision: int = strawberry.field(
        description="Counts what is sent: a rejected one is corrected as the next."
    )
    state: DeclarationState
    version: int
    updated_at: datetime
    record: strawberry.Private[Submission]

    @classmethod
    def of(cls, submission: Submission) -> Declaration:
        return cls(
            id=node_id(Kind.DECLARATION, submission.id),
            kind=submission.target,
            form_version=submission.form_version,
            revision=submission.revision,
            state=DeclarationState(submission.state),
            version=submission.version,
            updated_at=submission.updated_at,
            record=submission,
        )

    @strawberry.field
    def company(self, info: Info) -> Company:
        return info.context.files.companies.then(
            self.record.company, lambda row: Company.of(found(row))
        )

    @described("Who drafts it for the company, if it is a broker.")
    async def broker(self, info: Info) -> Company | None:
        row = await optional(info.context.files.companies, self.record.broker)
        return None if row is None else Company.of(row)

    @described("Sorted by path; fields without an answer are left out.")
    def values(self) -> list[FieldValue]:
        return [
            FieldValue(path=path, value=value)
            for path, value in sorted(values_of(self.record.content).items())
        ]

    @described("All that is wrong with it today. It can be submitted once no ERROR is left.")
    async def issues(self, info: Info) -> list[FieldIssue]:
        return await issues_of(self.record, info.context)

    @described(
        "What importing it would cost by the rates that are known; null for what is not imported,"
        " and while there is no line with a tariff code."
    )
    def duty_estimate(self, info: Info) -> DutyEstimate | None:
        context, target = info.context, info.context.catalogue.latest(self.kind)
        if target is None or target.direction != "IMPORT":
            return None
        values = answers_of(self.record, context)
        today = context.now.astimezone(CASABLANCA).date()
        return duty_estimate(values, today, context.duties, context.locale)

    @described("Papers that were sent for it, and those that its answers name.")
    async def documents(self, info: Info) -> list[Document]:
        context = info.context
        sent = await context.papers.of_declarations.load(self.record.id)
        named = await context.papers.documents.load_many(_papers_named(self.record, context))
        papers = {paper.id: paper for paper in (*sent, *named) if paper is not None}
        return [Document.of(paper, context) for paper in papers.values()]

    @described("Why it was rejected, or returned to be corrected.")
    def reasons(self) -> list[Reason]:
        return [Reason.of(reason) for reason in self.record.reasons]

    @described("The last that was asked for of it.")
    async def approval(
        self, info: Info
    ) -> Annotated[Approval, strawberry.lazy("portnet_graphql.types.approving.approval")] | None:
        known = await info.context.approvals.newest_of.load(self.record.id)
        return None if known is None else approving.Approval.of(known)

    @described("What opened once the agency's system had taken it.")
    async def procedure(self, info: Info) -> Procedure | None:
        row = await optional(info.context.files.procedures, self.record.procedure)
        return None if row is None else Procedure.of(row, info.context)

    @described(
        "How its fields differ from what was sent as revision `since`, by default the last one"
        " before this one; nothing where that was not sent."
    )
    async def changes(self, info: Info, since: int | None = strawberry.UNSET) -> list[FieldChange]:
        context = info.context
        sent = await context.declarations.revisions_of.load(self.record.id)
        wanted = since if isinstance(since, int) else self.record.revision - 1
        before = next((r for r in sent if r.number == wanted), None)
        if before is None:
            return []
        form = context.services.checks.form_of(self.record)
        if form is None:
            return []
        differing = diff(form, values_of(before.content), values_of(self.record.content))
        return [FieldChange.of(change, context.locale) for change in differing]


@strawberry.type
class DeclarationConnection:
    nodes: list[Declaration]
    page_info: PageInfo


def declaration_key(text: str) -> str | None:
    """The declaration that an id names: the server's own id, or the ULID that the app made."""
    return text if is_ulid(text) else key_of(Kind.DECLARATION, text)


def answers_of(submission: Submission, context: Context) -> Mapping[str, str]:
    """What is asked for and answered, tidied by the form; every answer of one without a form."""
    values = values_of(submission.content)
    form = context.services.checks.form_of(submission)
    return values if form is None else answered(form, values)


def _papers_named(submission: Submission, context: Context) -> list[str]:
    form = context.services.checks.form_of(submission)
    if form is None:
        return []
    keys = (
        paper_key(text)
        for path, text in values_of(submission.content).items()
        if (field := form.field_of(path)) is not None and field.type is FieldType.DOCUMENT
    )
    return list(dict.fromkeys(key for key in keys if key is not None))


async def issues_of(submission: Submission, context: Context) -> list[FieldIssue]:
    """What the check finds, in the viewer's language."""
    form = context.services.checks.form_of(submission)
    if form is None:
        return []
    return [
        FieldIssue(
            path=issue.path,
            code=issue.code.value,
            severity=Severity(issue.severity.value),
            message=sentence(issue).in_(context.locale),
        )
        for issue in await context.services.checks.issues(submission)
    ]


def label_at(path: str, submission: Submission, context: Context) -> str:
    """A field's label, or its path where its form does not ask for it any more."""
    form = context.services.checks.form_of(submission)
    label = form.label_of(path) if form else None
    return path if label is None else label.in_(context.locale)
