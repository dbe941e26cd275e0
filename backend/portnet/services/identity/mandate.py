"""A company lets a broker work on its files, or no longer. Both companies' phones hear it at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Mandate
from portnet.domain.events import MandateGranted, MandateRevoked, Record, company_audience
from portnet.domain.timers import Timer, retimed, timers_of_mandate
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import AuditDraft, UnitOfWork, UnitsOfWork


class Mandates:
    """The use cases of a mandate; ``actor`` is who decides, as the audit trail names them."""

    def __init__(self, units: UnitsOfWork, clock: Clock, ids: Ids, wakeups: Wakeups) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def grant(
        self, actor: str, company: str, broker: str, starts_at: datetime, ends_at: datetime | None
    ) -> Mandate:
        """Let ``broker`` work on the files of ``company`` that name it."""
        mandate = Mandate(
            id=self._ids.new(), company=company, broker=broker, starts_at=starts_at, ends_at=ends_at
        )
        granted = MandateGranted(mandate=mandate.id, company=company, broker=broker)
        async with self._units() as work:
            await self._write(work, mandate, (), granted, actor, "mandate.granted")
        return mandate

    async def revoke(self, actor: str, mandate: str) -> Mandate | None:
        """End a mandate now; None when there is none of that id. Revoked twice is revoked once."""
        async with self._units() as work:
            known = await work.mandate(mandate)
            if known is None or known.revoked_at is not None:
                return known
            revoked = msgspec.structs.replace(known, revoked_at=self._clock.now())
            event = MandateRevoked(mandate=known.id, company=known.company, broker=known.broker)
            await self._write(
                work, revoked, timers_of_mandate(known), event, actor, "mandate.revoked"
            )
        return revoked

    async def _write(
        self,
        work: UnitOfWork,
        mandate: Mandate,
        old: Sequence[Timer],
        event: MandateGranted | MandateRevoked,
        actor: str,
        action: str,
    ) -> None:
        now = self._clock.now()
        audiences = (company_audience(mandate.company), company_audience(mandate.broker))
        work.add(
            mandate,
            retimed(old, timers_of_mandate(mandate), (), now),
            Record(
                id=self._ids.new(), at=now, event=event, subject=mandate.id, audiences=audiences
            ),
            AuditDraft(
                company=mandate.company, at=now, actor=actor, action=action, subject=mandate.id
            ),
        )
        self._wakeups.feeds(await work.commit())
