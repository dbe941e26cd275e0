"""What is wrong with a declaration, by its form and what is known today; it decides nothing about who may send it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from portnet.domain.declaring.checking import blocking, check
from portnet.domain.declaring.drafting import values_of
from portnet.domain.declaring.form import Form, Forms
from portnet.domain.declaring.issue import Facts, Issue
from portnet.domain.submission import Submission

#: What is known today that a declaration must agree with.
FactsOf = Callable[[Submission], Awaitable[Facts]]


class Checks:
    """Checks declarations, each by the version of the form that it was written in."""

    def __init__(self, forms: Forms, facts: FactsOf) -> None:
        self.forms = forms
        self._facts = facts

    def form_of(self, submission: Submission) -> Form | None:
        """None for what was begun without a form."""
        return self.forms.form(submission.target, submission.form_version)

    async def issues(self, submission: Submission) -> tuple[Issue, ...]:
        """All that is wrong with it, in the order of its form; nothing for what has none."""
        form = self.form_of(submission)
        if form is None:
            return ()
        return check(form, values_of(submission.content), await self._facts(submission))

    async def blocking(self, submission: Submission) -> int:
        """How many of its issues no agency would take."""
        return blocking(await self.issues(submission))
