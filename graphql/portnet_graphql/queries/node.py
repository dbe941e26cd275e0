"""Anything an app has cached, by its id. What may not be seen is not there."""

from __future__ import annotations

import asyncio
from typing import assert_never

import strawberry

from portnet.domain.access import Role
from portnet.domain.identifiers import read_opaque_id
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import found, optional
from portnet_graphql.types.agency import Agency
from portnet_graphql.types.alert import Alert
from portnet_graphql.types.anomaly import Anomaly
from portnet_graphql.types.approving.approval import Approval, ApprovalContent, Delegation
from portnet_graphql.types.audit import AuditEntry
from portnet_graphql.types.company import Company, Mandate
from portnet_graphql.types.declaring.declaration import Declaration
from portnet_graphql.types.declaring.document import Document, Upload
from portnet_graphql.types.dossier import Dossier, InformationRequest, Procedure
from portnet_graphql.types.help import HelpCase
from portnet_graphql.types.member import Member
from portnet_graphql.types.node import LARGEST_PAGE, Kind, Node, described, key_of
from portnet_graphql.types.procedure import TimelineEntry
from portnet_graphql.types.viewer import Device, Session, Viewer


@strawberry.type
class NodeQueries:
    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await _node(id, info.context)

    @described("One for each id, in order; at most 100.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > LARGEST_PAGE:
            raise ContractError(ErrorCode.BAD_REQUEST, f"At most {LARGEST_PAGE} ids.")
        return await asyncio.gather(*(_node(text, info.context) for text in ids))


async def _node(id: str, context: Context) -> Node | None:
    read = read_opaque_id(id)
    kind = next((kind for kind in Kind if read is not None and kind == read.kind), None)
    key = None if kind is None else key_of(kind, id)
    return None if kind is None or key is None else await _of_kind(kind, key, context)


async def _of_kind(kind: Kind, key: str, context: Context) -> Node | None:
    files = context.files
    match kind:
        case Kind.DOSSIER:
            dossier = await files.dossiers.load(key)
            return None if dossier is None else Dossier.of(dossier, context)
        case Kind.PROCEDURE:
            procedure = await files.procedures.load(key)
            return None if procedure is None else Procedure.of(procedure, context)
        case Kind.ENTRY:
            return await _entry(key, context)
        case Kind.ALERT:
            alert = await context.alerts.alerts.load(key)
            return None if alert is None else Alert.of(alert, context)
        case Kind.REQUEST:
            request = await files.requests.load(key)
            return None if request is None else InformationRequest.of(request, context)
        case Kind.AGENCY:
            agency = context.catalogue.agencies.get(key)
            return None if agency is None else Agency.of(agency, context)
        case Kind.VIEWER:
            return Viewer.of(context.person) if key == context.viewer.user else None
        case Kind.DEVICE:
            devices = await context.readers.accounts.devices_by_id(context.viewer.user, [key])
            return Device.of(devices[key]) if key in devices else None
        case Kind.SESSION:
            opened = await context.services.revocations.opened(context.viewer)
            of_viewer = (each for each in opened if each.session.id == key)
            return next((Session.of(each, context.viewer.session) for each in of_viewer), None)
        case Kind.ANOMALY:
            return await _anomaly(key, context)
        case Kind.HELP_CASE:
            return await _case(key, context)
        case Kind.AUDIT_ENTRY:
            return await _audited(key, context)
        case Kind.DOCUMENT:
            documents = await context.services.documents.stored(context.viewer, [key])
            return Document.of(documents[key], context) if key in documents else None
        case Kind.UPLOAD:
            announced = await context.services.documents.announced(context.viewer, key)
            return None if announced is None else await Upload.of(announced, context)
        case Kind.DECLARATION:
            declared = await context.declarations.declarations.load(key)
            return None if declared is None else Declaration.of(declared)
        case Kind.APPROVAL:
            approval = await context.approvals.approvals.load(key)
            return None if approval is None else Approval.of(approval)
        case Kind.CONTENT:
            content = await context.approvals.contents.load(key)
            return None if content is None else ApprovalContent.of(content)
        case Kind.DELEGATION:
            lent = await context.services.approving.delegations.of(context.viewer)
            return next((Delegation.of(each) for each in lent if each.id == key), None)
        case Kind.MEMBER:
            return await _member(key, context)
        case Kind.COMPANY | Kind.MANDATE:
            return await _of_mandates(kind, key, context)
        case _:
            assert_never(kind)


async def _entry(key: str, context: Context) -> TimelineEntry | None:
    entry = await optional(context.files.entries, key)
    if entry is None:
        return None
    procedure = found(await context.files.procedures.load(entry.procedure))
    return TimelineEntry.of(entry, procedure, context)


async def _case(key: str, context: Context) -> HelpCase | None:
    """One's own, or for the help desk anybody's on its side."""
    helper = context.person.helper
    sandbox = context.viewer.sandbox if helper is None else helper.sandbox
    found = (await context.readers.anomalies.help_cases_by_id([key], sandbox)).get(key)
    own = found is not None and (helper is not None or found.user == context.viewer.user)
    return HelpCase.of(found) if found is not None and own else None


async def _anomaly(key: str, context: Context) -> Anomaly | None:
    helper = context.person.helper
    if helper is None:
        return None
    found = await context.readers.anomalies.anomalies_by_id([key], helper.sandbox)
    return Anomaly.of(found[key], context) if key in found else None


async def _audited(key: str, context: Context) -> AuditEntry | None:
    """A line of a file that may be read; the others are in the company's trail, as a list."""
    company, _, position = key.partition("/")
    # More digits are more lines than both engines count.
    if not (position.isascii() and position.isdigit() and len(position) < 19):
        return None
    link = await context.readers.audit.line(company, int(position))
    about = link.record.subject.partition("/")[0] if link else None
    dossier = await optional(context.files.dossiers, about)
    if link is None or dossier is None or dossier.company != company:
        return None
    return AuditEntry.of(link)


async def _member(key: str, context: Context) -> Member | None:
    """For the company's administrator only."""
    if Role.ADMINISTRATOR not in context.person.user.roles:
        return None
    listed = await context.readers.members.members(context.company.id, context.now)
    return next((Member.of(member) for member in listed if member.user.id == key), None)


async def _of_mandates(kind: Kind, key: str, context: Context) -> Company | Mandate | None:
    """The viewer's mandates, and the companies at either end of them: no other is theirs to know."""
    own = context.company.id
    mandates = {m.id: m for m in await context.readers.accounts.mandates(own)}
    if kind is Kind.MANDATE:
        return Mandate.of(mandates[key], context.now) if key in mandates else None
    known = {own, *(company for m in mandates.values() for company in (m.company, m.broker))}
    if key not in known:
        return None
    return Company.of(found(await context.files.companies.load(key)))
