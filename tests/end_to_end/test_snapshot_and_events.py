"""Snapshot + events = fresh snapshot, for every kind of event, over HTTP and WebSocket, compared as JSON."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, get_args

import msgspec

from portnet.domain.agency import Classifier
from portnet.domain.events import Event
from portnet.domain.procedure import EntryKind
from portnet.services.mandate import Mandates
from portnet_server.demo.replay import Telling
from tests.end_to_end.replica import Replica, following
from tests.support.house.opening import OpenHouse, new_telling, steps

#: Whose apps hold everything: in three languages, on both sides of the mandate.
_PEOPLE = (("declarant", "fr"), ("manager", "en"), ("logistics", "ar"), ("broker", "fr"))

_RED = "DUM_IMPORT.channel_red"
_SEEN = """
mutation Seen($input: ReportAlertsInput!) { reportAlerts(input: $input) { clientMutationId } }
"""
_ACKNOWLEDGE = """
mutation Acknowledge($input: SubjectInput!) {
  acknowledgeAlert(input: $input) { __typename }
}
"""


class Apps:
    """Several people's replicas, and the house that they follow."""

    def __init__(self, house: OpenHouse, replicas: dict[str, Replica]) -> None:
        self.house = house
        self.replicas = replicas

    async def say(self, telling: Telling, number: int, **changes: Any) -> None:
        """Post a step of a story, and wait until it was taken in."""
        assert (await self.house.say(telling, number, **changes)).accepted
        await self.house.taken_in()

    async def agree(self, after: str) -> None:
        """Each app shows what a new one would show."""
        for login, replica in self.replicas.items():
            fresh = await replica.fresh()
            assert replica.held == fresh, f"{login}'s app, after {after}"

    def heard(self) -> set[str]:
        return {kind for replica in self.replicas.values() for kind in replica.heard}


@asynccontextmanager
async def apps_of(house: OpenHouse, people: Sequence[tuple[str, str]]) -> AsyncGenerator[Apps]:
    async with AsyncExitStack() as stack:
        replicas = {
            login: await stack.enter_async_context(following(house.url, login, locale))
            for login, locale in people
        }
        yield Apps(house, replicas)


async def test_snapshot_and_events_are_a_fresh_snapshot_after_every_message(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    async with apps_of(house, _PEOPLE) as apps:
        for number, (step, _) in enumerate(steps(telling), start=1):
            await apps.say(telling, number)
            await apps.agree(step.event)
    assert apps.heard() == {"DossierChanged APPLIED", "AlertChanged NEW"}


async def test_snapshot_and_events_are_a_fresh_snapshot_after_each_kind_of_event(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    orange_at = steps(telling)[1][1]
    async with apps_of(house, _PEOPLE) as apps:
        await apps.say(telling, 1)
        await apps.agree("a file that opened from outside")
        await apps.say(_another(telling, "EST"), 2, classifier=Classifier.EST)
        await apps.agree("an estimate")
        await apps.say(telling, 2)
        await apps.agree("a message that was applied")
        await apps.say(telling, 4)
        await apps.agree("a message that came too early")
        await apps.say(telling, 3)
        await apps.agree("a late message that made another legal")
        await apps.say(telling, 19, source="BANK")
        await apps.agree("a message that is not that source's to send")
        overtaken = {"event": "DUM_IMPORT.conform", "occurred_at": orange_at + timedelta(minutes=1)}
        await apps.say(_another(telling, "LATE"), 12, **overtaken)
        await apps.agree("a late message that made others illegal")
        await _see(apps.replicas["declarant"])
        await apps.agree("alerts that were seen")
        await _acknowledge(apps.replicas["logistics"])
        await apps.agree("an alert that was acknowledged")
        await _amend(apps)
        await _change_the_mandate(apps)
        kinds = await house.select("SELECT DISTINCT kind FROM event")
    assert {row["kind"] for row in kinds} == {_tag(event) for event in get_args(Event)}
    assert apps.heard() == {
        *(f"DossierChanged {kind.value}" for kind in EntryKind),
        *(f"AlertChanged {state}" for state in ("NEW", "SEEN", "SUPERSEDED", "ACKNOWLEDGED")),
        "Removed",
        "AccessChanged",
    }


async def _amend(apps: Apps) -> None:
    """On files of their own: registered, orange, a visit to set, and done without having been set."""
    telling = new_telling("S0", run=2)
    for number in (1, 2, 3, 5):
        await apps.say(telling, number)
    await apps.agree("a step that was inferred")
    await apps.say(telling, 4)
    await apps.agree("the message of a step that had been inferred")
    said = f"{steps(telling)[0][0].source}-{telling.run}"
    await apps.say(_another(telling, "BACK"), 3, wire={"retracts": f"{said}-3"})
    await apps.agree("a message that was taken back")
    await apps.say(_another(telling, "RIGHT"), 2, wire={"corrects": f"{said}-2"}, event=_RED)
    await apps.agree("a message that was corrected")


async def _change_the_mandate(apps: Apps) -> None:
    parts = apps.house.parts
    mandates = Mandates(parts.units, parts.clock, parts.ids, parts.wakeups)
    [mandate] = await apps.house.select("SELECT * FROM mandate")
    await mandates.revoke("test", mandate["id"])
    await apps.agree("a mandate that was revoked")
    assert not apps.replicas["broker"].dossiers
    assert not apps.replicas["broker"].alerts
    now = parts.clock.now()
    await mandates.grant("test", mandate["company"], mandate["broker"], now, None)
    await apps.agree("a mandate that was granted")
    assert apps.replicas["broker"].dossiers


async def _see(replica: Replica) -> None:
    reported = {"clientMutationId": "1", "alerts": list(replica.alerts), "as": "SEEN"}
    await replica.ask(_SEEN, {"input": reported})


async def _acknowledge(replica: Replica) -> None:
    [alert] = replica.alerts
    done = await replica.ask(_ACKNOWLEDGE, {"input": {"clientMutationId": "2", "id": alert}})
    assert done["acknowledgeAlert"]["__typename"] == "Alert"


def _another(telling: Telling, word: str) -> Telling:
    """The same files, in messages of other names."""
    return msgspec.structs.replace(telling, run=f"{telling.run}-{word}")


def _tag(event: type[msgspec.Struct]) -> str:
    return str(event.__struct_config__.tag)
