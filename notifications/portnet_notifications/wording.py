"""Says an alert in its reader's language: in the app, and as the message that a delivery sends.

It chooses words only. Names come from the catalogue; nothing here decides whom or when.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from portnet.domain.alerts import Alert, AlertFacts, Channel, deep_link
from portnet.domain.catalogue import Catalogue, State
from portnet.domain.identifiers import opaque_id
from portnet.domain.localised import Locale, Localised
from portnet.ports.outbox import Claimed
from portnet.ports.unit_of_work import Position
from portnet_notifications.channels import OutgoingMessage, PushMessage, SmsMessage
from portnet_notifications.compose import AlertWords, compose
from portnet_notifications.texts import LONGEST

#: From this level on a push wakes a phone that saves its battery.
URGENT_FROM = 3

#: Short names of ports, airports and border posts, by UN/LOCODE or, without one, by our own code:
#: at most what a text leaves a place.
PLACES: Mapping[str, Localised] = {
    "MAAGA": Localised(fr="Agadir", ar="أكادير", en="Agadir"),
    "MAAHU": Localised(fr="Al Hoceima", ar="الحسيمة", en="Al Hoceima"),
    "MABUJ": Localised(fr="Boujdour", ar="بوجدور", en="Boujdour"),
    "MACAS": Localised(fr="Casablanca", ar="البيضاء", en="Casablanca"),
    "MACMN": Localised(fr="Nouasseur", ar="النواصر", en="Nouasseur"),
    "MAEUN": Localised(fr="Laayoune", ar="العيون", en="Laayoune"),
    "MAFEZ": Localised(fr="Fès", ar="فاس", en="Fez"),
    "MAJFL": Localised(fr="Jorf Lasf.", ar="الجرف", en="Jorf Lasf."),
    "MALAR": Localised(fr="Larache", ar="العرائش", en="Larache"),
    "MAMOH": Localised(fr="Mohammedia", ar="المحمدية", en="Mohammedia"),
    "MANDR": Localised(fr="Nador", ar="الناظور", en="Nador"),
    "MANNA": Localised(fr="Kénitra", ar="القنيطرة", en="Kenitra"),
    "MAOUD": Localised(fr="Oujda", ar="وجدة", en="Oujda"),
    "MAPTM": Localised(fr="Tanger Med", ar="طنجة م.", en="Tanger Med"),
    "MARAK": Localised(fr="Marrakech", ar="مراكش", en="Marrakesh"),
    "MASFI": Localised(fr="Safi", ar="آسفي", en="Safi"),
    "MASII": Localised(fr="Sidi Ifni", ar="سيدي إفني", en="Sidi Ifni"),
    "MATNG": Localised(fr="Tanger", ar="طنجة", en="Tangier"),
    "MAVIL": Localised(fr="Dakhla", ar="الداخلة", en="Dakhla"),
    "XX-GUERGUERAT": Localised(fr="Guerguerat", ar="الكركرات", en="Guerguerat"),
}


def short_link(public_url: str) -> str | None:
    """The SMS's link to the app, without its scheme; None where the address is too long for one."""
    host = public_url.partition("://")[2] or public_url
    link = f"{host.rstrip('/')}/m/"
    return link if len(link) <= LONGEST["l"] else None


class AlertWording:
    """Implements `AlertTexts`.

    Args:
        catalogue: for the short names of agencies and states.
        cursor: makes a place in a feed's generation opaque, as the app knows it.
        link: the SMS's link; None leaves it out.

    Raises:
        ValueError: ``link`` is longer than the texts have room for.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        cursor: Callable[[str, Position], str],
        link: str | None = None,
    ) -> None:
        if link is not None and len(link) > LONGEST["l"]:
            raise ValueError(f"an SMS has room for a link of {LONGEST['l']} characters: {link}")
        self._catalogue = catalogue
        self._cursor = cursor
        self._link = link

    def text(self, alert: Alert, locale: Locale) -> str:
        return compose(alert.kind, self._words(alert, locale), locale, Channel.IN_APP).body

    def message(self, claimed: Claimed, now: datetime) -> OutgoingMessage:
        """What ``claimed`` sends. Raises ValueError for a channel that leaves the house by no
        gateway.
        """
        match claimed.delivery.channel:
            case Channel.PUSH:
                return self._push(claimed, now)
            case Channel.SMS:
                return self._sms(claimed)
            case Channel.IN_APP | Channel.EMAIL as channel:
                raise ValueError(f"no message is made for {channel}")

    def _push(self, claimed: Claimed, now: datetime) -> PushMessage:
        delivery, alert = claimed.delivery, claimed.alert
        words = self._words(alert, delivery.locale)
        place = claimed.position
        return PushMessage(
            token=delivery.address,
            body=compose(alert.kind, words, delivery.locale, Channel.PUSH).body,
            alert=opaque_id("Alert", alert.id),
            dossier=None if alert.dossier is None else opaque_id("Dossier", alert.dossier),
            deep_link=deep_link(alert.id),
            ttl_seconds=max(1, math.ceil((delivery.expires_at - now).total_seconds())),
            urgent=alert.level >= URGENT_FROM,
            cursor=None if place is None else self._cursor(claimed.generation, place),
            collapse_key=alert.collapse_key,
            sandbox=claimed.sandbox,
        )

    def _sms(self, claimed: Claimed) -> SmsMessage:
        delivery, alert = claimed.delivery, claimed.alert
        words = self._words(alert, delivery.locale)
        message = compose(alert.kind, words, delivery.locale, Channel.SMS)
        return SmsMessage(
            to=delivery.address,
            body=message.body,
            encoding=message.encoding,
            reference=delivery.id,
            sandbox=claimed.sandbox,
        )

    def _words(self, alert: Alert, locale: Locale) -> AlertWords:
        facts = alert.facts
        state = self._state(facts)
        agency = self._catalogue.agencies.get(facts.agency) if facts.agency else None
        return AlertWords(
            reference=facts.reference,
            agency=agency.short.in_(locale) if agency else None,
            time=facts.at,
            container=facts.container,
            place=_place(facts.place, locale),
            state=state.short.in_(locale) if state else None,
            link=self._link,
        )

    def _state(self, facts: AlertFacts) -> State | None:
        if facts.code is None or facts.definition is None or facts.state is None:
            return None
        return self._catalogue.definition(facts.code, facts.definition).state(facts.state)


def _place(code: str | None, locale: Locale) -> str | None:
    """The short name of a port; another place is named by its code where there is room for it."""
    if code is None:
        return None
    if code in PLACES:
        return PLACES[code].in_(locale)
    return code if len(code) <= LONGEST["p"] else None
