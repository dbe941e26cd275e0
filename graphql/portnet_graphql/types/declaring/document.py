"""Papers that people sent, and those that are on their way."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.declaring.document import Document as KnownDocument
from portnet.domain.declaring.document import DocumentState
from portnet.domain.identifiers import is_ulid
from portnet_graphql.context import Context, Info
from portnet_graphql.types.node import Kind, Node, ViewerOnly, described, key_of, node_id


@strawberry.type
class Document(Node):
    kind: str = strawberry.field(description="A code of EDIFACT 1001, such as 380.")
    label: str
    number: str | None
    media_type: str
    sha256: str | None
    bytes: int | None
    record: strawberry.Private[KnownDocument]

    @classmethod
    def of(cls, document: KnownDocument, context: Context) -> Document:
        """A stored one."""
        known = context.references.documents.get(document.kind)
        return cls(
            id=node_id(Kind.DOCUMENT, document.id),
            kind=document.kind,
            label=document.kind if known is None else known.label.in_(context.locale),
            number=document.number,
            media_type=document.media_type,
            sha256=document.sha256,
            bytes=document.bytes,
            record=document,
        )

    @described(
        "Where this session reads it, for five minutes; ask anew for each reading.",
        directives=[ViewerOnly()],
    )
    def content_url(self, info: Info) -> str | None:
        context = info.context
        return context.services.documents.content_url(self.record, context.viewer)


def paper_key(text: str) -> str | None:
    """The paper that an answer names: by its id in the contract, or by the ULID inside it."""
    return text if is_ulid(text) else key_of(Kind.DOCUMENT, text)


@strawberry.type(description="A paper on its way: PUT its bytes to the URL, in parts or at once.")
class Upload(Node):
    url: str
    received: int = strawberry.field(description="Bytes that are there: go on from here.")
    expires_at: datetime
    document: Document | None = strawberry.field(description="Once it is whole and checked.")

    @classmethod
    async def of(cls, document: KnownDocument, context: Context) -> Upload:
        papers = context.services.documents
        stored = document.state is DocumentState.STORED
        return cls(
            id=node_id(Kind.UPLOAD, document.id),
            url=papers.upload_url(document),
            received=await papers.received(document),
            expires_at=document.expires_at,
            document=Document.of(document, context) if stored else None,
        )
