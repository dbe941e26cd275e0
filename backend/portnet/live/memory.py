"""The relay of a single process."""

from __future__ import annotations

from portnet.live.relay import Hint, OnHint


class MemoryRelay:
    """Implements `Relay`: a hint arrives in the same turn of the event loop."""

    def __init__(self) -> None:
        self._on_hint: OnHint | None = None

    async def start(self, on_hint: OnHint) -> None:
        self._on_hint = on_hint

    async def stop(self) -> None:
        self._on_hint = None

    def publish(self, hint: Hint) -> None:
        if self._on_hint is not None:
            self._on_hint(hint)
