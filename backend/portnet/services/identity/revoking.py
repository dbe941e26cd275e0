"""Where somebody is signed in, for them to see and to end. A session ends with all that hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.alerts import Device
from portnet.domain.identity.account import Ended, Session
from portnet.domain.submission import NotDone
from portnet.ports.clock import Clock
from portnet.ports.live import Wakeups
from portnet.ports.reading import AccountReader
from portnet.ports.unit_of_work import AuditDraft, UnitOfWork, UnitsOfWork
from portnet.services.identity.warning import AccountWarnings


async def end(work: UnitOfWork, session: Session, because: Ended, now: datetime) -> None:
    """Collect that ``session`` is over: its tokens with it, and its devices hear nothing more."""
    devices = await work.devices_of(session.id)
    work.add(
        msgspec.structs.replace(session, ended_at=now, ended_because=because),
        *(msgspec.structs.replace(d, dead_at=now) for d in devices if d.dead_at is None),
    )


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A place where somebody is signed in; ``device`` is the one registered there last, if any."""

    session: Session
    device: Device | None = None


class Revocations:
    """The use cases of ending one's own sessions."""

    def __init__(
        self,
        units: UnitsOfWork,
        accounts: AccountReader,
        warnings: AccountWarnings,
        clock: Clock,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._accounts = accounts
        self._warnings = warnings
        self._clock = clock
        self._wakeups = wakeups

    async def opened(self, viewer: Viewer) -> Sequence[OpenedSession]:
        """The viewer's, newest first."""
        sessions = await self._accounts.sessions(viewer.user, self._clock.now())
        devices = {device.session: device for device in await self._accounts.devices(viewer.user)}
        return [OpenedSession(session=each, device=devices.get(each.id)) for each in sessions]

    async def revoke(self, viewer: Viewer, session: str) -> NotDone | None:
        """End one of the viewer's sessions: its sockets close, its tokens open nothing. Twice is as good as once."""
        async with self._units() as work:
            known = await work.session(session)
            if known is None or known.user != viewer.user:
                return NotDone.NOT_FOUND
            await self._end(work, viewer, [known] if known.ended_at is None else [])
        return None

    async def revoke_others(self, viewer: Viewer) -> None:
        """End all but the one that asks: for somebody who was told of a change that is not theirs."""
        async with self._units() as work:
            sessions = await work.sessions_of(viewer.user)
            await self._end(work, viewer, [each for each in sessions if each.id != viewer.session])

    async def _end(self, work: UnitOfWork, viewer: Viewer, sessions: Sequence[Session]) -> None:
        now = self._clock.now()
        if not sessions:
            return
        # Collected before the devices die: they are told too.
        work.add(*await self._warnings.of(work, viewer.user, viewer.company, now))
        for session in sessions:
            await end(work, session, Ended.REVOKED, now)
            work.add(
                AuditDraft(
                    company=viewer.company,
                    at=now,
                    actor=f"user:{viewer.user}",
                    action="session.revoked",
                    subject=session.id,
                )
            )
        self._warnings.send(await work.commit())
        for session in sessions:
            self._wakeups.session_ended(session.id)
