"""What every cached type is, its ids, and the pages of lists."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import strawberry
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from portnet.domain.identifiers import is_ulid, opaque_id, read_opaque_id
from portnet.ports.reading import Page, PageSize
from portnet_graphql.errors import ContractError, ErrorCode

T = TypeVar("T")

#: Items of one page, and ids of one request.
LARGEST_PAGE = 100
#: A content is named by its hash.
_HASH = re.compile(r"[0-9a-f]{64}")


@strawberry.schema_directive(locations=[Location.FIELD_DEFINITION], name="viewer")
class ViewerOnly:
    """Differs between viewers of one company: a document that selects it is never shared."""


def described(
    description: str, *, directives: Sequence[object] = ()
) -> Callable[[Callable[..., object]], StrawberryField]:
    """A resolver as a field with its description; Strawberry's own decorator loses types there."""

    def decorate(resolver: Callable[..., object]) -> StrawberryField:
        return strawberry.field(resolver, description=description, directives=directives)

    return decorate


@strawberry.interface
class Node:
    id: strawberry.ID


class Kind(enum.StrEnum):
    """The type that an id names; part of every id, so never renamed."""

    VIEWER = "Viewer"
    COMPANY = "Company"
    MANDATE = "Mandate"
    MEMBER = "Member"
    DEVICE = "Device"
    SESSION = "Session"
    DOSSIER = "Dossier"
    PROCEDURE = "Procedure"
    ENTRY = "TimelineEntry"
    ALERT = "Alert"
    AGENCY = "Agency"
    REQUEST = "InformationRequest"
    ANOMALY = "Anomaly"
    HELP_CASE = "HelpCase"
    AUDIT_ENTRY = "AuditEntry"
    DOCUMENT = "Document"
    UPLOAD = "Upload"
    APPROVAL = "Approval"
    CONTENT = "ApprovalContent"
    DELEGATION = "Delegation"
    DECLARATION = "Declaration"


#: What is not named by a ULID.
_OTHERWISE_NAMED = frozenset({Kind.AGENCY, Kind.AUDIT_ENTRY})


def node_id(kind: Kind, key: str) -> strawberry.ID:
    return strawberry.ID(opaque_id(kind, key))


def key_of(kind: Kind, text: str) -> str | None:
    """The row that an id names; None for another kind's id and for any other text."""
    read = read_opaque_id(text)
    if read is None or read.kind != kind:
        return None
    if kind is Kind.CONTENT:
        return read.key if _HASH.fullmatch(read.key) else None
    return read.key if kind in _OTHERWISE_NAMED or is_ulid(read.key) else None


@strawberry.type
class PageInfo:
    end_cursor: str | None
    has_next_page: bool

    @classmethod
    def of(cls, page: Page[T]) -> PageInfo:
        return cls(end_cursor=page.end, has_next_page=page.more)


def page_size(first: int, after: str | None) -> PageSize:
    """What a list's arguments ask for.

    Raises:
        ContractError: ``first`` is not from 1 to 100.
    """
    if not 1 <= first <= LARGEST_PAGE:
        raise ContractError(ErrorCode.BAD_REQUEST, f"first is from 1 to {LARGEST_PAGE}.")
    # An argument that was left out is UNSET, which the core does not know.
    return PageSize(first, after or None)
