"""What a company declares, from its draft to the procedure that it opens; read through loaders."""

from __future__ import annotations

import enum
from datetime import datetime

import strawberry

from portnet.domain.declaring.drafting import values_of
from portnet.domain.declaring.prefilling import Prefilled, note
from portnet.domain.declaring.reading import FieldChange as KnownChange
from portnet.domain.declaring.reading import diff
from portnet.domain.declaring.sentences import sentence
from portnet.domain.identifiers import is_ulid
from portnet.domain.localised import Locale
from portnet.domain.submission import Submission
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import found, optional
from portnet_graphql.types.company import Company
from portnet_graphql.types.dossier import Procedure
from portnet_graphql.types.node import Kind, Node, PageInfo, described, key_of, node_id
from portnet_graphql.types.problem import FieldIssue
from portnet_graphql.types.reference import Reason
from portnet_graphql.types.scalars import Severity


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


@strawberry.type
class FieldChange:
    path: str
    label: str
    before: str | None
    after: str | None

    @classmethod
    def of(cls, change: KnownChange, locale: Locale) -> FieldChange:
        return cls(
            path=change.path,
            label=change.label.in_(locale),
            before=change.before.in_(locale) if change.before else None,
            after=change.after.in_(locale) if change.after else None,
        )


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

    @described("Why it was rejected, or returned to be corrected.")
    def reasons(self) -> list[Reason]:
        return [Reason.of(reason) for reason in self.record.reasons]

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
