"""Answers that nobody has to type again. They are handed to the app, which saves what its person keeps of them."""

from __future__ import annotations

from portnet.domain.access import Company, Viewer
from portnet.domain.declaring.drafting import values_of
from portnet.domain.declaring.form import Forms, SourceKind
from portnet.domain.declaring.prefilling import Prefilled, Source, prefill
from portnet.domain.submission import Submission
from portnet.ports.clock import Clock
from portnet.ports.declaring.reading import DeclarationReader
from portnet.ports.reading import AccountReader

#: The company's own particulars, by the paths at which forms ask for them.
_OPERATOR_ICE, _BROKER_ICE = "operation/operator_ice", "operation/broker_ice"


class Prefills:
    """What a new declaration may begin with."""

    def __init__(
        self,
        forms: Forms,
        declarations: DeclarationReader,
        accounts: AccountReader,
        clock: Clock,
    ) -> None:
        self._forms = forms
        self._declarations = declarations
        self._accounts = accounts
        self._clock = clock

    async def values(
        self, viewer: Viewer, kind: str, company: str, source: str | None
    ) -> Prefilled | None:
        """From the declaration ``source``, else from the last one of that kind that the company sent.

        None when there is no such form, company or source for this viewer.
        """
        form = self._forms.form(kind)
        owner = await self._company(viewer, company)
        if form is None or owner is None:
            return None
        earlier = await self._earlier(viewer, kind, company, source)
        if source is not None and earlier is None:
            return None
        sources = [await self._profile(viewer, owner)]
        if earlier is not None:
            kind_ = SourceKind.LAST if source is None else SourceKind.TEMPLATE
            answers = values_of(earlier.content)
            sources.append(Source(kind=kind_, name=_name(earlier), values=answers))
        return prefill(form, sources)

    async def _profile(self, viewer: Viewer, owner: Company) -> Source:
        values = {_OPERATOR_ICE: owner.ice}
        if owner.id != viewer.company:
            broker = (await self._accounts.companies([viewer.company]))[viewer.company]
            values[_BROKER_ICE] = broker.ice
        return Source(kind=SourceKind.PROFILE, name=owner.name, values=values)

    async def _company(self, viewer: Viewer, company: str) -> Company | None:
        if company != viewer.company:
            now = self._clock.now()
            given = await self._accounts.mandates(viewer.company)
            if not any(
                m.company == company and m.broker == viewer.company and m.covers(now) for m in given
            ):
                return None
        return (await self._accounts.companies([company])).get(company)

    async def _earlier(
        self, viewer: Viewer, kind: str, company: str, source: str | None
    ) -> Submission | None:
        now = self._clock.now()
        if source is None:
            return await self._declarations.sent_last(viewer, now, company, kind)
        found = (await self._declarations.declarations_by_id(viewer, now, [source])).get(source)
        return found if found is not None and found.company == company else None


def _name(declaration: Submission) -> str:
    """What people call it: what it is known by, else its day."""
    if declaration.refs:
        return declaration.refs[0].value
    return declaration.updated_at.date().isoformat()
