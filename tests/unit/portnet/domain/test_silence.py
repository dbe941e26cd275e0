"""When an agency has been silent for too long."""

from datetime import datetime, timedelta

from portnet.domain.authoring.authored import Fault, read_toml
from portnet.domain.authoring.catalogue_lists import read_agencies
from portnet.domain.business_hours import CASABLANCA, Span
from portnet.domain.catalogue import SILENT_AFTER, Agency
from portnet.domain.localised import Localised
from portnet.domain.silence import silent, silent_since

ONSSA = Agency(
    code="ONSSA",
    source="ONSSA",
    label=Localised(fr="ONSSA", ar="أونسا", en="ONSSA"),
    short=Localised(fr="ONSSA", ar="أونسا", en="ONSSA"),
)
THURSDAY = datetime(2026, 11, 19, 10, tzinfo=CASABLANCA)
MINUTE = timedelta(minutes=1)


def test_an_agency_is_silent_after_three_working_days() -> None:
    tuesday = datetime(2026, 11, 24, 10, tzinfo=CASABLANCA)
    assert not silent(ONSSA, THURSDAY, tuesday)
    assert silent_since(ONSSA, THURSDAY, tuesday) is None
    assert silent(ONSSA, THURSDAY, tuesday + MINUTE)
    assert silent_since(ONSSA, THURSDAY, tuesday + MINUTE) == THURSDAY


def test_an_agency_may_be_expected_more_often() -> None:
    hourly = Agency(
        code="TERMINAL",
        source="TERMINAL",
        label=ONSSA.label,
        short=ONSSA.short,
        silent_after=Span(seconds=3600),
    )
    assert silent_since(hourly, THURSDAY, THURSDAY + timedelta(hours=2)) == THURSDAY


def test_who_never_spoke_is_silent_but_not_since_any_message() -> None:
    assert silent(ONSSA, None, THURSDAY)
    assert silent_since(ONSSA, None, THURSDAY) is None


def test_an_agencys_file_may_say_how_long_it_may_be_silent() -> None:
    faults: list[Fault] = []
    text = """
    [agencies.TERMINAL]
    source = "TERMINAL"
    silent_after = "2h"
    [agencies.ONSSA]
    source = "ONSSA"
    [agencies.BANK]
    source = "BANK"
    silent_after = "soon"
    """
    agencies, _ = read_agencies(read_toml(text, faults), faults)
    assert agencies["TERMINAL"].silent_after == Span(seconds=7200)
    assert agencies["ONSSA"].silent_after == agencies["BANK"].silent_after == SILENT_AFTER
    assert [fault.place for fault in faults] == ["agencies.BANK.silent_after"]
