"""What a broker may do on a company's files, by the mandates that the company gave it: a function of time.

While a mandate is in force the broker works on the files that name it. Once it has expired, on those that it had been
named on before, until they are final. Once it was revoked, it reads these and nothing more. Never granted: no file.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import Mandate, Role
from portnet.domain.catalogue import Status
from portnet.domain.dossier import Dossier
from portnet.domain.submission import NotDone, Person

#: From how long before its end a mandate is shown to be ending.
ENDING = timedelta(days=30)
#: Whose a step is that waits for a broker, and for whom it waits where no broker may act.
BROKER, _DECLARANT = "BROKER", "DECLARANT"


class MandateState(enum.StrEnum):
    """OFFERED has not begun; ENDING is in force and has less than `ENDING` left."""

    OFFERED = "OFFERED"
    ACTIVE = "ACTIVE"
    ENDING = "ENDING"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


def state_of(mandate: Mandate, at: datetime) -> MandateState:
    if mandate.revoked_at is not None and mandate.revoked_at <= at:
        return MandateState.REVOKED
    if mandate.ends_at is not None and mandate.ends_at <= at:
        return MandateState.EXPIRED
    if at < mandate.starts_at:
        return MandateState.OFFERED
    ending = mandate.ends_at is not None and mandate.ends_at - ENDING <= at
    return MandateState.ENDING if ending else MandateState.ACTIVE


class Lapse(enum.StrEnum):
    """Why a broker may not do what it asked for, where it may know why."""

    MANDATE_EXPIRED = "MANDATE_EXPIRED"
    MANDATE_REVOKED = "MANDATE_REVOKED"
    #: The mandate is in force, but not for procedures of this kind.
    MANDATE_SCOPE = "MANDATE_SCOPE"


class NoMandate(msgspec.Struct, frozen=True, kw_only=True):
    """``since`` is when the mandate ended, or for a kind that it leaves out, when it began."""

    lapse: Lapse
    since: datetime


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker has on a file: ``mandates`` are those that give it, the one that ends last first; at least one.

    ``lapse`` is None while one is in force; ``since`` is when that ended.
    """

    mandates: tuple[Mandate, ...]
    lapse: Lapse | None = None
    since: datetime | None = None

    @property
    def hears(self) -> bool:
        """Whether what happens on the file is still told; once revoked, it may only be looked up."""
        return self.lapse is not Lapse.MANDATE_REVOKED


def hold_of(
    dossier: Dossier, broker: str, mandates: Iterable[Mandate], at: datetime
) -> Hold | None:
    """What ``broker`` has on ``dossier``; None when the file is not there for it."""
    if dossier.broker != broker:
        return None
    own = [m for m in mandates if _joins(m, dossier.company, broker) and m.starts_at <= at]
    in_force = [m for m in own if m.covers(at)]
    if in_force:
        return Hold(mandates=_last_first(in_force))
    named = dossier.broker_since or dossier.opened_at
    lodged = [m for m in own if m.starts_at < _end(m) and named < _end(m)]
    if not lodged:
        return None
    withdrawn = _withdrawn(own, at)
    expired = [m for m in lodged if not _is_revoked(m, at) and not _outlived(m, withdrawn)]
    if expired:
        last = _last_first(expired)
        return Hold(mandates=last, lapse=Lapse.MANDATE_EXPIRED, since=last[0].ends_at)
    return Hold(
        mandates=_last_first(lodged), lapse=Lapse.MANDATE_REVOKED, since=max(withdrawn, default=at)
    )


def may_act(
    dossier: Dossier, code: str, company: str, mandates: Sequence[Mandate], at: datetime
) -> NoMandate | NotDone | None:
    """Why ``company`` may not act in the dossier's procedures of ``code``; None when it may."""
    if company == dossier.company:
        return None
    hold = hold_of(dossier, company, mandates, at)
    if hold is None:
        return NotDone.NOT_FOUND
    final = dossier.status is Status.DONE
    if hold.lapse is not None and hold.since is not None and (final or not hold.hears):
        return NoMandate(lapse=hold.lapse, since=hold.since)
    return _in_scope(hold.mandates, code)


