"""The audit trail as its company reads it: who did what, and that nobody changed what is written. Never an officer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import strawberry

from portnet.domain.access import CompanyKind
from portnet.domain.audit import AuditLink
from portnet.domain.localised import Localised
from portnet_graphql.context import Context, Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.node import Kind, Node, PageInfo, described, node_id

_HELP_DESK = Localised(fr="Assistance PortNet", ar="مساعدة بورتنيت", en="PortNet help desk")
_SYSTEM = Localised(fr="Système", ar="النظام", en="System")
_COMPANY = Localised(fr="La société", ar="الشركة", en="The company")
#: Actors that are neither a person nor an agency.
ACTORS: Mapping[str, Localised] = {"company": _COMPANY, "clock": _SYSTEM, "system": _SYSTEM}


@strawberry.type(description="One line of a company's audit trail.")
class AuditEntry(Node):
    at: datetime
    action: str
    subject: strawberry.ID
    hash: str = strawberry.field(
        description="SHA-256 of this line and the hash before it, 64 hex digits."
    )
    record: strawberry.Private[AuditLink]

    @classmethod
    def of(cls, link: AuditLink) -> AuditEntry:
        record = link.record
        return cls(
            id=node_id(Kind.AUDIT_ENTRY, f"{record.company}/{record.position}"),
            at=record.at,
            action=record.action,
            subject=strawberry.ID(record.subject),
            hash=link.hash.hex(),
            record=link,
        )

    @described("A person of the company's side by name, an agency, the help desk, or the system.")
    async def actor(self, info: Info) -> str:
        return await _named(self.record.record.actor, info.context)

    @described("In whose stead, where the right was somebody else's.")
    async def on_behalf_of(self, info: Info) -> str | None:
        principal = self.record.record.on_behalf_of
        return None if principal is None else await _named(principal, info.context)


@strawberry.type
class AuditConnection:
    nodes: list[AuditEntry]
    page_info: PageInfo
    verified: bool = strawberry.field(
        description="Every line of this page still has the hash that its content and the line before it give."
    )


async def _named(actor: str, context: Context) -> str:
    kind, _, key = actor.partition(":")
    if kind == "agency":
        agency = context.catalogue.agency_of_source(key)
        return key if agency is None else agency.label.in_(context.locale)
    if kind != "user":
        return ACTORS.get(kind, _SYSTEM).in_(context.locale)
    user = await optional(context.files.users, key)
    company = await optional(context.files.companies, user.company if user else None)
    if user is None or company is None:
        return _COMPANY.in_(context.locale)
    if company.kind is CompanyKind.SINGLE_WINDOW:
        return _HELP_DESK.in_(context.locale)
    return user.name
