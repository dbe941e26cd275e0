"""The terminal phone, on a console that is a text in memory: a live screen, or a line an event."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from rich.console import Console

from portnet_mobile.console.keyboard import FileKeyboard
from portnet_mobile.terminal import run_terminal
from tests.integration.mobile.scripted import ScriptedServer
from tests.integration.mobile.world import opaque

FILE = opaque("Dossier", 1)


class Paper(io.StringIO):
    """Can be waited on for a text to be written."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    async def until(self, text: str) -> str:
        async with asyncio.timeout(10):
            while text not in self.getvalue():
                self._written.clear()
                await self._written.wait()
        return self.getvalue()


@pytest.fixture
def server() -> ScriptedServer:
    server = ScriptedServer()
    server.open_dossier(FILE)
    return server


@pytest.fixture
async def url(server: ScriptedServer) -> AsyncIterator[str]:
    async with server.serving() as url:
        yield url


async def test_without_a_terminal_each_event_is_a_line(server: ScriptedServer, url: str) -> None:
    paper = Paper()
    console = Console(file=paper, width=80, force_terminal=False)
    phone = asyncio.create_task(run_terminal(url, "salma", "secret", None, console))
    await paper.until("Dossiers à jour: 1")
    what = {"warning": "Ne vendez pas et ne déplacez pas la marchandise."}
    await server.message(FILE, "Mise sous consigne", status="BLOCKED", what=what)
    await server.alert(opaque("Alert", 1), "ONSSA 309: mise sous consigne.", level=4)
    text = await paper.until("niveau 4")
    line = next(line for line in text.splitlines() if "BLOQUÉ" in line)
    assert "ONSSA: Mise sous consigne · ✖ Ne vendez pas et ne déplacez pas" in line
    await _stopped(phone)


async def test_on_a_terminal_the_screen_is_live(server: ScriptedServer, url: str) -> None:
    paper = Paper()
    console = Console(file=paper, width=90, height=30, force_terminal=True)
    phone = asyncio.create_task(run_terminal(url, "salma", "secret", "en", console))
    await paper.until("Agro Atlas · Salma Idrissi (declarant)")
    await paper.until("● live")
    await server.message(FILE, "Goods on hold", status="BLOCKED", what={"warning": "Do not sell."})
    text = await paper.until("BLOCKED")
    assert "FORBIDDEN: Do not sell." in text
    await server.alert(opaque("Alert", 1), "Goods on hold. Do not sell or move.", level=4)
    await paper.until("!!!!  Goods on hold. Do not sell or move.")
    await _stopped(phone)
    # The session stays open: closing the screen is not signing out.
    assert "SignOut" not in server.asked


async def test_a_wrong_password_ends_with_a_sentence(url: str) -> None:
    paper = Paper()
    console = Console(file=paper, width=80, force_terminal=False)
    assert await run_terminal(url, "salma", "guess", None, console) == 1
    assert "Fin: Identifiant ou mot de passe incorrect." in paper.getvalue()


async def _stopped(phone: asyncio.Task[int]) -> None:
    phone.cancel()
    with suppress(asyncio.CancelledError):
        await phone


class Keys:
    """Implements `Keyboard`: a test's own fingers."""

    def __init__(self) -> None:
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    def press(self, text: str) -> None:
        self._texts.put_nowait(text)

    async def typed(self) -> str:
        return await self._texts.get()


@pytest.mark.parametrize("screen", [True, False])
async def test_what_is_typed_is_done_and_answered(
    server: ScriptedServer, url: str, screen: bool
) -> None:
    paper, keys = Paper(), Keys()
    console = Console(file=paper, width=90, height=30, force_terminal=screen)
    phone = asyncio.create_task(run_terminal(url, "salma", "secret", "en", console, keys))
    await server.until(lambda: server.live)
    keys.press("answ")
    keys.press("er 309 Yes.\r")
    await paper.until("There is no such thing to do in this file.")
    assert "MyTurn" in server.asked
    await _stopped(phone)


async def test_a_file_says_whom_to_call(server: ScriptedServer, url: str) -> None:
    server.contact = {
        "label": "ONSSA, Casablanca", "phone": None, "openNow": True,
        "opensAt": "2026-11-23T07:30:00Z", "closesAt": "2126-11-23T15:30:00Z",
    }  # fmt: skip
    paper = Paper()
    console = Console(file=paper, width=90, height=30, force_terminal=True)
    phone = asyncio.create_task(run_terminal(url, "salma", "secret", "en", console))
    await paper.until("☎ ONSSA, Casablanca (open until")
    await _stopped(phone)


async def test_a_pipe_is_a_keyboard_until_it_ends() -> None:
    read, write = os.pipe()
    keyboard = FileKeyboard(read)
    keyboard.listen()
    os.write(write, "répondre".encode()[:2])
    os.write(write, "répondre".encode()[2:])
    heard = ""
    while len(heard) < len("répondre"):
        heard += await keyboard.typed()
    assert heard == "répondre"
    os.close(write)
    assert await keyboard.typed() == ""
    os.close(read)
