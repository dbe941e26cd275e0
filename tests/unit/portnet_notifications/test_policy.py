"""Whom a change is told to, how urgently, through what; and the rows that come of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.catalogue import load_catalogue
from portnet.domain.access import Mandate, Role
from portnet.domain.agency import AgencyEvent, Place, Reference
from portnet.domain.alerts import Alert, AlertFacts, Channel, DeliveryState, Device, Recipient
from portnet.domain.catalogue import CLOCK
from portnet.domain.procedure import Entry, EntryKind, Procedure
from portnet.ports.alerts import AlertPlanner, MandatePlanner, Occasion, Planned
from portnet_notifications.catalogue import ALERTS
from portnet_notifications.planner import Planner
from portnet_notifications.policy import SAY_WHEN_IT_HAPPENED, raised_level, tell
from tests.support.outbox import NOW, a_device, a_dossier, a_user, an_alert

CATALOGUE = load_catalogue(frozenset(ALERTS))
HAPPENED = NOW - timedelta(minutes=3)
DEADLINE = NOW + timedelta(days=2)


def an_occasion(
    kind: str,
    *,
    perishable: bool = False,
    broker: str | None = None,
    source: str = "BADR",
    due_at: datetime | None = DEADLINE,
    place: Place | None = None,
) -> Occasion:
    message = AgencyEvent(
        receipt="receipt",
        source=source,
        event_id="1",
        code="DUM_IMPORT",
        event="agency_hold",
        occurred_at=HAPPENED,
        received_at=NOW,
        refs=(Reference(scheme="DUM", value="30901020260018538G"),),
        due_at=due_at,
        place=place,
    )
    return Occasion(
        kind=kind,
        dossier=a_dossier(perishable=perishable, broker=broker),
        procedure=Procedure(
            id="dum",
            dossier="dossier",
            code="DUM_IMPORT",
            definition=1,
            identity="30901020260018538G",
            state="AGENCY_HOLD",
            entered_at=HAPPENED,
            opened_at=HAPPENED,
            updated_at=NOW,
            place=Place(bureau="309"),
        ),
        entry=Entry(
            id="entry",
            procedure="dum",
            dossier="dossier",
            message=message,
            kind=EntryKind.APPLIED,
            alert=kind,
        ),
        broker=broker,
        container="CSQU3054383",
    )


def numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


def someone(
    id: str,
    *roles: Role,
    company: str = "importer",
    phone: str | None = "+212600000001",
    devices: tuple[Device, ...] | None = None,
    active: bool = True,
) -> Recipient:
    user = a_user(id, company, roles=roles, phone=phone, active=active)
    return Recipient(user=user, devices=(a_device(f"{id}-1", id),) if devices is None else devices)


def planned(occasion: Occasion, *people: Recipient) -> list[Planned]:
    planner: AlertPlanner = Planner(CATALOGUE)
    return list(planner.plan(occasion, people, NOW, numbered()))


def channels(planned: Planned) -> list[Channel]:
    return [delivery.channel for delivery in planned.deliveries]


DECLARANT = someone("amina", Role.DECLARANT)
MANAGER = someone("brahim", Role.MANAGER)
FINANCE = someone("chafik", Role.FINANCE)
LOGISTICS = someone("dounia", Role.LOGISTICS)
ADMINISTRATOR = someone("elias", Role.ADMINISTRATOR)
BROKER = someone("farid", Role.DECLARANT, company="broker")
EVERYBODY = (DECLARANT, MANAGER, FINANCE, LOGISTICS, ADMINISTRATOR, BROKER)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("A01", {"amina": 2, "farid": 2}),
        ("A02", {"amina": 3, "farid": 3}),
        ("A08", {"amina": 2, "chafik": 2}),
        ("A09", {"chafik": 4, "brahim": 4, "amina": 2}),
        ("A12", {"amina": 4, "farid": 4, "dounia": 4, "brahim": 4}),
        ("A16", {"amina": 4, "farid": 4, "brahim": 4, "elias": 4}),
        ("A34", {"amina": 3, "farid": 3, "dounia": 3}),
    ],
)
def test_those_whom_it_concerns_are_told(kind: str, told: dict[str, int]) -> None:
    found = planned(an_occasion(kind, broker="broker"), *EVERYBODY)
    assert {p.alert.user: p.alert.level for p in found} == told


def correcting(*told: Alert, broker: str | None = "broker") -> Occasion:
    return msgspec.structs.replace(an_occasion("A27", broker=broker), told=told)


def test_a_correction_goes_to_exactly_those_who_had_been_told() -> None:
    found = planned(correcting(an_alert("1", "chafik"), an_alert("2", "farid")), *EVERYBODY)
    assert {p.alert.user: p.alert.level for p in found} == {"chafik": 3, "farid": 3}
    assert planned(correcting(), *EVERYBODY) == []


def test_a_correction_takes_the_place_of_the_newest_alert_that_it_undoes() -> None:
    older = an_alert("1", "amina", kind="A10")
    newer = msgspec.structs.replace(
        an_alert("2", "amina", kind="A34"), raised_at=older.raised_at + timedelta(minutes=1)
    )
    (found,) = planned(correcting(newer, older), *EVERYBODY)
    assert (found.alert.kind, found.alert.replaces) == ("A27", "2")
    assert found.alert.collapse_key == newer.collapse_key == "dossier:A34"


@pytest.mark.parametrize(
    ("level", "expected"),
    [(2, [Channel.PUSH]), (3, [Channel.PUSH]), (4, [Channel.PUSH, Channel.SMS])],
)
def test_the_level_says_the_channels(level: int, expected: list[Channel]) -> None:
    kind = {2: "A13", 3: "A02", 4: "A14"}[level]
    (found,) = planned(an_occasion(kind), DECLARANT)
    assert (found.alert.level, channels(found)) == (level, expected)


@pytest.mark.parametrize(
    ("kind", "calm", "perishable"),
    [("A13", 2, 3), ("A02", 3, 4), ("A14", 4, 4), ("A01", 2, 3), ("A15", 3, 3), ("A34", 3, 3)],
)
def test_goods_that_spoil_raise_the_level_but_good_news_wakes_nobody(
    kind: str, calm: int, perishable: int
) -> None:
    for spoils, level in ((False, calm), (True, perishable)):
        (found,) = planned(an_occasion(kind, perishable=spoils), DECLARANT)
        assert found.alert.level == level


def test_each_live_device_gets_a_push_and_the_phone_one_sms() -> None:
    devices = (a_device("old", dead=True), a_device("work"), a_device("own"))
    amina = someone("amina", Role.DECLARANT, devices=devices)
    (found,) = planned(an_occasion("A14"), amina)
    sent = [(d.channel, d.address, d.label, d.locale, d.device) for d in found.deliveries]
    assert sent == [
        (Channel.PUSH, "token-work", "work", "ar", "work"),
        (Channel.PUSH, "token-own", "own", "ar", "own"),
        (Channel.SMS, "+212600000001", "•••• 0001", "fr", None),
    ]


def test_who_has_neither_device_nor_phone_is_told_in_the_app() -> None:
    (found,) = planned(an_occasion("A14"), someone("amina", Role.DECLARANT, phone=None, devices=()))
    assert (found.alert.level, found.deliveries) == (4, ())


def test_a_brokerage_without_a_mandate_hears_nothing() -> None:
    told = (an_alert("1", "amina"), an_alert("2", "farid"))
    for occasion in (an_occasion("A12", broker=None), correcting(*told, broker=None)):
        found = planned(occasion, DECLARANT, BROKER)
        assert [p.alert.user for p in found] == ["amina"]


def test_when_nobody_has_the_role_everybody_of_the_owner_is_told() -> None:
    found = planned(an_occasion("A20", broker="broker"), DECLARANT, LOGISTICS, BROKER)
    assert [p.alert.user for p in found] == ["amina", "dounia"]


def test_an_alert_is_planned_as_rows_that_are_due_at_once() -> None:
    (found,) = planned(an_occasion("A14"), DECLARANT)
    alert, (push, sms) = found.alert, found.deliveries
    assert (alert.id, push.id, sms.id) == ("id-1", "id-2", "id-3")
    assert (alert.chain, alert.collapse_key) == ("entry:A14", "dossier:A14")
    assert (alert.dossier, alert.procedure, alert.entry) == ("dossier", "dum", "entry")
    assert (alert.raised_at, alert.expires_at) == (NOW, NOW + timedelta(hours=24))
    for delivery in found.deliveries:
        assert (delivery.alert, delivery.user) == (alert.id, "amina")
        assert (delivery.due_at, delivery.expires_at) == (NOW, alert.expires_at)
        assert (delivery.state, delivery.fence) == (DeliveryState.QUEUED, 0)


def test_an_alert_that_is_not_critical_is_over_after_half_a_day() -> None:
    (found,) = planned(an_occasion("A02"), DECLARANT)
    assert found.alert.expires_at == NOW + timedelta(hours=12)


def test_all_who_are_told_share_a_chain() -> None:
    found = planned(an_occasion("A12", broker="broker"), *EVERYBODY)
    assert {p.alert.chain for p in found} == {"entry:A12"}


def test_the_facts_are_those_after_the_fold() -> None:
    (found,) = planned(an_occasion("A12", place=Place(unlocode="MACAS", bureau="309")), DECLARANT)
    assert found.alert.facts == AlertFacts(
        reference="309-0018538G",
        code="DUM_IMPORT",
        definition=1,
        state="AGENCY_HOLD",
        agency="ADII",
        at=DEADLINE,
        container="CSQU3054383",
        place="MACAS",
    )


@pytest.mark.parametrize(
    ("kind", "due_at", "said"),
    [
        ("A11", DEADLINE, HAPPENED),
        ("A26", None, HAPPENED),
        ("A42", None, HAPPENED),
        ("A13", DEADLINE, DEADLINE),
        ("A06", None, None),
    ],
)
def test_the_time_is_when_it_happened_or_the_deadline(
    kind: str, due_at: datetime | None, said: datetime | None
) -> None:
    (found,) = planned(an_occasion(kind, due_at=due_at), someone("x", *Role))
    assert found.alert.facts.at == said


def test_alerts_that_say_when_it_happened_are_in_the_catalogue() -> None:
    assert set(ALERTS) >= SAY_WHEN_IT_HAPPENED


def test_a_place_that_a_message_leaves_out_is_the_procedure_s() -> None:
    (found,) = planned(an_occasion("A12"), DECLARANT)
    assert found.alert.facts.place == "309"


def test_a_source_that_is_no_agency_is_left_out() -> None:
    (found,) = planned(an_occasion("A12", source="NOBODY"), DECLARANT)
    assert found.alert.facts.agency is None


@st.composite
def somebody(draw: st.DrawFn) -> Recipient:
    return someone(
        draw(st.text("abcdef", min_size=1, max_size=3)),
        *sorted(draw(st.frozensets(st.sampled_from(Role)))),
        company=draw(st.sampled_from(["importer", "broker", "stranger"])),
        phone=draw(st.sampled_from([None, "+212600000001"])),
        active=draw(st.booleans()),
    )


PEOPLE = st.lists(somebody(), unique_by=lambda person: person.user.id, max_size=6)
# A correction goes to those who had been told, not by role.
KINDS = st.sampled_from(sorted(set(ALERTS) - {"A27"}))
BROKERS = st.sampled_from([None, "broker"])


@given(kind=KINDS, people=PEOPLE, broker=BROKERS, perishable=st.booleans())
def test_nobody_is_told_twice_nor_who_may_not_hear(
    kind: str, people: list[Recipient], broker: str | None, perishable: bool
) -> None:
    found = planned(an_occasion(kind, broker=broker, perishable=perishable), *people)
    told = [p.alert.user for p in found]
    heard = {p.user.id for p in people if p.user.active and p.user.company in {"importer", broker}}
    assert len(set(told)) == len(told)
    assert set(told) <= heard
    for one in found:
        addresses = [delivery.address for delivery in one.deliveries]
        assert len(set(addresses)) == len(addresses)


@given(kind=KINDS, people=PEOPLE, broker=BROKERS, perishable=st.booleans())
def test_an_active_company_is_never_left_in_the_dark(
    kind: str, people: list[Recipient], broker: str | None, perishable: bool
) -> None:
    found = planned(an_occasion(kind, broker=broker, perishable=perishable), *people)
    own = [p for p in people if p.user.active and p.user.company == "importer"]
    assert found or not own


@given(kind=KINDS, lower=st.integers(1, 4), higher=st.integers(1, 4), perishable=st.booleans())
def test_the_level_never_falls_where_the_catalogue_rises(
    kind: str, lower: int, higher: int, perishable: bool
) -> None:
    lower, higher = sorted((lower, higher))
    alert = ALERTS[kind]
    below, above = (raised_level(n, alert, perishable=perishable) for n in (lower, higher))
    assert 1 <= below <= above <= (3 if alert.good_news else 4)
    assert raised_level(lower, alert, perishable=False) <= below


@given(kind=KINDS, people=PEOPLE, perishable=st.booleans())
def test_a_higher_level_reaches_at_least_the_same_addresses(
    kind: str, people: list[Recipient], perishable: bool
) -> None:
    calm, spoils = (
        {told.user: told for told in tell(an_occasion(kind, perishable=worse), people)}
        for worse in (False, True)
    )
    assert calm.keys() == spoils.keys()
    for user, told in calm.items():
        assert told.level <= spoils[user].level
        assert set(map(msgspec.json.encode, told.addresses)) <= set(
            map(msgspec.json.encode, spoils[user].addresses)
        )


@pytest.mark.parametrize(
    ("state", "agency"), [("AGENCY_HOLD", "ADII"), ("LIQUIDATED", "ADII"), ("EXITED", "ADII")]
)
def test_what_our_clock_says_names_who_holds_the_file_or_whose_it_is(
    state: str, agency: str
) -> None:
    occasion = an_occasion("A23", source=CLOCK)
    standing = msgspec.structs.replace(occasion.procedure, state=state)
    (found, *_) = planned(msgspec.structs.replace(occasion, procedure=standing), MANAGER)
    assert found.alert.facts.agency == agency


def test_the_end_of_a_mandate_is_told_to_both_companies_and_names_nobody() -> None:
    ends_at = NOW + timedelta(days=7)
    mandate = Mandate(
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        company="importer",
        broker="broker",
        starts_at=NOW,
        ends_at=ends_at,
    )
    planner: MandatePlanner = Planner(CATALOGUE)
    told = planner.mandate_ends("A38", mandate, "7d", EVERYBODY, NOW, numbered())
    assert [(p.alert.user, p.alert.level) for p in told] == [("elias", 2), ("farid", 2)]
    assert {p.alert.facts for p in told} == {AlertFacts(reference="M-9G5FAV", at=ends_at)}
    assert {p.alert.chain for p in told} == {f"{mandate.id}:A38:7d"}
    assert {p.alert.dossier for p in told} == {None}
    assert [channels(p) for p in told] == [[Channel.PUSH], [Channel.PUSH]]
