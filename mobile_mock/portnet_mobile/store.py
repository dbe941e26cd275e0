"""What the phone holds, and how it is read: values only, nothing here changes anything."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from portnet_mobile.contract import Alert, Dossier, Person, ServerClock

#: Most blocking first, as the server lists dossiers; a status unknown here comes last.
_URGENCY = ("BLOCKED", "ACTION_REQUIRED", "WAITING_AGENCY", "DONE")


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """How far one feed was heard: the cursor to go on from, and the latest ones, against repeats."""

    cursor: str
    latest: tuple[str, ...] = ()


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """One person's cache: by id what they see, by audience how far it is up to date.

    ``received_at`` is when ``person``, and the server's clock in it, came, by the phone's clock.
    """

    person: Person
    received_at: datetime
    dossiers: Mapping[str, Dossier]
    alerts: Mapping[str, Alert]
    heard: Mapping[str, Heard]

    def by_urgency(self) -> list[Dossier]:
        """Most blocking first, then the newest: the server's order."""
        return sorted(self.dossiers.values(), key=_rank)

    def newest_alerts(self) -> list[Alert]:
        """Newest first."""
        return sorted(self.alerts.values(), key=lambda a: (a.raised_at, a.id), reverse=True)

    @property
    def unread(self) -> int:
        """The number on the app's icon."""
        return sum(alert.state == "NEW" for alert in self.alerts.values())

    def company_name(self, company: str) -> str | None:
        """Of our own company, and of those that gave or hold a mandate."""
        mandates = self.person.mandates
        known = [self.person.company, *(m.company for m in mandates), *(m.broker for m in mandates)]
        return next((named.name for named in known if named.id == company), None)

    def server_time(self, now: datetime) -> datetime:
        """What the server's clock shows at the phone's ``now``: countdowns run on it."""
        return _running(self.person.clock, now, self.received_at)


def _running(clock: ServerClock, now: datetime, since: datetime) -> datetime:
    return clock.now if clock.paused else clock.now + (now - since) * clock.speed


def _rank(dossier: Dossier) -> tuple[int, float, str]:
    known = dossier.status in _URGENCY
    urgency = _URGENCY.index(dossier.status) if known else len(_URGENCY)
    return urgency, -dossier.updated_at.timestamp(), dossier.id
