"""What the core asks of the notifications component: whom to tell of a change, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from portnet.domain.access import Mandate
from portnet.domain.alerts import Alert, Delivery, Recipient
from portnet.domain.dossier import Dossier
from portnet.domain.localised import Locale
from portnet.domain.procedure import Entry, Procedure


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """A change that the catalogue hangs an alert on, as it stands after the fold.

    ``container`` is one that the dossier is known by, if any; ``broker`` the brokerage that may hear of it now;
    ``told`` the alerts that a correction makes untrue.
    """

    kind: str
    dossier: Dossier
    procedure: Procedure
    entry: Entry
    broker: str | None
    container: str | None
    told: tuple[Alert, ...] = ()


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    alert: Alert
    deliveries: tuple[Delivery, ...]


class AlertPlanner(Protocol):
    def plan(
        self,
        occasion: Occasion,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        """Whom to tell, at which level and through which channels. Pure."""
        ...


class MandatePlanner(Protocol):
    def mandate_ends(
        self,
        kind: str,
        mandate: Mandate,
        reminder: str,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        """Whom of the two companies to tell that ``mandate`` comes to its end; ``reminder`` tells one from the next."""
        ...


class AlertTexts(Protocol):
    def text(self, alert: Alert, locale: Locale) -> str:
        """The alert's sentence as the app shows it."""
        ...
