"""The help desk's services over the database alone, for commands: a server may run beside them, or not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from portnet.catalogue import load_catalogue
from portnet.ports.unit_of_work import Position, UnitOfWork
from portnet.reference import load_shipped
from portnet.services.desk.anomaly import Anomalies
from portnet.services.desk.help import Help
from portnet.services.desk.reference import ReferenceTables
from portnet.storage.engines import Database, open_database
from portnet.storage.repositories.account import AccountRepository
from portnet.storage.repositories.anomaly import AnomalyRepository
from portnet.storage.repositories.dossier import DeskDossierRepository
from portnet.storage.repositories.reference import ReferenceRepository
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_notifications.catalogue import ALERTS
from portnet_server.bootstrap import database_url, read_message
from portnet_server.composition.tariff import tariff_of
from portnet_server.config import Config
from portnet_server.system import GrowingIds, SystemClock


class NobodyToWake:
    """Implements `Wakeups`: a server that runs beside a command finds the work by looking, a second later."""

    def feeds(self, positions: Sequence[Position]) -> None: ...

    def inbox(self) -> None: ...

    def outbox(self) -> None: ...

    def session_renewed(self, session: str, until: datetime) -> None: ...

    def session_ended(self, session: str) -> None: ...


class Desk:
    """What a command of the help desk works with."""

    def __init__(self, database: Database) -> None:
        clock = SystemClock()
        self._database = database
        agencies = load_catalogue(frozenset(ALERTS)).agencies
        self.reader = AnomalyRepository(database)
        self.accounts = AccountRepository(database)
        self.anomalies = Anomalies(
            self._units, self.reader, read_message, clock, GrowingIds(clock), NobodyToWake()
        )
        files = DeskDossierRepository(database)
        self.help = Help(self._units, files, self.reader, clock, GrowingIds(clock), NobodyToWake())
        self.references = ReferenceTables(
            load_shipped(agencies), agencies, ReferenceRepository(database), self._units, clock
        )
        self.tariff = tariff_of(database, self._units, clock)

    def _units(self) -> UnitOfWork:
        return StorageUnitOfWork(self._database)


@asynccontextmanager
async def open_desk(config: Config) -> AsyncGenerator[Desk]:
    """A desk over the configured database, which `portnet migrate` or a server has prepared; closed with the block.

    Raises:
        DatabaseError: the database cannot be used.
    """
    database = open_database(database_url(config))
    await database.start()
    try:
        desk = Desk(database)
        await desk.references.refresh()
        await desk.tariff.keep(desk.references.current.headings)
        yield desk
    finally:
        await database.stop()
