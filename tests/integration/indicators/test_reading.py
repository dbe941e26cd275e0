"""Who reads which figures: a company its own, a broker its clients' under mandates, everybody the whole."""

from datetime import date, timedelta

import msgspec
import pytest

from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.feedback import LONGEST_TEXT
from portnet.services.indicators.expecting import LEAST_STEPS, Expectations
from portnet.services.indicators.feedback import FeedbackBox, FeedbackRefusal
from portnet.services.indicators.reading import MOST_MONTHS, SMALLEST_GROUP, Question
from portnet.storage.repositories.indicator import IndicatorRepository
from tests.integration.indicators.live import (
    AUTUMN,
    count_all,
    figures,
    go_live,
    indicators,
    samples,
    tell_live,
)
from tests.support.scenarios import BROKER, IMPORTER, MANDATE, STRANGER
from tests.support.world import World

CLEARED = ("CLEARANCE", None)


async def told(world: World, stories: int, first: int = 1) -> None:
    await go_live(world)
    for run in range(first, first + stories):
        await tell_live(world, "G0", run)
    await count_all(world)


async def test_a_company_reads_its_own_and_a_stranger_nothing(world: World) -> None:
    await told(world, 2)
    assert samples(await figures(world, IMPORTER, "CLEARANCE")) == {CLEARED: 2}
    assert await figures(world, STRANGER) == []


async def test_a_broker_reads_its_clients_while_the_mandate_is_in_force(world: World) -> None:
    await told(world, 2)
    assert samples(await figures(world, BROKER, "CLEARANCE")) == {CLEARED: 2}
    await world.write(msgspec.structs.replace(MANDATE, revoked_at=world.clock.now()))
    assert await figures(world, BROKER) == []
    assert samples(await figures(world, IMPORTER, "CLEARANCE")) == {CLEARED: 2}


async def test_what_is_published_hides_small_groups(world: World) -> None:
    await told(world, SMALLEST_GROUP - 1)
    assert await figures(world, None, "CLEARANCE") == []
    await told(world, 1, first=SMALLEST_GROUP)
    assert samples(await figures(world, None, "CLEARANCE")) == {CLEARED: SMALLEST_GROUP}


async def test_figures_are_grouped_by_month_office_circuit_and_agency(world: World) -> None:
    await told(world, 1)
    world.clock.advance(timedelta(days=20))
    await told(world, 2, first=2)
    by = {
        grouping: samples(await figures(world, IMPORTER, "CLEARANCE", grouping=grouping))
        for grouping in (Grouping.MONTH, Grouping.CHANNEL, Grouping.AGENCY)
    }
    assert by[Grouping.MONTH] == {("CLEARANCE", "2026-11"): 1, ("CLEARANCE", "2026-12"): 2}
    assert by[Grouping.CHANNEL] == {("CLEARANCE", "GREEN"): 3}
    assert by[Grouping.AGENCY] == {("CLEARANCE", "ADII"): 3}


async def test_a_mix_of_circuits_is_told_apart_by_circuit_and_adds_up(world: World) -> None:
    await told(world, 3)
    await tell_live(world, "S0", 9)
    await count_all(world)
    mix = await figures(world, IMPORTER, "CHANNEL_MIX")
    assert {(f.group, f.sample, f.mean) for f in mix} == {("GREEN", 3, 75.0), ("ORANGE", 1, 25.0)}


async def test_business_hours_stand_beside_the_clock(world: World) -> None:
    await told(world, 1)
    clock, business = await figures(world, IMPORTER, "AGENCY_STEP", "AGENCY_STEP_BUSINESS")
    assert (clock.code, business.code) == ("AGENCY_STEP", "AGENCY_STEP_BUSINESS")
    assert clock.sample == business.sample
    assert clock.mean is not None
    assert business.mean is not None
    assert business.mean <= clock.mean


@pytest.mark.parametrize(
    "question",
    [
        Question(first=date(2026, 1, 1), last=date(2025, 12, 31)),
        Question(first=date(2026 - MOST_MONTHS // 12, 1, 1), last=date(2026, 1, 1)),
        Question(first=date(2026, 1, 1), last=date(2026, 1, 1), codes=("NO_SUCH",)),
        Question(first=date(2026, 1, 1), last=date(2026, 1, 1), grouping=Grouping.STEP),
    ],
)
async def test_what_cannot_be_asked_is_said(world: World, question: Question) -> None:
    assert isinstance(await indicators(world).read(None, question), str)


async def test_a_step_is_expected_once_enough_are_known(world: World) -> None:
    expectations = Expectations(IndicatorRepository(world.database), world.clock)
    step = ("DUM_IMPORT", "REGISTERED", "ADII")
    await told(world, LEAST_STEPS - 1)
    [office] = {
        f.group for f in await figures(world, None, "AGENCY_STEP", grouping=Grouping.OFFICE)
    } or {None}
    await expectations.refresh()
    assert expectations.expected(*step, office) is None
    await told(world, 1, first=LEAST_STEPS)
    await expectations.refresh()
    found = expectations.expected(*step, office)
    assert found is not None
    assert found.sample == LEAST_STEPS
    assert 0 < found.median <= found.p80
    assert expectations.expected(*step, "no office") is None
    assert expectations.expected("DUM_IMPORT", "LIQUIDATED", None, office) is None
    world.clock.advance(timedelta(days=200))
    await expectations.refresh()
    assert expectations.expected(*step, office) is None


def box(world: World) -> FeedbackBox:
    return FeedbackBox(world.units, world.files, world.clock, world.ids)


async def test_one_tap_after_a_finished_dossier_counts_once_for_each_person(world: World) -> None:
    await go_live(world)
    await tell_live(world, "G0")
    [dossier] = await world.dossiers()
    for firm, score in ((IMPORTER, 2), (IMPORTER, 5), (BROKER, 3)):
        assert await box(world).send(world.viewer(firm), dossier.id, score, None) is None
    await count_all(world)
    [figure] = await figures(world, IMPORTER, "SATISFACTION")
    assert (figure.sample, figure.mean) == (2, 50.0)


async def test_who_may_not_see_a_dossier_or_comes_too_early_rates_nothing(world: World) -> None:
    await tell_some(world)
    [dossier] = await world.dossiers()
    sent = box(world).send
    assert await sent(world.viewer(STRANGER), dossier.id, 5, None) is FeedbackRefusal.NOT_FOUND
    assert await sent(world.viewer(IMPORTER), dossier.id, 5, None) is FeedbackRefusal.NOT_FINISHED
    assert await sent(world.viewer(IMPORTER), dossier.id, 6, None) is FeedbackRefusal.OUT_OF_RANGE
    long = "x" * (LONGEST_TEXT + 1)
    assert await sent(world.viewer(IMPORTER), dossier.id, 5, long) is FeedbackRefusal.TOO_LONG
    assert await world.column("SELECT score FROM feedback") == []


async def tell_some(world: World) -> None:
    await go_live(world)
    await tell_live(world, "G0", steps=3)


async def test_the_period_asked_for_is_whole_months(world: World) -> None:
    await told(world, 1)
    november = msgspec.structs.replace(AUTUMN, first=date(2026, 11, 30), last=date(2026, 11, 1))
    assert samples(await figures(world, IMPORTER, "CLEARANCE", of=november)) == {CLEARED: 1}
    december = msgspec.structs.replace(AUTUMN, first=date(2026, 12, 1), last=date(2026, 12, 31))
    assert await figures(world, IMPORTER, "CLEARANCE", of=december) == []
