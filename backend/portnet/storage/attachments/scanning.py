"""Virus scanners: a command of the operator's choice, or none. A paper is handed over as a file, never run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from portnet.domain.declaring.document import Scan
from portnet.ports.declaring.documents import ScannerFailed

#: Seconds that a scan of 10 MiB may take.
PATIENCE = 60.0
#: Scans at a time: a scanner that starts anew for each file loads its signatures each time.
_TOGETHER = 2


class NoScanner:
    """Implements `Scanner` where there is none, and says so."""

    async def scan(self, file: Path) -> Scan:  # noqa: ARG002 - as the port has it
        return Scan.NOT_SCANNED


class CommandScanner:
    """Implements `Scanner` by a command that is given the file's path last: it exits with 0 for clean, 1 for infected.

    That is what `clamscan` and `clamdscan` do.
    """

    def __init__(self, command: Sequence[str], patience: float = PATIENCE) -> None:
        self._command = tuple(command)
        self._patience = patience
        self._turns = asyncio.Semaphore(_TOGETHER)

    async def scan(self, file: Path) -> Scan:
        async with self._turns:
            match await self._exit_code(file):
                case 0:
                    return Scan.CLEAN
                case 1:
                    return Scan.INFECTED
                case code:
                    raise ScannerFailed(f"exit code {code}")

    async def _exit_code(self, file: Path) -> int:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(file),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise ScannerFailed(str(error)) from error
        try:
            return await asyncio.wait_for(process.wait(), self._patience)
        except TimeoutError:
            raise ScannerFailed(f"no answer in {self._patience:g} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
