"""What a person says of an alert: seen by them, acknowledged for everybody who was told."""

import asyncio
from datetime import timedelta

import pytest

from portnet.domain.access import Role
from portnet.domain.alerts import Alert, AlertState
from portnet.domain.events import FrameKind, company_audience, user_audience
from portnet.ports.reading import Badge, PageSize
from portnet.ports.unit_of_work import Position
from portnet.services.alert import AlertRefusal, Alerts
from tests.support.scenarios import BROKER, IMPORTER, STRANGER, reference
from tests.support.world import World, open_world

DUM = reference("DUM", 1)
#: Whom a hold by another agency (A12) concerns.
TOLD = ["broker-declarant", "importer-declarant", "importer-logistics", "importer-manager"]
EVERYONE = {user.id: user for firm in (IMPORTER, BROKER, STRANGER) for user in firm.people}


def service(world: World) -> Alerts:
    return Alerts(world.units, world.clock, world.ids, world.wakeups)


async def told_of_a_hold(world: World) -> dict[str, str]:
    """The alert of each person who was told."""
    await world.post("BADR", "DUM_IMPORT.registered", DUM)
    world.clock.advance(timedelta(minutes=1))
    await world.post("BADR", "DUM_IMPORT.channel_green", DUM)
    world.clock.advance(timedelta(minutes=1))
    await world.post("BADR", "DUM_IMPORT.agency_hold", DUM)
    world.clock.advance(timedelta(minutes=1))
    found = await world.select("SELECT id, user_id FROM alert WHERE kind = 'A12'")
    told = {row["user_id"]: row["id"] for row in found}
    assert sorted(told) == TOLD
    return told


async def alert_of(world: World, user: str, alert: str) -> Alert:
    return (
        await world.alerts.alerts_by_id(world.viewing(EVERYONE[user]), world.clock.now(), [alert])
    )[alert]


async def new_frames(world: World, user: str, alert: str) -> list[FrameKind]:
    audience = user_audience(user)
    start = Position(audience=audience, seq=0)
    page = (await world.feed.after([start], 100, world.clock.now()))[audience]
    return [frame.kind for frame in page.rows if frame.subject == alert][1:]


async def test_who_acknowledges_acknowledges_for_all(world: World) -> None:
    told = await told_of_a_hold(world)
    declarant = world.viewer(IMPORTER)
    answer = await service(world).acknowledge(declarant, "Salma", told[declarant.user])
    assert isinstance(answer, Alert)
    assert answer.state is AlertState.ACKNOWLEDGED
    for user, alert in told.items():
        kept = await alert_of(world, user, alert)
        assert (kept.state, kept.acknowledged_by) == (AlertState.ACKNOWLEDGED, "Salma")
        assert kept.acknowledged_at == world.clock.now()
        assert kept.version == 2
        assert (kept.seen_at is not None) == (user == declarant.user)
        assert await new_frames(world, user, alert) == [FrameKind.ALERT_CHANGED]


async def test_the_first_one_has_it_and_the_second_sees_who(world: World) -> None:
    told = await told_of_a_hold(world)
    first, second = world.viewer(IMPORTER), world.viewer(IMPORTER, Role.MANAGER)
    await service(world).acknowledge(first, "Salma", told[first.user])
    answer = await service(world).acknowledge(second, "Youssef", told[second.user])
    assert isinstance(answer, Alert)
    assert answer.acknowledged_by == "Salma"
    assert await new_frames(world, second.user, told[second.user]) == [FrameKind.ALERT_CHANGED]


async def test_of_two_who_acknowledge_at_once_one_wins_and_both_see_who(
    world: World, migrated_url: str
) -> None:
    told = await told_of_a_hold(world)
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        viewers = [world.viewing(EVERYONE[user]) for user in told] * 3
        answers = await asyncio.gather(
            *(
                service((world, other)[n % 2]).acknowledge(v, v.user, told[v.user])
                for n, v in enumerate(viewers)
            )
        )
    winners = {a.acknowledged_by for a in answers if isinstance(a, Alert)}
    assert len(winners) == 1
    assert all(isinstance(a, Alert) for a in answers)
    for user, alert in told.items():
        assert (await alert_of(world, user, alert)).acknowledged_by in winners
        assert await new_frames(world, user, alert) == [FrameKind.ALERT_CHANGED]
    trail = await world.column("SELECT actor FROM audit WHERE action = 'alert.acknowledged'")
    assert trail == [f"user:{winners.pop()}"]


async def test_one_who_sees_while_another_acknowledges_is_in_nobodys_way(
    world: World, migrated_url: str
) -> None:
    told = await told_of_a_hold(world)
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        seeing = (
            service(world).report_seen(world.viewing(EVERYONE[user]), [alert])
            for user, alert in told.items()
        )
        viewer = world.viewer(BROKER)
        await asyncio.gather(
            *seeing, service(other).acknowledge(viewer, "Karim", told[viewer.user])
        )
    states = {(await alert_of(world, u, a)).state for u, a in told.items()}
    assert states == {AlertState.ACKNOWLEDGED}


