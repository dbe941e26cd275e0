"""A CSV file is taken whole, or every line that is wrong is named with its column and reason."""

import pytest

from portnet.catalogue import load_catalogue
from portnet.domain.reference.reference_table import (
    FaultyTable,
    KnownCodes,
    Table,
    columns,
    read_table,
)
from portnet.reference import load_shipped
from portnet_notifications.catalogue import ALERTS

KNOWN = KnownCodes(
    places=frozenset({"MACAS"}), agencies=frozenset({"ADII"}), headings=frozenset({"07"})
)
BANKS = "code,fr,ar,en,source,verified\n"
GOOD = "AWB,Attijariwafa,التجاري,Attijariwafa,public,false\n"
OFFICES = "code,agency,place,bureau,phone,hours,ramadan_hours,fr,ar,en,source,verified\n"


def faults(table: Table, text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(FaultyTable) as refused:
        read_table(table, data, KNOWN)
    return [str(fault) for fault in refused.value.faults]


def test_a_good_file_is_its_rows() -> None:
    [row] = read_table(Table.BANKS, (BANKS + GOOD).encode(), KNOWN)
    assert row.code == "AWB"
    assert row.cells["ar"] == "التجاري"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + BANKS + GOOD,
        (BANKS + GOOD).replace(",", ";"),
        (BANKS + GOOD).replace(",", "\t"),
        (BANKS + GOOD).replace("\n", "\r\n"),
        BANKS.upper() + "\n" + GOOD + "\n\n",
        "verified,code,fr,ar,en,source\nfalse,AWB,Attijariwafa,التجاري,Attijariwafa,public\n",
    ],
    ids=["byte order mark", "semicolons", "tabs", "CRLF", "capitals, empty lines", "other order"],
)
def test_what_spreadsheets_write_is_read(text: str) -> None:
    [row] = read_table(Table.BANKS, text.encode(), KNOWN)
    assert (row.code, row.cells["source"]) == ("AWB", "public")


def test_another_charset_is_named_with_its_line() -> None:
    text = (BANKS + GOOD).encode() + "CDM,Crédit du Maroc,x,x,x,false\n".encode("cp1252")
    assert faults(Table.BANKS, text) == ["line 3: not UTF-8; save the file as CSV UTF-8"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,fr,ar,en,source\n", "missing verified"),
        ("code,fr,ar,en,source,verified,phone\n", "unknown phone"),
        ("code,code,fr,ar,en,source,verified\n", "stands twice"),
        ("", "missing code"),
        ("<!doctype html>", "missing code"),
        ("code\0,fr", "U+0000"),
        (BANKS, "no row"),
        (BANKS + 'AWB,"Attijari', "not CSV"),
    ],
)
def test_what_is_not_this_table_is_refused_in_a_line(text: str, said: str) -> None:
    [fault] = faults(Table.BANKS, text)
    assert said in fault


def test_every_bad_line_is_named_not_only_the_first() -> None:
    said = faults(
        Table.BANKS,
        BANKS + "awb,A,ا,A,s,false\n" + "CDM,,ا,A,s,maybe\n" + GOOD + GOOD + "CIH,A,A,A,s\n",
    )
    assert said == [
        "line 2, code: is 2 to 11 capitals and digits",
        "line 3, fr: is empty",
        "line 3, verified: is true or false",
        "line 5, code: AWB stands in line 4 already",
        "line 6: 5 cells, expected 6",
    ]


@pytest.mark.parametrize(
    ("code", "said"),
    [("0702", None), ("070200", "0702 is not known"), ("7", "2, 4, 6 digits"), ("0702.00", "digits")],
)  # fmt: skip
def test_a_tariff_heading_hangs_on_the_one_above(code: str, said: str | None) -> None:
    text = f"{BANKS}{code},Tomates,طماطم,Tomatoes,WCO,false\n"
    if said is None:
        assert len(read_table(Table.HEADINGS, text.encode(), KNOWN)) == 1
    else:
        [fault] = faults(Table.HEADINGS, text)
        assert said in fault


def test_a_heading_may_come_with_its_chapter_in_one_file() -> None:
    text = BANKS + "84,M,آلات,M,WCO,false\n8479,M,آلات,M,WCO,false\n"
    assert len(read_table(Table.HEADINGS, text.encode(), KNOWN)) == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("X-1,ADIL,MACAS,309,,Mon 08:00-16:00,,A,ا,A,s,true", "agency: ADIL is not known"),
        ("X-1,ADII,MAXXX,309,,Mon 08:00-16:00,,A,ا,A,s,true", "place: MAXXX is not known"),
        ("X-1,ADII,MACAS,30,,Mon 08:00-16:00,,A,ا,A,s,true", "bureau: has three digits"),
        ("X-1,ADII,MACAS,309,0522,Mon 08:00-16:00,,A,ا,A,s,true", "phone: is E.164"),
        ("X-1,ADII,MACAS,309,,Mon 16:00-08:00,,A,ا,A,s,true", "hours: 'Mon 16:00-08:00' closes"),
        ("X-1,ADII,MACAS,309,,always,,A,ا,A,s,true", "hours: 'always' is no opening"),
        ("X-1,ADII,MACAS,309,,Mon 08:00-16:00,x,A,ا,A,s,true", "ramadan_hours: 'x' is no opening"),
        ("X-1,ADII,MACAS,309,,Mon 08:00-16:00,,A,A,A,s,true", "ar: holds no Arabic letter"),
    ],
)
def test_an_office_must_be_somebodys_somewhere_at_some_time(row: str, said: str) -> None:
    [fault] = faults(Table.OFFICES, f"{OFFICES}{row}\n")
    assert said in fault


def test_the_shipped_tables_are_good_and_name_their_sources() -> None:
    shipped = load_shipped(load_catalogue(frozenset(ALERTS)).agencies)
    assert set(shipped) == set(Table)
    for table, rows in shipped.items():
        assert {"source", "verified"} <= set(columns(table))
        assert all(row.cells["source"] for row in rows)


def test_no_shipped_office_has_a_phone_number_that_nobody_published() -> None:
    shipped = load_shipped(load_catalogue(frozenset(ALERTS)).agencies)
    assert [row.code for row in shipped[Table.OFFICES] if row.cells["phone"]] == []
