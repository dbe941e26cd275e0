"""No test of the whole house hangs: one that waits for what never comes fails where it waits."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def giving_up_after(seconds: int) -> Generator[None]:
    """Raises TimeoutError in the main thread when the block takes longer."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"nothing came of it within {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