async def test_anothers_alert_is_not_found(world: World) -> None:
    told = await told_of_a_hold(world)
    for viewer in (world.viewer(STRANGER), world.viewer(IMPORTER, Role.FINANCE)):
        for alert in told.values():
            answer = await service(world).acknowledge(viewer, "X", alert)
            assert answer is AlertRefusal.NOT_FOUND
    own = told["importer-declarant"]
    assert (await alert_of(world, "importer-declarant", own)).state is AlertState.NEW


@pytest.mark.parametrize("name", ["", "nothing", "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
async def test_an_alert_that_does_not_exist_is_not_found(world: World, name: str) -> None:
    answer = await service(world).acknowledge(world.viewer(IMPORTER), "X", name)
    assert answer is AlertRefusal.NOT_FOUND


async def test_an_alert_that_is_over_cannot_be_taken_on(world: World) -> None:
    told = await told_of_a_hold(world)
    world.clock.advance(timedelta(days=2))
    viewer = world.viewer(IMPORTER)
    answer = await service(world).acknowledge(viewer, "Salma", told[viewer.user])
    assert answer is AlertRefusal.EXPIRED


async def test_seen_is_seen_once_and_by_oneself_only(world: World) -> None:
    told = await told_of_a_hold(world)
    declarant, manager = world.viewer(IMPORTER), world.viewer(IMPORTER, Role.MANAGER)
    own, others = told[declarant.user], told[manager.user]
    badge = await world.alerts.badge(declarant, world.clock.now())
    for _ in range(2):
        await service(world).report_seen(declarant, [own, others, "nothing"])
    assert (await alert_of(world, declarant.user, own)).state is AlertState.SEEN
    assert (await alert_of(world, manager.user, others)).state is AlertState.NEW
    assert await new_frames(world, declarant.user, own) == [FrameKind.ALERT_CHANGED]
    assert await world.alerts.badge(declarant, world.clock.now()) == Badge(alerts=badge.alerts - 1)
    unseen = await world.alerts.alerts(declarant, world.clock.now(), True, PageSize(first=10))
    assert own not in [alert.id for alert in unseen.items]


async def test_what_was_acknowledged_does_not_become_merely_seen(world: World) -> None:
    told = await told_of_a_hold(world)
    declarant = world.viewer(IMPORTER)
    await service(world).acknowledge(declarant, "Salma", told[declarant.user])
    for user, alert in told.items():
        await service(world).report_seen(world.viewing(EVERYONE[user]), [alert])
        assert (await alert_of(world, user, alert)).state is AlertState.ACKNOWLEDGED


async def test_who_acknowledges_has_taken_the_step_and_both_companies_files_say_so(
    world: World,
) -> None:
    told = await told_of_a_hold(world)
    [before] = await world.dossiers()
    seen = [company_audience(firm.id) for firm in (IMPORTER, BROKER)]
    heads = await world.feed.heads(seen)
    declarant = world.viewer(IMPORTER)
    await service(world).acknowledge(declarant, "Salma", told[declarant.user])
    [dossier] = await world.dossiers()
    assert (dossier.what_now.taken_by, dossier.what_now.taken_at) == ("Salma", world.clock.now())
    assert dossier.version == before.version + 1
    for head in heads:
        [frame] = (await world.feed.after([head], 100, world.clock.now()))[head.audience].rows
        assert (frame.kind, frame.subject) == (FrameKind.DOSSIER_CHANGED, dossier.id)


async def test_a_step_that_stays_stays_taken_and_the_next_one_is_nobodys(world: World) -> None:
    told = await told_of_a_hold(world)
    declarant = world.viewer(IMPORTER)
    await service(world).acknowledge(declarant, "Salma", told[declarant.user])
    world.clock.advance(timedelta(minutes=1))
    await world.post("BANK", "DUM_IMPORT.released", DUM)
    [dossier] = await world.dossiers()
    assert dossier.what_now.taken_by == "Salma"
    await world.post("BADR", "DUM_IMPORT.hold_lifted", DUM)
    [dossier] = await world.dossiers()
    assert (dossier.what_now.taken_by, dossier.what_now.taken_at) == (None, None)


async def test_an_alert_of_a_step_that_is_over_takes_nothing(world: World) -> None:
    told = await told_of_a_hold(world)
    await world.post("BADR", "DUM_IMPORT.hold_lifted", DUM)
    [before] = await world.dossiers()
    declarant = world.viewer(IMPORTER)
    await service(world).acknowledge(declarant, "Salma", told[declarant.user])
    assert await world.dossiers() == [before]
