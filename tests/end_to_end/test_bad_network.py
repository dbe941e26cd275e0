"""A phone whose socket drops at any message hears the same story as one whose socket never does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from portnet_mobile.changes import AlertArrived, Changes, ConnectionLost, DossierUpdated
from portnet_mobile.phone import Phone
from portnet_mobile.store import Store
from tests.support.house.opening import OpenHouse, new_telling, steps

#: How many of S0's alerts concern a declarant.
_ALERTS = 13


class Listener:
    """Somebody who notes what their phone tells, and pulls the plug at the ``cut_at``-th step that it shows."""

    def __init__(self, phone: Phone, cut_at: int | None) -> None:
        self._phone = phone
        self._cut_at = cut_at
        self.steps: list[str] = []
        self.alerts: list[str] = []
        self.cuts = 0

    async def listen(self, changes: Changes, until: tuple[int, int]) -> None:
        """Until that many steps and alerts have shown."""
        async for change in changes:
            self._note(change)
            if (len(self.steps), len(self.alerts)) == until:
                return

    def _note(self, change: object) -> None:
        match change:
            case DossierUpdated():
                assert change.entry is not None, "a snapshot showed what the feed should have"
                self.steps.append(change.entry.id)
                if len(self.steps) == self._cut_at:
                    self._phone.cut()
            case AlertArrived():
                self.alerts.append(change.alert.id)
            case ConnectionLost():
                self.cuts += 1
            case _:
                return


async def test_a_phone_that_drops_its_socket_at_any_message_sees_the_same_sequence(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    length = len(steps(telling))
    async with AsyncExitStack() as stack:
        phones = [house.phone("declarant") for _ in range(length + 1)]
        heard = [(Listener(phone, k or None), phone.changes()) for k, phone in enumerate(phones)]
        for phone in phones:
            # Nobody signs in twenty phones at once: that is what guessing looks like.
            await stack.enter_async_context(started(phone))
        listening = asyncio.gather(*(each.listen(c, (length, _ALERTS)) for each, c in heard))
        for number in range(1, length + 1):
            await house.say(telling, number)
        await listening
        undisturbed, *disturbed = [listener for listener, _ in heard]
        assert undisturbed.cuts == 0
        assert len(set(undisturbed.steps)) == length
        for listener in disturbed:
            assert listener.cuts >= 1 or listener is disturbed[-1]
            assert listener.steps == undisturbed.steps
            assert listener.alerts == undisturbed.alerts
        assert len({_shown(phone.store) for phone in phones}) == 1


@asynccontextmanager
async def started(phone: Phone) -> AsyncGenerator[None]:
    """A live phone."""
    async with phone:
        await phone.start()
        yield


def _shown(store: Store | None) -> str:
    assert store is not None
    return repr((sorted(store.dossiers.items()), sorted(store.alerts.items())))
