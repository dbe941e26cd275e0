"""What an app hears: frames, each with its place in one audience's feed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from portnet.domain.access import Viewer
from portnet.domain.events import company_audience, user_audience
from portnet_graphql.cursors import FeedCursor
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.types.alert import Alert
from portnet_graphql.types.approving.approval import Approval
from portnet_graphql.types.declaring.declaration import Declaration
from portnet_graphql.types.dossier import Dossier, InformationRequest, Procedure
from portnet_graphql.types.help import HelpCase
from portnet_graphql.types.procedure import TimelineEntry
from portnet_graphql.types.scalars import FeedAudience


@strawberry.type
class FeedPosition:
    audience: FeedAudience
    cursor: FeedCursor


@strawberry.type
class DossierChanged:
    dossier: Dossier
    procedure: Procedure | None
    entry: TimelineEntry | None


@strawberry.type(description="No longer visible to this audience.")
class Removed:
    id: strawberry.ID


@strawberry.type
class AlertChanged:
    alert: Alert


@strawberry.type
class ApprovalChanged:
    approval: Approval


@strawberry.type
class RequestChanged:
    request: InformationRequest


@strawberry.type(description="The viewer asked the help desk, or was answered.")
class HelpChanged:
    case: HelpCase


@strawberry.type
class DeclarationChanged:
    declaration: Declaration


@strawberry.type(
    description="A mandate, role or membership changed: drop what is no longer listed, also from"
    " the offline store, and read the rest anew: for whom a step waits may have changed with it."
)
class AccessChanged:
    companies: list[strawberry.ID]


@strawberry.type(
    description="The cursor is too old, or the data was reset: refetch, then go on from the new"
    " cursor."
)
class Reset:
    reason: str


FeedItem: TypeAlias = Annotated[
    DossierChanged
    | Removed
    | AlertChanged
    | DeclarationChanged
    | ApprovalChanged
    | RequestChanged
    | AccessChanged
    | HelpChanged
    | Reset,
    strawberry.union("FeedItem"),
]


@strawberry.type(
    description="item null: of a kind this app does not know or may no longer see; keep the"
    " cursor, go on."
)
class FeedFrame:
    cursor: FeedCursor
    at: datetime
    item: FeedItem | None


@strawberry.type
class SyncPage:
    frames: list[FeedFrame]
    cursor: FeedCursor
    has_more: bool
    reset: bool


def audience_of(kind: FeedAudience, viewer: Viewer) -> str:
    """The stream that ``kind`` means for this viewer.

    Raises:
        ContractError: a class's, of which the viewer is not the trainer.
    """
    match kind:
        case FeedAudience.COMPANY:
            return company_audience(viewer.company)
        case FeedAudience.ME:
            return user_audience(viewer.user)
        case FeedAudience.TRAINING:
            raise ContractError(ErrorCode.FORBIDDEN, "You train no class.")
