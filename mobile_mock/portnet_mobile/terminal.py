"""The phone in a terminal: a live screen where there is one, else a line for each event; and what is typed is done."""

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
from portnet_mobile.console.doing import Doer
from portnet_mobile.console.holding import Holding, Holdings
from portnet_mobile.console.keyboard import Keyboard, LineEditor
from portnet_mobile.console.screen import Happening, Prompt, View, clean, plain_line, screen
from portnet_mobile.errors import PhoneError
from portnet_mobile.phone import Phone, PushDevice
from portnet_mobile.step_up import Code
from portnet_mobile.words import Words, words

#: Seconds between drawings: what is counted in seconds should be seen to move.
_TICK: Final = 1.0
_REMEMBERED = 50
#: Files that are asked about in more detail, and seconds until they are again.
_LOOKED_AT = 20
_LOOK_AGAIN: Final = 60.0


async def run_terminal(
    url: str,
    login: str,
    password: str,
    locale: str | None,
    console: Console,
    keyboard: Keyboard | None = None,
    code: Code | None = None,
) -> int:
    """Show a person's phone until it ends or the task is cancelled; nothing signs it out.

    Args:
        url: of the server, without a path.
        locale: of the phone's own words; None: the person's.
        keyboard: where commands are typed; None: nowhere.
        code: of the person's authenticator, for an account that is asked for one.

    Returns:
        1: the phone could not start, or its session ended; the reason was printed.
    """
    device = PushDevice(address=f"terminal:{login}", label="Terminal")
    spoken = locale or "fr"
    async with Phone(url, login, password, locale=spoken, device=device, code=code) as phone:
        return await _Terminal(phone, locale, console, keyboard).run()


class _Terminal:
    def __init__(
        self, phone: Phone, locale: str | None, console: Console, keyboard: Keyboard | None
    ) -> None:
        self._phone = phone
        self._locale = locale
        self._console = console
        self._clock = SystemClock()
        self._log: deque[Happening] = deque(maxlen=_REMEMBERED)
        self._keyboard = keyboard
        self._editor = LineEditor()
        self._doer = Doer(phone, self._words)
        self._reply = ""
        self._holdings: dict[str, Holding] = {}
        #: Something is to be drawn, or asked about, at once.
        self._typed, self._changed = asyncio.Event(), asyncio.Event()

    async def run(self) -> int:
        changes = self._phone.changes()
        lives = [asyncio.create_task(self._start())]
        if self._keyboard is not None:
            lives.append(asyncio.create_task(self._obey(self._keyboard)))
        if self._console.is_terminal:
            lives.append(asyncio.create_task(self._look_closer()))
        try:
            if self._console.is_terminal:
                await self._draw(changes)
            else:
                await self._print(changes)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
        return self._farewell()

    async def _start(self) -> None:
        # The phone tells the reason as its last change.
        with suppress(PhoneError):
            await self._phone.start()

    async def _obey(self, keyboard: Keyboard) -> None:
        while typed := await keyboard.typed():
            for line in self._editor.take(typed):
                self._reply = await self._doer.typed(line)
                if not self._console.is_terminal:
                    self._say(clean(self._reply))
            self._typed.set()

    async def _look_closer(self) -> None:
        """Ask what the list's rows have no room for, when they change and now and then: silence brings no frame."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._changed.wait()
            self._changed.clear()
            store = self._phone.store
            waiting = [] if store is None else store.by_urgency()[:_LOOKED_AT]
            if waiting:
                ids = [dossier.id for dossier in waiting]
                # The line's trouble is on the screen already.
                with suppress(PhoneError):
                    found = await self._phone.inquire("Holdings", Holdings, {"ids": ids})
                    self._holdings = found.by_dossier
                    self._typed.set()

    async def _draw(self, changes: Changes) -> None:
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            hearing = asyncio.create_task(self._hear(changes))
            try:
                while not hearing.done():
                    live.update(self._drawn(), refresh=True)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_TICK):
                            await self._typed.wait()
                    self._typed.clear()
                hearing.result()
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)

    async def _hear(self, changes: Changes) -> None:
        try:
            async for change in changes:
                self._remember(change)
                self._changed.set()
                self._typed.set()
        finally:
            self._typed.set()

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
            holdings=self._holdings,
            prompt=self._prompt(),
        )
        return screen(view, width, height)

    def _prompt(self) -> Prompt | None:
        if self._keyboard is None:
            return None
        code = self._doer.wants_code
        return Prompt(typed=self._editor.line, reply=self._reply, code=code)

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
