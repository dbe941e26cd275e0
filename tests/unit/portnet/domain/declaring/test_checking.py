"""What is wrong with a declaration: each rule by itself, and all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec
import pytest

from portnet.domain.declaring.checking import blocking, check
from portnet.domain.declaring.form import Severity
from portnet.domain.declaring.issue import Facts, IssueCode, TitleFacts
from tests.support.declaring.published import (
    CONTAINER,
    DS,
    OTHER_ICE,
    TODAY,
    declaration,
    facts,
    form,
    goods,
    line,
)

C, ERROR, WARN = IssueCode, Severity.ERROR, Severity.WARN
INVOICE = "operation/invoice"
TRANSPORT = "operation/transport"
FIRST = f"goods/lines/{line(0)}"
BOX = f"{TRANSPORT}/containers/{line(900)}"
SECOND_BOX = f"{TRANSPORT}/containers/{line(902)}"
LOT = f"operation/manifest/lots/{line(901)}"
DANGEROUS = {
    f"{FIRST}/nature": "DANGEROUS",
    f"{FIRST}/un": "1263",
    f"{FIRST}/danger_class": "3",
    f"{FIRST}/packing_group": "II",
}
BY_AIR = {
    f"{TRANSPORT}/mode": "AIR",
    f"{TRANSPORT}/bill_of_lading": "",
    BOX: "",
    "operation/incoterm": "FCA",
    f"{TRANSPORT}/air_waybill": "147-12345675",
}
TITLE = "operation/title/number"


def days(number: int) -> str:
    return (TODAY + timedelta(days=number)).isoformat()


def found(
    changes: Mapping[str, str], known: Facts | None = None, lines: int = 2, kind: str = "DUM_IMPORT"
) -> list[tuple[str, IssueCode, Severity]]:
    issues = check(form(kind), declaration(lines, changes), known or facts())
    return [(issue.path, issue.code, issue.severity) for issue in issues]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        BY_AIR,
        DANGEROUS,
        {
            f"{FIRST}/preference": "EUR1",
            "documents/origin_certificate": "01J0000000000000000000000D",
        },
        {f"{FIRST}/preference": "NONE"},
        {f"{INVOICE}/date": days(0)},
        {f"{INVOICE}/date": days(-730)},
        {f"{TRANSPORT}/date": days(180)},
        {f"{TRANSPORT}/date": days(-60)},
        {f"{INVOICE}/amount": "200.02"},
        {f"{INVOICE}/amount": "٢٠٠٫٠٠", f"{INVOICE}/date": "٢٠٢٦-١١-٠٢"},
        {f"{FIRST}/hs": "2309.90.90 00", BOX: "csqu 305438-3"},
        {f"{FIRST}/nature": "TEMPERATURE", f"{FIRST}/temperature": "-18.5"},
        {f"{FIRST}/gross": "10", f"{FIRST}/net": "10.000"},
        {"operation/freight/amount": "0"},
    ],
)
def test_a_sound_declaration_has_no_issue(changes: dict[str, str]) -> None:
    assert found(changes) == []


TITLED = msgspec.structs.replace(
    facts(),
    titles={
        "EI-26-000123": TitleFacts(
            expires=date(2026, 11, 21),
            remaining="150.00",
            currency="EUR",
            headings=frozenset({"100199"}),
        )
    },
)
BUSY = msgspec.structs.replace(
    facts(), busy_containers=frozenset({CONTAINER}), taken_lots=frozenset({f"{DS}/7"})
)


@pytest.mark.parametrize(
    ("path", "text", "code", "severity"),
    [
        ("operation/party/name", "", C.REQUIRED, ERROR),
        ("operation/party/name", "  ", C.REQUIRED, ERROR),
        ("operation/party/name", "A", C.TOO_SHORT, ERROR),
        ("operation/party/name", "A" * 71, C.TOO_LONG, ERROR),
        ("operation/party/name", "A" * 100_000, C.TOO_LONG, ERROR),
        ("operation/party/name", "ACME\u202eSA", C.HIDDEN_CHARACTERS, ERROR),
        ("operation/party/name", "ACME\x00SA", C.HIDDEN_CHARACTERS, ERROR),
        ("operation/party/name", "ACME\ud800SA", C.HIDDEN_CHARACTERS, ERROR),
        ("operation/party/country", "Spain", C.NOT_AN_OPTION, ERROR),
        ("operation/party/country", "MA", C.PARTY_AT_HOME, WARN),
        ("operation/operator_ice", "001561191000067", C.ICE_WRONG, ERROR),
        ("operation/operator_ice", OTHER_ICE, C.OTHER_COMPANY, ERROR),
        ("operation/bureau", "30A", C.WRONG_SHAPE, ERROR),
        ("operation/bureau", "401", C.NOT_LISTED, WARN),
        ("operation/regime", "060", C.NOT_LISTED, WARN),
        ("operation/title/exemption", "SAMPLE", C.NOT_ASKED, WARN),
        (f"{INVOICE}/date", days(1), C.TOO_LATE, ERROR),
        (f"{INVOICE}/date", days(-731), C.TOO_EARLY, WARN),
        (f"{INVOICE}/date", "2026-02-30", C.NOT_A_DATE, ERROR),
        (f"{INVOICE}/date", "22/11/2026", C.NOT_A_DATE, ERROR),
        (f"{INVOICE}/amount", "200.001", C.TOO_MANY_DECIMALS, ERROR),
        (f"{INVOICE}/amount", "200.03", C.TOTAL_DIFFERS, ERROR),
        (f"{INVOICE}/amount", "1e9", C.NOT_A_NUMBER, ERROR),
        (f"{INVOICE}/amount", "1,234", C.NOT_A_NUMBER, ERROR),
        (f"{INVOICE}/amount", "NaN", C.NOT_A_NUMBER, ERROR),
        ("operation/freight/amount", "-1", C.NEGATIVE, ERROR),
        ("operation/insurance/amount", "", C.REQUIRED, ERROR),
        (f"{TRANSPORT}/date", days(181), C.TOO_LATE, ERROR),
        (f"{TRANSPORT}/date", days(-61), C.TOO_EARLY, ERROR),
        (f"{TRANSPORT}/bill_of_lading", "", C.REQUIRED, ERROR),
        (f"{TRANSPORT}/bill_of_lading", "B L", C.WRONG_SHAPE, ERROR),
        (BOX, "CSQU3054384", C.CONTAINER_WRONG, ERROR),
        (BOX, "ÉBCU123456", C.CONTAINER_WRONG, ERROR),
        (SECOND_BOX, CONTAINER, C.CONTAINER_TWICE, ERROR),
        (LOT, "", C.REQUIRED, ERROR),
        (f"{FIRST}/hs", "230990", C.TARIFF_CODE_WRONG, ERROR),
        (f"{FIRST}/hs", "9999990000", C.TARIFF_CODE_UNKNOWN, WARN),
        (f"{FIRST}/description", "Aliments", C.TOO_SHORT, ERROR),
        (f"{FIRST}/quantity", "0", C.NOT_POSITIVE, ERROR),
        (f"{FIRST}/packages", "1.5", C.NOT_WHOLE, ERROR),
        (f"{FIRST}/packages", "0", C.NOT_POSITIVE, ERROR),
        (f"{FIRST}/net", "12.501", C.NET_ABOVE_GROSS, ERROR),
        (f"{FIRST}/nature", "DANGEROUS,FRAGILE", C.NOT_AN_OPTION, ERROR),
        ("goods/lines/1/hs", "2309909000", C.UNKNOWN_FIELD, ERROR),
        ("goods/lines/*/hs", "2309909000", C.UNKNOWN_FIELD, ERROR),
        (FIRST, "2309909000", C.UNKNOWN_FIELD, ERROR),
        ("operation/colour", "green", C.UNKNOWN_FIELD, ERROR),
    ],
)
def test_each_broken_rule_is_named_at_its_field(
    path: str, text: str, code: IssueCode, severity: Severity
) -> None:
    named = path if path != LOT else "operation/manifest/lots/*"
    assert (named, code, severity) in found({path: text})


def test_incoterms_by_sea_are_refused_on_the_road_only() -> None:
    by_road = BY_AIR | {f"{TRANSPORT}/mode": "ROAD", f"{TRANSPORT}/air_waybill": ""}
    by_road |= {f"{TRANSPORT}/cmr": "CMR 1", f"{TRANSPORT}/plate": "12345-A-6"}
    assert found(by_road) == []
    refused = found(by_road | {"operation/incoterm": "FOB"})
    assert refused == [("operation/incoterm", C.INCOTERM_BY_SEA, ERROR)]


def test_what_the_incoterm_has_in_its_price_may_not_be_said_again() -> None:
    assert found({"operation/incoterm": "CIF"}) == [
        ("operation/freight/amount", C.FREIGHT_TWICE, ERROR),
        ("operation/freight/currency", C.NOT_ASKED, WARN),
        ("operation/insurance/amount", C.INSURANCE_TWICE, ERROR),
        ("operation/insurance/currency", C.NOT_ASKED, WARN),
    ]
    left_out = {"operation/incoterm": "CFR", "operation/insurance/amount": ""}
    codes = [(path, code) for path, code, severity in found(left_out) if severity is ERROR]
    assert codes == [
        ("operation/freight/amount", C.FREIGHT_TWICE),
        ("operation/insurance/amount", C.REQUIRED),
    ]


def test_without_payment_a_reason_is_asked_instead_of_a_title() -> None:
    free = {"operation/payment": "WITHOUT", "operation/title/kind": "", TITLE: ""}
    assert found(free) == [("operation/title/exemption", C.REQUIRED, ERROR)]
    assert found({**free, "operation/title/exemption": "SAMPLE"}) == []


def test_a_preference_needs_its_proof_of_origin() -> None:
    claimed = found({f"{FIRST}/preference": "EUR1"})
    assert claimed == [("documents/origin_certificate", C.ORIGIN_PROOF_MISSING, ERROR)]


def test_dangerous_goods_need_number_class_and_packing_group() -> None:
    asked = found({f"{FIRST}/nature": "PERISHABLE,DANGEROUS"})
    assert asked == [
        (f"{FIRST}/un", C.REQUIRED, ERROR),
        (f"{FIRST}/danger_class", C.REQUIRED, ERROR),
        (f"{FIRST}/packing_group", C.REQUIRED, ERROR),
    ]
    assert (f"{FIRST}/un", C.WRONG_SHAPE, ERROR) in found(DANGEROUS | {f"{FIRST}/un": "12A3"})


def test_an_air_waybill_has_a_check_digit() -> None:
    wrong = found(BY_AIR | {f"{TRANSPORT}/air_waybill": "147-12345676"})
    assert wrong == [(f"{TRANSPORT}/air_waybill", C.AIR_WAYBILL_WRONG, ERROR)]


def test_a_title_covers_what_it_covers() -> None:
    assert set(found({}, TITLED)) == {
        (TITLE, C.TITLE_EXPIRED, ERROR),
        (f"{INVOICE}/amount", C.TITLE_EXCEEDED, ERROR),
        (f"{FIRST}/hs", C.NOT_IN_TITLE, ERROR),
        (f"goods/lines/{line(1)}/hs", C.NOT_IN_TITLE, ERROR),
    }
    dollars = found({f"{INVOICE}/currency": "USD"}, TITLED)
    assert (f"{INVOICE}/currency", C.TITLE_OTHER_CURRENCY, ERROR) in dollars


def test_what_other_live_files_have_is_said() -> None:
    assert found({}, BUSY) == [
        (BOX, C.CONTAINER_BUSY, WARN),
        (LOT, C.LOT_TAKEN, ERROR),
    ]


def test_with_the_whole_tariff_an_unknown_code_is_an_error() -> None:
    whole = msgspec.structs.replace(facts(), whole_tariff=True)
    unknown = found({f"{FIRST}/hs": "9999990000"}, whole)
    assert unknown == [(f"{FIRST}/hs", C.TARIFF_CODE_UNKNOWN, ERROR)]


@pytest.mark.parametrize(
    ("currency", "amount", "wrong"),
    [("JPY", "200.5", True), ("JPY", "200", False), ("TND", "200.005", False)],
)
def test_amounts_have_the_decimals_of_their_currency(
    currency: str, amount: str, wrong: bool
) -> None:
    issues = found({f"{INVOICE}/currency": currency, f"{INVOICE}/amount": amount})
    assert ((f"{INVOICE}/amount", C.TOO_MANY_DECIMALS, ERROR) in issues) is wrong


def test_there_is_at_least_one_line_and_at_most_fifty() -> None:
    assert found({}, lines=0) == [
        (f"{INVOICE}/amount", C.NOT_POSITIVE, ERROR),
        ("goods/lines/*", C.REQUIRED, ERROR),
    ]
    assert found({}, lines=50) == []
    assert found({}, lines=51) == [("goods/lines/*", C.TOO_MANY, ERROR)]


def test_a_dum_number_is_checked_and_its_letter_only_doubted() -> None:
    def said(dum: str) -> list[tuple[IssueCode, Severity]]:
        issues = check(form("ONSSA_IMPORT"), {"operation/dum": dum}, facts())
        return [(i.code, i.severity) for i in issues if i.path == "operation/dum"]

    assert said("309 010 2017 0011622 Y") == []
    assert said("309 010 2017 0011622 Z") == [(C.DUM_KEY_DOUBTFUL, WARN)]
    assert said("309 010 2017") == [(C.DUM_WRONG, ERROR)]


def test_lines_are_counted_in_the_order_in_which_they_were_begun() -> None:
    values = declaration(3, {f"goods/lines/{line(2)}/net": "99"})
    issue = check(form(), values, facts())[0]
    assert (issue.arguments, issue.label) == ({"line": "3"}, form().label_of(issue.path))


def test_only_errors_keep_it_from_being_sent() -> None:
    issues = check(
        form(), declaration(1, {"operation/bureau": "401", f"{FIRST}/net": "0"}), facts()
    )
    assert (len(issues), blocking(issues)) == (2, 1)


EVERYTHING_WRONG = {
    "operation/operator_ice": OTHER_ICE,
    "operation/broker_ice": "1",
    "operation/bureau": "401",
    "operation/regime": "1",
    "operation/party/name": "",
    "operation/party/country": "MA",
    "operation/title/kind": "XX",
    "operation/title/exemption": "GIFT",
    f"{INVOICE}/number": "9" * 36,
    f"{INVOICE}/date": days(-731),
    f"{INVOICE}/amount": "500.001",
    "operation/incoterm": "CIF",
    "operation/incoterm_place": "V",
    f"{TRANSPORT}/mode": "ROAD",
    f"{TRANSPORT}/plate": "12\u202e34",
    BOX: CONTAINER,
    SECOND_BOX: CONTAINER,
    f"{TRANSPORT}/containers/{line(903)}": "CSQU3054384",
    f"{TRANSPORT}/date": days(181),
    f"{FIRST}/hs": "2309",
    f"{FIRST}/quantity": "-1",
    f"{FIRST}/gross": "heavy",
    f"{FIRST}/packages": "1.5",
    f"{FIRST}/preference": "EUR1",
    f"goods/lines/{line(1)}/hs": "9999990000",
    f"goods/lines/{line(1)}/net": "13",
    f"goods/lines/{line(2)}/nature": "TEMPERATURE",
    f"goods/lines/{line(2)}/temperature": "cold",
    "operation/colour": "green",
    **{path: text for n in range(3, 51) for path, text in goods(n).items()},
}
#: Said of other means of transport, other kinds, dates that are none, or instead of another finding.
ELSEWHERE = {C.AIR_WAYBILL_WRONG, C.DUM_WRONG, C.DUM_KEY_DOUBTFUL, C.NOT_A_DATE, C.NEGATIVE}
ELSEWHERE |= {C.TITLE_OTHER_CURRENCY}


def test_a_declaration_with_every_rule_broken_names_them_all_at_once() -> None:
    known = msgspec.structs.replace(
        TITLED, busy_containers=frozenset({CONTAINER}), taken_lots=frozenset({f"{DS}/7"})
    )
    issues = check(form(), declaration(3, EVERYTHING_WRONG), known)
    assert {issue.code for issue in issues} == set(IssueCode) - ELSEWHERE


def test_nothing_is_answered_is_an_error_for_each_question_and_no_more() -> None:
    issues = check(form(), {}, facts())
    assert {issue.code for issue in issues} == {C.REQUIRED}
    assert "operation/transport/bill_of_lading" not in {issue.path for issue in issues}
