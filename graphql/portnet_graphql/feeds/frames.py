"""Feed rows as the frames that phones get: state as it is read now, and access checked again for each row."""

from __future__ import annotations

from typing import assert_never

from portnet.domain.events import FeedRow, FrameKind
from portnet.domain.identity.mandate import clients_of
from portnet.domain.procedure import Entry
from portnet.domain.procedure import Procedure as KnownProcedure
from portnet.ports.unit_of_work import Position
from portnet_graphql.context import Context
from portnet_graphql.cursors import FeedCursor
from portnet_graphql.loaders import optional
from portnet_graphql.types.alert import Alert
from portnet_graphql.types.approving.approval import Approval
from portnet_graphql.types.declaring.declaration import Declaration
from portnet_graphql.types.dossier import Dossier, InformationRequest, Procedure
from portnet_graphql.types.feed import (
    AccessChanged,
    AlertChanged,
    ApprovalChanged,
    DeclarationChanged,
    DossierChanged,
    FeedFrame,
    FeedItem,
    HelpChanged,
    Removed,
    RequestChanged,
    Reset,
    SyncPage,
    audience_of,
)
from portnet_graphql.types.help import HelpCase
from portnet_graphql.types.node import Kind, node_id
from portnet_graphql.types.procedure import TimelineEntry
from portnet_graphql.types.scalars import FeedAudience


async def since(cursor: FeedCursor, first: int, context: Context) -> SyncPage:
    """What came after ``cursor`` in its audience; a reset where nobody can tell."""
    feeds = context.readers.feeds
    mine = cursor.audience.startswith("user:")
    audience = audience_of(FeedAudience.ME if mine else FeedAudience.COMPANY, context.viewer)
    [head] = await feeds.heads([audience])
    generation = await feeds.generation()
    usable = cursor.generation == generation and cursor.audience == audience
    if not usable or not await feeds.floor(audience) <= cursor.seq <= head.seq:
        fresh = FeedCursor(generation=generation, audience=audience, seq=head.seq)
        return SyncPage(frames=[], cursor=fresh, has_more=False, reset=True)
    start = Position(audience=audience, seq=cursor.seq)
    page = (await feeds.after([start], first, context.now))[audience]
    context.hold(page)
    frames = [await frame_of(row, generation, context) for row in page.rows]
    return SyncPage(
        frames=frames,
        cursor=frames[-1].cursor if frames else cursor,
        has_more=bool(page.rows) and page.rows[-1].seq < head.seq,
        reset=False,
    )


async def frame_of(row: FeedRow, generation: str, context: Context) -> FeedFrame:
    """The frame of one row, of a page that ``context`` holds."""
    return FeedFrame(
        cursor=cursor_of(row, generation),
        at=row.at,
        item=await _item(row, context),
    )


def cursor_of(row: FeedRow, generation: str) -> FeedCursor:
    return FeedCursor(generation=generation, audience=row.audience, seq=row.seq)


async def _item(row: FeedRow, context: Context) -> FeedItem | None:
    match row.kind:
        case FrameKind.DOSSIER_CHANGED:
            return await _dossier_changed(row, context)
        case FrameKind.ENTRY_REMOVED:
            return None if row.entry is None else Removed(id=node_id(Kind.ENTRY, row.entry))
        case FrameKind.ALERT_CHANGED:
            alert = await context.alerts.alerts.load(row.subject)
            return None if alert is None else AlertChanged(alert=Alert.of(alert, context))
        case FrameKind.ACCESS_CHANGED:
            return await _access_changed(context)
        case FrameKind.REQUEST_CHANGED:
            request = await context.files.requests.load(row.subject)
            if request is None:
                return None
            return RequestChanged(request=InformationRequest.of(request, context))
        case FrameKind.HELP_CHANGED:
            cases = await context.readers.anomalies.help_cases_by_id([row.subject])
            return HelpChanged(case=HelpCase.of(cases[row.subject]))
        case FrameKind.DECLARATION_CHANGED:
            declared = await context.declarations.declarations.load(row.subject)
            if declared is None:
                return Removed(id=node_id(Kind.DECLARATION, row.subject))
            return DeclarationChanged(declaration=Declaration.of(declared))
        case FrameKind.APPROVAL_CHANGED:
            approval = await context.approvals.approvals.load(row.subject)
            return None if approval is None else ApprovalChanged(approval=Approval.of(approval))
        case FrameKind.RESET:
            return Reset(reason=row.subject)
        case _:
            assert_never(row.kind)


async def _dossier_changed(row: FeedRow, context: Context) -> DossierChanged | Removed:
    files = context.files
    dossier = await files.dossiers.load(row.subject)
    procedure = await optional(files.procedures, row.procedure)
    entry = await optional(files.entries, row.entry)
    if dossier is None:
        return Removed(id=node_id(Kind.DOSSIER, row.subject))
    return DossierChanged(
        dossier=Dossier.of(dossier, context),
        procedure=None if procedure is None else Procedure.of(procedure, context),
        entry=_entry(entry, procedure, context),
    )


def _entry(
    entry: Entry | None, procedure: KnownProcedure | None, context: Context
) -> TimelineEntry | None:
    if entry is None or procedure is None:
        return None
    return TimelineEntry.of(entry, procedure, context)


async def _access_changed(context: Context) -> AccessChanged:
    """The companies of whose files one hears now: one's own, and those that one works for, or worked for until a
    mandate expired. Phones keep no other's.
    """
    own = context.company.id
    mandates = await context.readers.accounts.mandates(own)
    clients = clients_of(own, mandates, context.now)
    return AccessChanged(
        companies=[node_id(Kind.COMPANY, c) for c in (own, *sorted(clients - {own}))]
    )
