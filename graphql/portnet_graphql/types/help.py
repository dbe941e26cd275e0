"""A question to the help desk and its answer, as who asked and the help desk see it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.desk.help import HelpCase as KnownCase
from portnet.domain.desk.help import HelpState
from portnet_graphql.context import Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.dossier import Dossier
from portnet_graphql.types.node import Kind, Node, described, node_id

strawberry.enum(HelpState)


@strawberry.type
class HelpCase(Node):
    text: str
    state: HelpState
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    answer: str | None

    about: strawberry.Private[str | None]

    @described("What the question is about; null where it is about no file, or one may not see it.")
    async def dossier(self, info: Info) -> Dossier | None:
        dossier = await optional(info.context.files.dossiers, self.about)
        return None if dossier is None else Dossier.of(dossier, info.context)

    @classmethod
    def of(cls, case: KnownCase) -> HelpCase:
        return cls(
            id=node_id(Kind.HELP_CASE, case.id),
            text=case.text,
            state=case.state,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            closed_by=case.closed_by,
            answer=case.answer,
            about=case.dossier,
        )
