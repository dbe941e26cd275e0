"""Answers that nobody has to type again. They are handed to the app, which saves what its person keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portnet.domain.access import Company, Viewer
from portnet.domain.declaring.drafting import values_of
from portnet.domain.declaring.form import Form, Forms
from portnet.domain.submission import Submission
from portnet.ports.clock import Clock
from portnet.ports.declaring.reading import DeclarationReader
from portnet.ports.reading import AccountReader

#: What a form takes over from the company's own particulars and from an earlier declaration's answers.
CarryOver = Callable[[Form, Company, Mapping[str, str]], Mapping[str, str]]


class Prefills:
    """What a new declaration may begin with."""

    def __init__(
        self,
        forms: Forms,
        declarations: DeclarationReader,
        accounts: AccountReader,
        carry_over: CarryOver,
        clock: Clock,
    ) -> None:
        self._forms = forms
        self._declarations = declarations
        self._accounts = accounts
        self._carry_over = carry_over
        self._clock = clock

    async def values(
        self, viewer: Viewer, kind: str, company: str, source: str | None
    ) -> Mapping[str, str] | None:
        """By path, from the declaration ``source``, else from the last one of that kind that the company sent.

        None when there is no such form, company or source for this viewer.
        """
        form = self._forms.form(kind)
        owner = await self._company(viewer, company)
        if form is None or owner is None:
            return None
        earlier = await self._earlier(viewer, kind, company, source)
        if source is not None and earlier is None:
            return None
        answers = values_of(earlier.content) if earlier else {}
        return self._carry_over(form, owner, answers)

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
