"""A company's manager who lets brokers work, with a second factor."""

from datetime import datetime
from typing import Protocol

from portnet.domain.access import Mandate, Viewer
from portnet.domain.catalogue import Catalogue
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import UnitOfWork
from portnet.services.identity.mandate import Mandates, MandateWish
from tests.support.acting.fakes import CODE, ToldProofs


class Parts(Protocol):
    """What a world and a house both have."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def ids(self) -> Ids: ...

    @property
    def wakeups(self) -> Wakeups: ...

    def units(self) -> UnitOfWork: ...


class Giver:
    """Gives and takes back in the name of ``viewer``, who may."""

    def __init__(self, parts: Parts, viewer: Viewer) -> None:
        self._parts = parts
        self._viewer = viewer
        self.mandates = Mandates(
            parts.units, parts.catalogue, ToldProofs(), parts.clock, parts.ids, parts.wakeups
        )

    async def grant(
        self,
        broker: str,
        starts_at: datetime,
        ends_at: datetime | None = None,
        kinds: tuple[str, ...] | None = None,
    ) -> Mandate:
        wish = MandateWish(
            key=self._parts.ids.new(),
            broker=broker,
            starts_at=starts_at,
            ends_at=ends_at,
            kinds=kinds,
        )
        mandate = await self.mandates.grant(self._viewer, wish, CODE)
        assert isinstance(mandate, Mandate), mandate
        return mandate

    async def revoke(self, mandate: str) -> Mandate:
        revoked = await self.mandates.revoke(self._viewer, self._parts.ids.new(), mandate, CODE)
        assert isinstance(revoked, Mandate), revoked
        return revoked
