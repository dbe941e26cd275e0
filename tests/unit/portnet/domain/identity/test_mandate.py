"""What a broker may do, by its mandates and the hour."""

from datetime import datetime, timedelta

import msgspec
import pytest

from portnet.domain.access import Mandate, Role
from portnet.domain.catalogue import Status
from portnet.domain.dossier import Dossier, WhatNow
from portnet.domain.identity.mandate import (
    Lapse,
    NoMandate,
    as_held,
    clients_of,
    may_act,
    may_begin,
    state_of,
    working_on,
)
from portnet.domain.submission import NotDone, Person
from tests.support.clock import NOON

DAY = timedelta(days=1)
CODE = "DUM_IMPORT"
MANDATE = Mandate(
    id="m", company="owner", broker="broker", starts_at=NOON - 60 * DAY, ends_at=NOON + 60 * DAY
)
DOSSIER = Dossier(
    id="d", company="owner", broker="broker", reference="r", direction="IMPORT", phase="CLEARANCE",
    status=Status.ACTION_REQUIRED, sandbox=False, opened_at=NOON, updated_at=NOON, broker_since=NOON,
    what_now=WhatNow(
        procedure="p", code=CODE, definition=1, state="VISIT_SET", action="ATTEND", holder="BROKER",
        since=NOON,
    ),
)  # fmt: skip
EXPIRED = msgspec.structs.replace(MANDATE, ends_at=NOON + DAY)
REVOKED = msgspec.structs.replace(MANDATE, revoked_at=NOON + DAY)
LATER = NOON + 2 * DAY


def given(**changes: object) -> Mandate:
    return msgspec.structs.replace(MANDATE, **changes)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "ACTIVE"),
        ({"ends_at": None}, "ACTIVE"),
        ({"ends_at": NOON + 30 * DAY}, "ENDING"),
        ({"ends_at": NOON + 30 * DAY + timedelta(microseconds=1)}, "ACTIVE"),
        ({"starts_at": NOON + DAY}, "OFFERED"),
        ({"ends_at": NOON}, "EXPIRED"),
        ({"revoked_at": NOON}, "REVOKED"),
        ({"revoked_at": NOON, "ends_at": NOON - DAY}, "REVOKED"),
        ({"revoked_at": NOON + DAY}, "ACTIVE"),
    ],
)
def test_a_mandates_state_is_read_off_the_clock(changes: dict[str, datetime], state: str) -> None:
    mandate = given(**changes)
    assert state_of(mandate, NOON) == state
    assert (state in {"ACTIVE", "ENDING"}) == mandate.covers(NOON)


def acting(*mandates: Mandate, dossier: Dossier = DOSSIER) -> NoMandate | NotDone | None:
    return may_act(dossier, CODE, "broker", mandates, LATER)


DONE = msgspec.structs.replace(DOSSIER, status=Status.DONE)
NAMED_LATE = msgspec.structs.replace(DOSSIER, broker_since=NOON + DAY)
GONE = NoMandate(lapse=Lapse.MANDATE_EXPIRED, since=NOON + DAY)
TAKEN = NoMandate(lapse=Lapse.MANDATE_REVOKED, since=NOON + DAY)


def test_a_broker_acts_while_a_mandate_is_in_force() -> None:
    assert acting(MANDATE) is None
    assert acting(EXPIRED, MANDATE) is None
    assert acting(REVOKED, MANDATE) is None


def test_once_it_has_expired_the_broker_acts_until_the_file_is_final() -> None:
    assert acting(EXPIRED) is None
    assert acting(EXPIRED, dossier=DONE) == GONE
    assert acting(EXPIRED, dossier=NAMED_LATE) is NotDone.NOT_FOUND


def test_once_it_was_revoked_the_broker_reads_and_knows_since_when() -> None:
    assert acting(REVOKED) == acting(REVOKED, dossier=DONE) == TAKEN
    assert acting(REVOKED, dossier=NAMED_LATE) is NotDone.NOT_FOUND


