"""S0, posted by agencies and seen by people: on whose phones, in which order, with which alerts."""

from portnet_mobile.changes import AlertArrived, Changes, DossierUpdated
from tests.support.house import OpenHouse, new_telling, steps


async def _next_step(changes: Changes) -> DossierUpdated:
    async for change in changes:
        if isinstance(change, DossierUpdated):
            return change
    raise AssertionError("the phone has stopped")


async def test_each_message_of_the_story_reaches_the_phone_while_it_happens(house: OpenHouse) -> None:
    telling = new_telling("S0")
    async with house.phone("declarant") as phone:
        changes = phone.changes()
        await phone.start()
        for number in range(1, len(steps(telling)) + 1):
            answer = await house.say(telling, number)
            assert answer.accepted
            step = await _next_step(changes)
            assert step.entry is not None
            print(number, steps(telling)[number-1][0].event, step.after.status, step.entry.label, step.entry.kind)
        print(house.push.accepted, house.smsc.accepted)
