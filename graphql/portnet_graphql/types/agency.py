"""The bodies that take part in procedures."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.catalogue import Agency as KnownAgency
from portnet.domain.localised import Localised
from portnet.domain.silence import silent
from portnet_graphql.context import Context, Info
from portnet_graphql.types.node import Kind, Node, described, node_id


@strawberry.type
class Agency(Node):
    code: str
    label: str
    record: strawberry.Private[KnownAgency]

    @classmethod
    def of(cls, agency: KnownAgency, context: Context) -> Agency:
        return cls(
            id=node_id(Kind.AGENCY, agency.code),
            code=agency.code,
            label=agency.label.in_(context.locale),
            record=agency,
        )

    @classmethod
    def of_source(cls, source: str, context: Context) -> Agency | None:
        agency = context.catalogue.agency_of_source(source)
        return None if agency is None else cls.of(agency, context)

    @classmethod
    def unknown(cls, source: str) -> Agency:
        """A source that has a key and is no agency of the catalogue."""
        name = Localised(fr=source, ar=source, en=source)
        record = KnownAgency(code=source, source=source, label=name, short=name)
        return cls(id=node_id(Kind.AGENCY, source), code=source, label=source, record=record)

    @described("When its last message came.")
    async def last_heard_at(self, info: Info) -> datetime | None:
        return await info.context.files.heard.load(self.record.source)

    @described("Nothing was heard of it for longer than is usual for it, or ever.")
    async def silent(self, info: Info) -> bool:
        heard_at = await info.context.files.heard.load(self.record.source)
        return silent(self.record, heard_at, info.context.now)
