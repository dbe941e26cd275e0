"""The tariff's room: what we ship, and the editions that are kept in the database."""

from __future__ import annotations

from portnet.ports.clock import Clock
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.reference import load_tariff
from portnet.services.declaring.tariff import Tariff
from portnet.storage.engines import Database
from portnet.storage.repositories.declaring.tariff import TariffRepository


def tariff_of(database: Database, units: UnitsOfWork, clock: Clock) -> Tariff:
    """The tariff over ``database``."""
    repository = TariffRepository(database)
    return Tariff(load_tariff(), repository, repository, units, clock)
