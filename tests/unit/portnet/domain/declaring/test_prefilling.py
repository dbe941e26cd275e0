"""Nobody types again what is known already; what belongs to one invoice is never carried over."""

from __future__ import annotations

from portnet.domain.declaring.form import SourceKind
from portnet.domain.declaring.prefilling import Source, from_title, note, prefill
from tests.support.declaring.published import ICE, declaration, form, line

FORM = form()
OWN = {
    "operation/invoice/number",
    "operation/invoice/date",
    "operation/invoice/amount",
    "operation/freight/amount",
    "operation/insurance/amount",
}


def source(kind: SourceKind, values: dict[str, str], name: str = "D-1") -> Source:
    return Source(kind=kind, name=name, values=values)


def test_the_last_declaration_brings_partner_terms_and_goods() -> None:
    values = prefill(FORM, [source(SourceKind.LAST, declaration())]).values
    assert values["operation/party/name"] == "Piensos del Sur SA"
    assert values["operation/incoterm"] == "FOB"
    assert values[f"goods/lines/{line(1)}/hs"] == "2309909000"


def test_numbers_dates_amounts_and_papers_of_another_shipment_are_never_carried() -> None:
    values = prefill(FORM, [source(SourceKind.LAST, declaration())]).values
    assert not OWN & values.keys()
    assert not [path for path in values if path.endswith(("/value", "/quantity", "/net", "/gross"))]
    assert not [path for path in values if path.startswith(("documents/", "operation/manifest/"))]
    assert "operation/title/number" not in values
    assert "operation/transport/bill_of_lading" not in values


def test_a_title_brings_its_number_and_what_it_was_asked_for() -> None:
    title = {
        "operation/title/kind": "LI",
        "operation/party/name": "Piensos del Sur SA",
        "operation/invoice/currency": "EUR",
        "operation/invoice/amount": "9000",
        "operation/bank": "BCP",
        f"goods/lines/{line(5)}/hs": "2309909000",
        f"goods/lines/{line(5)}/quantity": "90",
    }
    filled = prefill(FORM, [from_title("EI-26-000777", title)])
    assert filled.values == {
        "operation/payment": "WITH",
        "operation/title/kind": "LI",
        "operation/title/number": "EI-26-000777",
        "operation/party/name": "Piensos del Sur SA",
        "operation/invoice/currency": "EUR",
        f"goods/lines/{line(5)}/hs": "2309909000",
    }


def test_the_shipments_papers_speak_before_the_last_declaration() -> None:
    shipment = {
        "operation/transport/mode": "SEA",
        "operation/transport/bill_of_lading": "VLC777",
        "operation/party/name": "Granos SA",
    }
    sources = [source(SourceKind.LAST, declaration()), source(SourceKind.SHIPMENT, shipment, "F-9")]
    filled = prefill(FORM, sources)
    assert filled.values["operation/party/name"] == "Granos SA"
    assert filled.values["operation/transport/bill_of_lading"] == "VLC777"
    assert note(filled.origins["operation/party/name"]).fr == "Repris du dossier F-9"
    assert note(filled.origins["operation/incoterm"]).en == "From the declaration D-1"


def test_what_is_there_already_is_never_touched() -> None:
    have = {"operation/party/name": "Mine", f"goods/lines/{line(50)}/hs": "1001990000"}
    filled = prefill(FORM, [source(SourceKind.LAST, declaration())], have)
    assert not have.keys() & filled.values.keys()
    assert not [path for path in filled.values if path.startswith("goods/lines/")]


def test_lines_come_whole_from_one_source() -> None:
    template = {f"goods/lines/{line(7)}/hs": "1001990000"}
    sources = [source(SourceKind.TEMPLATE, template), source(SourceKind.LAST, declaration())]
    values = prefill(FORM, sources).values
    assert [path for path in values if path.startswith("goods/lines/")] == list(template)


def test_what_this_form_does_not_ask_or_offer_stays_behind() -> None:
    last = {"operation/payment": "WITHOUT", "operation/title/exemption": "GIFT"}
    export = {"operation/title/kind": "EE", "operation/payment": "WITH"}
    assert "operation/title/kind" not in prefill(FORM, [from_title("EE-1", export)]).values
    assert prefill(FORM, [source(SourceKind.LAST, last)]).values == last
    paid = prefill(FORM, [source(SourceKind.LAST, last), from_title("EI-1", {})]).values
    assert paid == {"operation/payment": "WITH", "operation/title/number": "EI-1"}


def test_the_profile_brings_who_we_are() -> None:
    own = source(SourceKind.PROFILE, {"operation/operator_ice": ICE})
    assert prefill(FORM, [own]).values == {"operation/operator_ice": ICE}
    other = source(SourceKind.LAST, {"operation/operator_ice": ICE})
    assert prefill(FORM, [other]).values == {}
