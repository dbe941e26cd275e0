"""Who did what: of a file, to whoever may read it; of a whole company, to those who answer for it."""

from __future__ import annotations

import strawberry

from portnet.domain.access import Role
from portnet.domain.identifiers import read_opaque_id
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.loaders import optional
from portnet_graphql.types.audit import AuditConnection, AuditEntry
from portnet_graphql.types.node import Kind, PageInfo, described, key_of, page_size

#: Who reads all that a company did.
_ANSWERING = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
_FILES = (Kind.DOSSIER, Kind.PROCEDURE)


@strawberry.type
class AuditQueries:
    @described(
        "Newest first. The subject is a dossier, a procedure (its dossier's trail), something of the company's own, or"
        " the company itself, for its managers and administrators."
    )
    async def audit_trail(
        self,
        info: Info,
        subject: strawberry.ID,
        first: int = 50,
        after: str | None = strawberry.UNSET,
    ) -> AuditConnection:
        size, context = page_size(first, after), info.context
        company, about = await _asked(subject, context)
        trail = await context.readers.audit.trail_of(company, about, size)
        return AuditConnection(
            nodes=[AuditEntry.of(link) for link in trail.page.items],
            page_info=PageInfo.of(trail.page),
            verified=trail.verified,
        )


async def _asked(subject: str, context: Context) -> tuple[str, str | None]:
    """Whose chain, and what about; all of it where that is None.

    Raises:
        ContractError: there is no such subject for this viewer.
    """
    own = context.company.id
    if (company := key_of(Kind.COMPANY, subject)) is not None:
        if company != own:
            raise _no_such_subject()
        if not _ANSWERING & set(context.person.user.roles):
            raise ContractError(ErrorCode.FORBIDDEN, "This is for managers and administrators.")
        return own, None
    read = read_opaque_id(subject)
    if read is None:
        raise _no_such_subject()
    if read.kind not in _FILES:
        # Whatever else has an id is in the company's own chain, or in nobody's that it may read.
        return own, read.key
    procedure = await optional(context.files.procedures, key_of(Kind.PROCEDURE, subject))
    key = procedure.dossier if procedure else key_of(Kind.DOSSIER, subject)
    dossier = await optional(context.files.dossiers, key)
    if dossier is None:
        raise _no_such_subject()
    return dossier.company, dossier.id


def _no_such_subject() -> ContractError:
    return ContractError(ErrorCode.NOT_FOUND, "There is no such subject.")
