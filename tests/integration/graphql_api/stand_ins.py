"""What stands in for the world outside: a clock that is told, ids that count, an alert for everybody."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from portnet.domain.access import User
from portnet.domain.alerts import Alert, AlertFacts, Channel, Delivery, Recipient
from portnet.domain.identifiers import new_ulid
from portnet.domain.localised import Locale
from portnet.ports.alerts import Occasion, Planned
from portnet.security.tokens import AccessClaims, AccessTokens

#: A Monday morning: the day on which S0 begins.
MONDAY = datetime(2026, 11, 23, 7, 50, tzinfo=UTC)


class SetClock:
    """Stands still until told; every look is a microsecond later."""

    def __init__(self) -> None:
        self.at = MONDAY

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at


class CountedIds:
    def __init__(self) -> None:
        self._last = int.from_bytes(os.urandom(8), "big")

    def new(self) -> str:
        self._last += 1
        return new_ulid(MONDAY, self._last.to_bytes(10, "big"))


class PlainPasswords:
    async def verify(self, password: str, stored: str | None) -> bool:
        return password == stored

    async def hash(self, password: str) -> str:
        return password

    def is_common(self, password: str) -> bool:
        return password == "password"

    def busy(self, *, known_device: bool) -> bool:
        return False


class Verifier:
    """Implements `AccessVerifier`."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    def session(self, token: str, now: datetime) -> str | None:
        claims = self._tokens.verify(token, now)
        return claims.session if isinstance(claims, AccessClaims) else None


class TellEverybody:
    """Implements `AlertPlanner`: each person, by push and by SMS."""

    def plan(
        self,
        occasion: Occasion,
        people: Sequence[Recipient],
        now: datetime,
        new_id: Callable[[], str],
    ) -> Sequence[Planned]:
        chain = new_id()
        return [self._planned(occasion, person.user, chain, now, new_id) for person in people]

    def _planned(
        self, occasion: Occasion, user: User, chain: str, now: datetime, new_id: Callable[[], str]
    ) -> Planned:
        alert = Alert(
            id=new_id(),
            chain=chain,
            user=user.id,
            dossier=occasion.dossier.id,
            procedure=occasion.procedure.id,
            entry=occasion.entry.id,
            kind=occasion.kind,
            level=4,
            facts=AlertFacts(
                reference=occasion.dossier.reference,
                code=occasion.procedure.code,
                definition=occasion.procedure.definition,
                state=occasion.procedure.state,
            ),
            collapse_key=f"{occasion.procedure.id}:{occasion.kind}",
            raised_at=now,
            expires_at=now + timedelta(days=1),
        )
        ways = (
            (Channel.PUSH, "token-1", "Pixel 8"),
            (Channel.SMS, "+212661123456", "+212661123456"),
        )
        return Planned(
            alert=alert,
            deliveries=tuple(
                Delivery(
                    id=new_id(),
                    alert=alert.id,
                    user=user.id,
                    channel=channel,
                    address=address,
                    label=label,
                    locale=user.locale,
                    due_at=now,
                    expires_at=alert.expires_at,
                    updated_at=now,
                )
                for channel, address, label in ways
            ),
        )


class CodeAndReference:
    """Implements `AlertTexts`."""

    def text(self, alert: Alert, locale: Locale) -> str:
        return f"{locale} {alert.kind} {alert.facts.reference}"
