"""Payments: orders, the provider that carries them out, and who asks it again."""

from __future__ import annotations

import msgspec

from portnet.domain.catalogue import Catalogue
from portnet.ports.clock import Clock, Ids
from portnet.ports.inbox import Inbox
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.security.signatures import SigningKey
from portnet.services.intake import Intake
from portnet.services.paying.debit import Debits
from portnet.services.paying.payment import Payments
from portnet.storage.engines import Database
from portnet.storage.queues.payments import StoragePaymentChecks
from portnet.storage.repositories.request import RequestRepository
from portnet_server.gateway import AgencySystems, HttpGateway
from portnet_server.paying.provider import HttpPaymentProvider
from portnet_server.paying.worker import PaymentWorker


class Paying(msgspec.Struct, frozen=True, kw_only=True):
    """The room's parts."""

    payments: Payments
    debits: Debits
    worker: PaymentWorker


def paying_room(
    database: Database,
    units: UnitsOfWork,
    catalogue: Catalogue,
    intake: Intake,
    inbox: Inbox,
    gateway: HttpGateway,
    systems: AgencySystems,
    key: SigningKey,
    clock: Clock,
    ids: Ids,
    wakeups: Wakeups,
) -> Paying:
    """Build the room. Without ``PSP`` among the systems, orders go where all acts go, and nobody is asked."""
    provider = HttpPaymentProvider(gateway, systems, key, clock)
    payments = Payments(units, catalogue, intake, provider, inbox, clock, ids, wakeups)
    return Paying(
        payments=payments,
        debits=Debits(units, catalogue, RequestRepository(database), intake, clock, ids, wakeups),
        worker=PaymentWorker(StoragePaymentChecks(database), payments, clock),
    )
