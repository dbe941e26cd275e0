"""The phone in a terminal: a live screen where there is one, else a line for each event."""

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from portnet_mobile.changes import Change, Changes, Ended
from portnet_mobile.clock import SystemClock
from portnet_mobile.errors import PhoneError
from portnet_mobile.phone import Phone, PushDevice
from portnet_mobile.screen import Happening, View, plain_line, screen
from portnet_mobile.step_up import Code
from portnet_mobile.words import Words, words

#: Seconds between drawings: what is counted in seconds should be seen to move.
_TICK: Final = 1.0
_REMEMBERED = 50


async def run_terminal(
    url: str,
    login: str,
    password: str,
    locale: str | None,
    console: Console,
    code: Code | None = None,
) -> int:
    """Show a person's phone until it ends or the task is cancelled; nothing signs it out.

    Args:
        url: of the server, without a path.
        locale: of the phone's own words; None: the person's.
        code: of the person's authenticator, for an account that is asked for one.

    Returns:
        1: the phone could not start, or its session ended; the reason was printed.
    """
    device = PushDevice(address=f"terminal:{login}", label="Terminal")
    spoken = locale or "fr"
    async with Phone(url, login, password, locale=spoken, device=device, code=code) as phone:
        return await _Terminal(phone, locale, console).run()


class _Terminal:
    def __init__(self, phone: Phone, locale: str | None, console: Console) -> None:
        self._phone = phone
        self._locale = locale
        self._console = console
        self._clock = SystemClock()
        self._log: deque[Happening] = deque(maxlen=_REMEMBERED)

    async def run(self) -> int:
        changes = self._phone.changes()
        starting = asyncio.create_task(self._start())
        try:
            if self._console.is_terminal:
                await self._draw(changes)
            else:
                await self._print(changes)
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        return self._farewell()

    async def _start(self) -> None:
        # The phone tells the reason as its last change.
        with suppress(PhoneError):
            await self._phone.start()

    async def _draw(self, changes: Changes) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(self._drawn(), refresh=True)
                try:
                    change = await asyncio.wait_for(anext(changes), _TICK)
                except TimeoutError:
                    continue
                except StopAsyncIteration:
                    return
                self._remember(change)

    async def _print(self, changes: Changes) -> None:
        async for change in changes:
            self._say(plain_line(self._remember(change), self._words()))

    def _farewell(self) -> int:
        last = self._log[-1] if self._log else None
        if last is None or not isinstance(last.change, Ended):
            return 0
        if self._console.is_terminal:
            self._say(plain_line(last, self._words()))
        return 1

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)

    def _drawn(self) -> Text:
        width, height = self._console.size
        view = View(
            store=self._phone.store,
            connection=self._phone.connection,
            now=self._now(),
            log=tuple(self._log),
            words=self._words(),
        )
        return screen(view, width, height)

    def _remember(self, change: Change) -> Happening:
        happening = Happening(at=self._now(), change=change)
        self._log.append(happening)
        return happening

    def _now(self) -> datetime:
        now, store = self._clock.now(), self._phone.store
        return now if store is None else store.server_time(now)

    def _words(self) -> Words:
        store = self._phone.store
        person = store.person.locale.lower() if store is not None else "fr"
        return words(self._locale or person)
