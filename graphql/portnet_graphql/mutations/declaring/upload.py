"""Announce a paper; its bytes come over HTTP."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.declaring.document import Announced, SubjectKind
from portnet.domain.declaring.document import Document as KnownDocument
from portnet.domain.identifiers import is_ulid, read_opaque_id
from portnet.domain.submission import NotDone
from portnet.services.declaring.document import TooMany
from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.types.declaring.document import Upload
from portnet_graphql.types.node import described
from portnet_graphql.types.problem import IdempotencyMismatch, InvalidInput, Throttled

#: What a paper may belong to, by the type that its id names.
_SUBJECTS: Mapping[str, SubjectKind] = {
    "Declaration": SubjectKind.DECLARATION,
    "Procedure": SubjectKind.PROCEDURE,
    "InformationRequest": SubjectKind.REQUEST,
    "Company": SubjectKind.COMPANY,
}


@strawberry.input
class StartUploadInput:
    client_mutation_id: strawberry.ID
    subject: strawberry.ID = strawberry.field(
        description="A declaration, a procedure, an information request, or the own company."
    )
    kind: str = strawberry.field(description="A code of EDIFACT 1001, such as 380.")
    media_type: str = strawberry.field(
        description="application/pdf, image/jpeg or image/png, as the first bytes must tell."
    )
    bytes: int = strawberry.field(description="At most 10 MiB.")
    sha256: str = strawberry.field(description="Of the whole file, in lower-case hex.")
    number: str | None = strawberry.field(
        default=strawberry.UNSET, description="The number that the paper bears."
    )


StartUploadResult: TypeAlias = Annotated[
    Upload | InvalidInput | Throttled | IdempotencyMismatch,
    strawberry.union("StartUploadResult"),
]


@strawberry.type
class UploadMutations:
    @described("Announces a paper; the same id answers with the same upload, and how far it is.")
    async def start_upload(self, info: Info, input: StartUploadInput) -> StartUploadResult:
        context = info.context
        read = read_opaque_id(input.subject)
        kind = None if read is None else _SUBJECTS.get(read.kind)
        if read is None or kind is None or not is_ulid(read.key):
            raise _nothing()
        announced = Announced(
            kind=input.kind,
            media_type=input.media_type,
            bytes=input.bytes,
            sha256=input.sha256,
            number=input.number or None,
        )
        outcome = await context.services.documents.start(
            context.viewer, input.client_mutation_id, kind, read.key, announced
        )
        match outcome:
            case KnownDocument():
                return await Upload.of(outcome, context)
            case TooMany():
                seconds = math.ceil((outcome.until - context.now).total_seconds())
                return Throttled.too_many_uploads(seconds, context.locale)
            case NotDone.KEY_REUSED:
                return IdempotencyMismatch.in_(context.locale)
            case NotDone():
                raise _nothing()
            case _:
                return InvalidInput.of(outcome, context.locale)


def _nothing() -> ContractError:
    return ContractError(ErrorCode.NOT_FOUND, "There is nothing of that id to send a paper for.")
