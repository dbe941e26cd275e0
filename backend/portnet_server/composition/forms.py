"""The forms and what declarations are checked against, over the reference tables in force.

When a table is imported, the lists to choose from change with it: forms are made again, at their next use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from portnet.domain.access import Company
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.answering.rules import OPERATOR
from portnet.domain.declaring.form import Form, Forms, SourceKind
from portnet.domain.declaring.issue import Facts
from portnet.domain.declaring.prefilling import Source, prefill
from portnet.domain.reference.references import References
from portnet.forms import load_forms
from portnet.forms.lists import currency_decimals
from portnet.ports.clock import Clock

_SUBHEADING = 6


def published_forms(catalogue: Catalogue, tables: Callable[[], References]) -> Forms:
    """All forms, their options always those of ``tables()``.

    Raises:
        FaultyFile: a form may not be published.
    """
    return Forms(forms=_Current(catalogue, tables))


def common_facts(tables: Callable[[], References], clock: Clock) -> Callable[[], Facts]:
    """What any declaration is checked against now, whoever's it is; the day is UTC's until its company's is put in.

    An unknown subheading is a warning: the tables that we ship hold a few headings only.
    """

    def known() -> Facts:
        return Facts(
            today=clock.now().date(),
            decimals=currency_decimals(),
            headings=frozenset(c for c in tables().headings if len(c) == _SUBHEADING),
        )

    return known


def carry_over(form: Form, company: Company, answers: Mapping[str, str]) -> Mapping[str, str]:
    """What a new declaration takes from its company's profile and from an earlier declaration's answers."""
    profile = Source(kind=SourceKind.PROFILE, name=company.name, values={OPERATOR: company.ice})
    return prefill(form, [profile, Source(kind=SourceKind.LAST, name="", values=answers)]).values


class _Current(Mapping[tuple[str, int], Form]):
    def __init__(self, catalogue: Catalogue, tables: Callable[[], References]) -> None:
        self._kinds = frozenset(code for code, _ in catalogue.definitions)
        self._documents = frozenset(catalogue.documents)
        self._tables = tables
        self._made_of = tables()
        self._forms = self._made()

    def _made(self) -> Mapping[tuple[str, int], Form]:
        return load_forms(self._made_of, self._kinds, self._documents).forms

    def _now(self) -> Mapping[tuple[str, int], Form]:
        tables = self._tables()
        if tables is not self._made_of:
            self._made_of = tables
            self._forms = self._made()
        return self._forms

    def __getitem__(self, key: tuple[str, int]) -> Form:
        return self._now()[key]

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())
