"""The forms in force: their lists follow the tables that operators import."""

from __future__ import annotations

import msgspec

from portnet.domain.access import Company, CompanyKind
from portnet.domain.declaring.form import Forms
from portnet.domain.localised import Localised
from portnet.domain.reference.references import Listed, References
from portnet_server.composition.forms import carry_over, common_facts, published_forms
from tests.support.clock import SteppedClock
from tests.support.declaring.published import ICE, catalogue, declaration, form, tables


class Imported:
    """Reference tables that somebody imports into."""

    def __init__(self) -> None:
        self.current = tables()

    def __call__(self) -> References:
        return self.current

    def add_bank(self, code: str) -> None:
        words = Localised(fr="Banque", ar="بنك", en="Bank")
        bank = Listed(code=code, label=words, source="import", verified=True)
        banks = {**self.current.banks, code: bank}
        self.current = msgspec.structs.replace(self.current, banks=banks)


def banks(forms: Forms) -> set[str]:
    title = forms.form("IMP_TITLE")
    assert title is not None
    return set(title.fields["operation/bank"].labels)


def test_an_imported_bank_can_be_chosen_at_once() -> None:
    imported = Imported()
    forms = published_forms(catalogue(), imported)
    before = banks(forms)
    imported.add_bank("NEWB")
    assert banks(forms) == before | {"NEWB"}


def test_forms_are_made_once_as_long_as_no_table_changes() -> None:
    forms = published_forms(catalogue(), Imported())
    assert forms.form("IMP_TITLE") is forms.form("IMP_TITLE")


def test_what_is_checked_against_is_what_the_tables_say() -> None:
    known = common_facts(Imported(), SteppedClock())()
    assert "230990" in known.headings
    assert "2309" not in known.headings
    assert (known.decimals["MAD"], known.decimals["TND"], known.decimals["JPY"]) == (2, 3, 0)
    assert "XAU" not in known.decimals


def test_a_new_declaration_begins_with_its_company_and_its_last_partner() -> None:
    company = Company(id="c", kind=CompanyKind.OPERATOR, name="Atlas", ice=ICE, sandbox=False)
    values = carry_over(form(), company, declaration())
    assert values["operation/operator_ice"] == ICE
    assert values["operation/party/name"] == "Piensos del Sur SA"
    assert "operation/invoice/number" not in values
