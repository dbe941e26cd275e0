"""Turns policy's decision into the rows that intake writes: alerts, and deliveries due at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from portnet.domain.access import Mandate
from portnet.domain.alerts import Alert, AlertFacts, Delivery, Recipient
from portnet.domain.catalogue import Catalogue
from portnet.ports.alerts import Occasion, Planned
from portnet.ports.approving.telling import OwnNews
from portnet_notifications import policy


class Planner:
    """Implements `AlertPlanner`, `MandatePlanner` and `OwnPlanner`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def plan(
        self,
        occasion: Occasion,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        facts = policy.facts(self._catalogue, occasion)
        return [
            _planned(occasion, facts, told, now, new_id) for told in policy.tell(occasion, people)
        ]

    def mandate_ends(
        self,
        kind: str,
        mandate: Mandate,
        reminder: str,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        facts = policy.mandate_facts(mandate)
        alerts = [
            (told, _of_mandate(kind, mandate, reminder, facts, told, now, new_id()))
            for told in policy.tell_of_mandate(kind, mandate, people)
        ]
        return [_delivered(alert, told, new_id) for told, alert in alerts]

    def own_news(
        self,
        news: OwnNews,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        return [
            _delivered(_of_own_work(news, told, now, new_id()), told, new_id)
            for told in policy.tell_of_own_work(news, people)
        ]


def _of_own_work(news: OwnNews, told: policy.Told, now: datetime, id: str) -> Alert:
    return Alert(
        id=id,
        chain=":".join(filter(None, (news.subject, news.kind, news.occasion))),
        user=told.user,
        dossier=None,
        procedure=None,
        entry=None,
        kind=news.kind,
        level=told.level,
        facts=news.facts,
        collapse_key=f"{news.subject}:{news.kind}",
        raised_at=now,
        expires_at=now + policy.lifetime(told.level),
    )


def _of_mandate(
    kind: str,
    mandate: Mandate,
    reminder: str,
    facts: AlertFacts,
    told: policy.Told,
    now: datetime,
    id: str,
) -> Alert:
    return Alert(
        id=id,
        chain=f"{mandate.id}:{kind}:{reminder}",
        user=told.user,
        dossier=None,
        procedure=None,
        entry=None,
        kind=kind,
        level=told.level,
        facts=facts,
        collapse_key=f"{mandate.id}:{kind}",
        raised_at=now,
        expires_at=now + policy.lifetime(told.level),
    )


def _planned(
    occasion: Occasion,
    facts: AlertFacts,
    told: policy.Told,
    now: datetime,
    new_id: Callable[[], str],
) -> Planned:
    entry, kind = occasion.entry, occasion.kind
    before = policy.replaced(occasion, told.user)
    alert = Alert(
        id=new_id(),
        chain=f"{entry.id}:{kind}",
        user=told.user,
        dossier=occasion.dossier.id,
        procedure=occasion.procedure.id,
        entry=entry.id,
        kind=kind,
        level=told.level,
        facts=facts,
        collapse_key=before.collapse_key if before else f"{occasion.dossier.id}:{kind}",
        raised_at=now,
        expires_at=now + policy.lifetime(told.level),
        replaces=before.id if before else None,
    )
    return _delivered(alert, told, new_id)


def _delivered(alert: Alert, told: policy.Told, new_id: Callable[[], str]) -> Planned:
    deliveries = tuple(_delivery(alert, address, new_id()) for address in told.addresses)
    return Planned(alert=alert, deliveries=deliveries)


def _delivery(alert: Alert, address: policy.Address, id: str) -> Delivery:
    return Delivery(
        id=id,
        alert=alert.id,
        user=alert.user,
        channel=address.channel,
        address=address.address,
        label=address.label,
        locale=address.locale,
        device=address.device,
        due_at=alert.raised_at,
        expires_at=alert.expires_at,
        updated_at=alert.raised_at,
    )
