"""What a person types: text as it comes from the terminal, and the line that it becomes."""

import asyncio
import codecs
import io
import os
import sys
import termios
import tty
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Protocol

_ENTER: Final = "\r\n"
_RUBOUT: Final = "\x7f\b"
#: Ctrl-U, as every shell has it.
_CLEAR: Final = "\x15"
_CHUNK = 1_024


class Keyboard(Protocol):
    async def typed(self) -> str:
        """Some characters, as they come; empty when no more will."""
        ...


class NoKeyboard:
    """Implements `Keyboard`: nobody types."""

    async def typed(self) -> str:
        return ""


class LineEditor:
    """The line that is being typed."""

    def __init__(self) -> None:
        self.line = ""

    def take(self, typed: str) -> list[str]:
        """The lines that ``typed`` ends; what comes after them stays."""
        ended: list[str] = []
        for char in typed:
            if char in _ENTER:
                ended.append(self.line)
                self.line = ""
            elif char in _RUBOUT:
                self.line = self.line[:-1]
            elif char == _CLEAR:
                self.line = ""
            elif char.isprintable():
                self.line += char
        return ended


class FileKeyboard:
    """Implements `Keyboard` over a file descriptor that can be waited on: a terminal, a pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    async def typed(self) -> str:
        return await self._texts.get()

    def listen(self) -> None:
        """Raises OSError where it is a file that cannot be waited on."""
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def leave(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)

    def _read(self) -> None:
        read = os.read(self._descriptor, _CHUNK)
        text = self._decoder.decode(read)
        if not read:
            self.leave()
        if text or not read:
            self._texts.put_nowait(text)


@asynccontextmanager
async def standard_keyboard() -> AsyncGenerator[Keyboard]:
    """What is typed into this process; on a terminal each key at once and not echoed, until the block is left."""
    try:
        descriptor = sys.stdin.fileno()
        keyboard = FileKeyboard(descriptor)
        keyboard.listen()
    except (OSError, io.UnsupportedOperation):
        yield NoKeyboard()
        return
    before = termios.tcgetattr(descriptor) if os.isatty(descriptor) else None
    try:
        if before is not None:
            tty.setcbreak(descriptor)
        yield keyboard
    finally:
        if before is not None:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        keyboard.leave()