def may_begin(
    company: str, code: str, broker: str, mandates: Sequence[Mandate], at: datetime
) -> NoMandate | NotDone | None:
    """Why ``broker`` may not begin a procedure of ``code`` for ``company``; None when it may.

    A company begins its own.
    """
    if broker == company:
        return None
    begun = [m for m in mandates if _joins(m, company, broker) and m.starts_at <= at]
    in_force = [m for m in begun if m.covers(at)]
    if in_force:
        return _in_scope(in_force, code)
    over = [m for m in begun if m.starts_at < _end(m)]
    if not over:
        return NotDone.NOT_FOUND
    last = max(over, key=_end)
    revoked = last.revoked_at is not None and last.revoked_at <= _end(last)
    lapse = Lapse.MANDATE_REVOKED if revoked else Lapse.MANDATE_EXPIRED
    return NoMandate(lapse=lapse, since=_end(last))


def working_on(dossier: Dossier, person: Person) -> Person:
    """``person`` as they stand in ``dossier``: a broker's people are declarants there, whatever they are at home, and
    never decide for their client.
    """
    if person.company == dossier.company:
        return person
    roles = person.roles & {Role.DECLARANT}
    return msgspec.structs.replace(person, company=dossier.company, roles=roles, alone=False)


def as_held(dossier: Dossier, mandates: Iterable[Mandate], at: datetime) -> Dossier:
    """``dossier`` as it is shown at ``at``: what waits for a broker who may not act waits for the declarant."""
    if dossier.what_now.holder != BROKER:
        return dossier
    hold = hold_of(dossier, dossier.broker, mandates, at) if dossier.broker else None
    if hold is not None and hold.hears:
        return dossier
    advice = msgspec.structs.replace(dossier.what_now, holder=_DECLARANT)
    return msgspec.structs.replace(dossier, what_now=advice)


def clients_of(broker: str, mandates: Iterable[Mandate], at: datetime) -> frozenset[str]:
    """The companies of whose files ``broker`` may still hear: phones keep these."""
    begun = [m for m in mandates if m.broker == broker and m.starts_at <= at]
    kept = (m for m in begun if not _is_revoked(m, at))
    return frozenset(
        m.company
        for m in kept
        if m.covers(at)
        or not _outlived(m, _withdrawn((r for r in begun if r.company == m.company), at))
    )


def _in_scope(mandates: Sequence[Mandate], code: str) -> NoMandate | None:
    if any(m.kinds is None or code in m.kinds for m in mandates):
        return None
    return NoMandate(lapse=Lapse.MANDATE_SCOPE, since=min(m.starts_at for m in mandates))


def _joins(mandate: Mandate, company: str, broker: str) -> bool:
    return mandate.company == company and mandate.broker == broker


def _end(mandate: Mandate) -> datetime:
    """Of a mandate that is over or has an end."""
    return min(end for end in (mandate.ends_at, mandate.revoked_at) if end is not None)


def _is_revoked(mandate: Mandate, at: datetime) -> bool:
    return mandate.revoked_at is not None and mandate.revoked_at <= at


def _withdrawn(mandates: Iterable[Mandate], at: datetime) -> list[datetime]:
    """When the company took mandates back that had begun."""
    return [
        m.revoked_at
        for m in mandates
        if m.revoked_at is not None and m.starts_at < m.revoked_at <= at
    ]


def _outlived(expired: Mandate, withdrawn: Sequence[datetime]) -> bool:
    """Whether the company has taken a mandate back since this one expired: then it ends what this one left, too."""
    return any(expired.ends_at is None or at >= expired.ends_at for at in withdrawn)


def _last_first(mandates: Iterable[Mandate]) -> tuple[Mandate, ...]:
    """One that never ends comes first."""
    return tuple(
        sorted(
            mandates,
            key=lambda m: (m.ends_at is None, m.ends_at or m.starts_at, m.id),
            reverse=True,
        )
    )