def test_taking_a_mandate_back_ends_what_an_older_one_had_left() -> None:
    newer = given(id="newer", starts_at=NOON + DAY, revoked_at=NOON + DAY + DAY / 2)
    assert acting(EXPIRED, newer) == NoMandate(
        lapse=Lapse.MANDATE_REVOKED, since=NOON + DAY + DAY / 2
    )


def test_an_offer_that_was_taken_back_before_it_began_ends_nothing() -> None:
    offer = given(id="offer", starts_at=NOON + 9 * DAY, revoked_at=NOON + DAY + DAY / 2)
    assert acting(EXPIRED, offer) is None
    assert acting(offer) is NotDone.NOT_FOUND


def test_who_never_had_a_mandate_finds_no_file() -> None:
    assert acting() is NotDone.NOT_FOUND
    assert acting(given(broker="rival")) is NotDone.NOT_FOUND
    assert may_act(DOSSIER, CODE, "rival", [MANDATE], NOON) is NotDone.NOT_FOUND
    assert may_act(DOSSIER, CODE, "owner", [], NOON) is None


def test_a_mandate_may_be_for_some_procedures_only() -> None:
    other, own = given(kinds=("EXP_TITLE",)), given(id="own", kinds=("EXP_TITLE", CODE))
    outside = NoMandate(lapse=Lapse.MANDATE_SCOPE, since=MANDATE.starts_at)
    assert acting(other) == outside
    assert acting(other, own) is None
    assert may_begin("owner", CODE, "broker", [other], NOON) == outside
    assert may_begin("owner", CODE, "broker", [other, own], NOON) is None


@pytest.mark.parametrize(
    ("mandates", "refusal"),
    [
        ([MANDATE], None),
        ([EXPIRED], GONE),
        ([REVOKED], TAKEN),
        ([EXPIRED, given(id="old", revoked_at=NOON)], GONE),
        ([given(ends_at=NOON, revoked_at=NOON + DAY)], NoMandate(lapse=Lapse.MANDATE_EXPIRED, since=NOON)),
        ([], NotDone.NOT_FOUND),
        ([given(starts_at=LATER + DAY)], NotDone.NOT_FOUND),
        ([given(broker="rival")], NotDone.NOT_FOUND),
    ],
)  # fmt: skip
def test_nothing_is_begun_without_a_mandate_in_force(
    mandates: list[Mandate], refusal: NoMandate | NotDone | None
) -> None:
    assert may_begin("owner", CODE, "broker", mandates, LATER) == refusal
    assert may_begin("owner", CODE, "owner", mandates, LATER) is None


def test_what_waits_for_a_broker_who_may_not_act_waits_for_the_declarant() -> None:
    def holder(*mandates: Mandate, dossier: Dossier = DOSSIER) -> str | None:
        return as_held(dossier, mandates, LATER).what_now.holder

    assert holder(MANDATE) == holder(EXPIRED) == "BROKER"
    assert holder(REVOKED) == holder() == "DECLARANT"
    assert holder(dossier=msgspec.structs.replace(DOSSIER, broker=None)) == "DECLARANT"
    customs = msgspec.structs.replace(DOSSIER.what_now, holder="ADII")
    assert holder(dossier=msgspec.structs.replace(DOSSIER, what_now=customs)) == "ADII"


def test_phones_keep_the_files_of_those_whose_mandate_was_not_taken_back() -> None:
    revoked = given(id="x", company="gone", revoked_at=NOON)
    others = [revoked, given(id="y", company="rivals", broker="rival")]
    assert clients_of("broker", [EXPIRED, *others], LATER) == {"owner"}
    assert clients_of("broker", [REVOKED], LATER) == frozenset()
    assert clients_of("broker", [given(starts_at=LATER + DAY)], LATER) == frozenset()


def test_a_brokers_people_are_declarants_there_and_decide_nothing() -> None:
    roles = frozenset({Role.DECLARANT, Role.MANAGER, Role.FINANCE})
    theirs = Person(user="u", company="broker", roles=roles, alone=True)
    seen = working_on(DOSSIER, theirs)
    assert (seen.roles, seen.alone, seen.company) == (frozenset({Role.DECLARANT}), False, "owner")
    own = Person(user="u", company="owner", roles=roles, alone=True)
    assert working_on(DOSSIER, own) is own
