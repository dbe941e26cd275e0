"""The cast of the tests' companies and people, and what agencies say of their goods."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from portnet.catalogue import load_catalogue
from portnet.domain.access import Company, CompanyKind, Mandate, Role, User
from portnet.domain.agency import AgencyEvent, Classifier, Party, Reason, Reference
from portnet.domain.authoring.scenario import Outage, Scenario, Step, Wait, told
from portnet.domain.catalogue import OPERATOR, Catalogue
from portnet.domain.identifiers import normalise
from portnet.scenarios import shipped
from portnet_notifications.catalogue import ALERTS
from tests.support.clock import NOON

#: A file that our own clock closes, unless BADR does it in time.
LAPSING = """
code = "DUM_IMPORT"
version = 2
start = "RECEIVED"
opened_by = ["registered"]
identity = "DUM"
direction = "IMPORT"
phase = "CLEARANCE"
label = { fr = "Essai", ar = "تجربة", en = "Trial" }
transitions = [
    { from = "RECEIVED", event = "registered", to = "WAITING", by = ["BADR"] },
    { from = "WAITING", event = "exited", to = "ENDED", by = ["BADR"], alert = "A11" },
    { from = "WAITING", event = "lapse", to = "LAPSED", by = ["CLOCK"], alert = "A30" },
    { from = "LAPSED", event = "registered", to = "WAITING", by = ["BADR"] },
    { from = "LAPSED", event = "exited", to = "ENDED", by = ["BADR"], alert = "A11" },
    { from = "WAITING", event = "asked", to = "ASKED", by = ["BADR"], alert = "A05" },
    { from = "ASKED", event = "asked", to = "ASKED", by = ["BADR"], alert = "A05" },
    { from = "ASKED", event = "exited", to = "ENDED", by = ["BADR"], alert = "A11" },
]

[states.RECEIVED]
holder = "ADII"
action = "WAIT_AGENCY"
label = { fr = "Reçu", ar = "تم", en = "Received" }
short = { fr = "Reçu", ar = "تم", en = "Received" }

[states.WAITING]
holder = "ADII"
action = "WAIT_AGENCY"
alarm = "4h"
timeout = { after = "72h", event = "lapse" }
label = { fr = "En attente", ar = "انتظار", en = "Waiting" }
short = { fr = "En attente", ar = "انتظار", en = "Waiting" }

[states.ASKED]
holder = "DECLARANT"
action = "ANSWER_REQUEST"
alarm = "20h"
reminders = [{ before = ["24h", "12h", "4h", "1h"], alert = "A05" }]
label = { fr = "Pièce demandée", ar = "مطلوب", en = "Asked" }
short = { fr = "Demandé", ar = "مطلوب", en = "Asked" }

[states.LAPSED]
holder = "DECLARANT"
action = "CORRECT_AND_RESEND"
label = { fr = "Renvoyé", ar = "معاد", en = "Lapsed" }
short = { fr = "Renvoyé", ar = "معاد", en = "Lapsed" }

[states.ENDED]
final = true
outcome = "SUCCESS"
action = "NOTHING"
label = { fr = "Fini", ar = "انتهى", en = "Ended" }
short = { fr = "Fini", ar = "انتهى", en = "Ended" }
"""


class Firm(msgspec.Struct, frozen=True, kw_only=True):
    """A company and its people, one for each of their roles."""

    company: Company
    people: tuple[User, ...]

    @property
    def id(self) -> str:
        return self.company.id

    @property
    def ice(self) -> str:
        return self.company.ice

    def person(self, role: Role) -> User:
        return next(user for user in self.people if role in user.roles)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One message as an agency posts it."""

    source: str
    type: str
    event_id: str
    occurred_at: datetime
    body: bytes

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.body).digest()


def _firm(
    name: str, ice: str, roles: Iterable[Role], kind: CompanyKind = CompanyKind.OPERATOR
) -> Firm:
    company = Company(id=name, kind=kind, name=name.title(), ice=ice, sandbox=True)
    people = tuple(
        User(
            id=f"{name}-{role.value.lower()}",
            company=name,
            login=f"{name}-{role.value.lower()}",
            name=f"{role.value.title()} of {name.title()}",
            roles=(role,),
            locale="fr",
            phone=f"+2126{ice[-2:]}0000{number:02}",
        )
        for number, role in enumerate(roles, start=1)
    )
    return Firm(company=company, people=people)


IMPORTER = _firm("importer", "001561191000066", Role)
BROKER = _firm("broker", "002136093000040", Role, CompanyKind.BROKER)
STRANGER = _firm("stranger", "000230424000025", Role)
#: Of a company that never subscribed.
UNKNOWN_ICE = "001753664000096"

MANDATE = Mandate(
    id="mandate",
    company=IMPORTER.id,
    broker=BROKER.id,
    starts_at=NOON - timedelta(days=365),
    ends_at=NOON + timedelta(days=365),
)


@cache
def catalogue() -> Catalogue:
    """What is published."""
    return load_catalogue(frozenset(ALERTS))


@cache
def lapsing_catalogue() -> Catalogue:
    """What is published, and a newer DUM_IMPORT that lapses."""
    return load_catalogue(frozenset(ALERTS), extra=[LAPSING])


@cache
def scenario(code: str) -> Scenario:
    """A shipped story by its code."""
    return shipped()[code]


def story(code: str, ends_at: datetime = NOON, run: int = 1) -> list[Line]:
    """A shipped story's messages in the order in which they happen, the last one at ``ends_at``.

    Each run has references of its own.
    """
    tale = scenario(code)
    steps = [step for step in tale.steps if isinstance(step, Step)]
    at = ends_at - sum((step.after for step in steps[1:]), timedelta())
    lines: list[Line] = []
    for number, step in enumerate(steps, start=1):
        at += step.after if number > 1 else timedelta()
        lines.append(
            line(
                step.source,
                step.event,
                *(reference(tale.refs[name], run) for name in step.refs),
                at=at,
                event_id=f"{code}-{run}-{number}",
                classifier=step.classifier.value,
                reasons=step.reasons,
                place=step.place,
                due_at=None if step.due_in is None else at + step.due_in,
            )
        )
    return lines


def whole_story(code: str, ends_at: datetime = NOON) -> list[Line]:
    """A shipped story in which the company does all that it is waited for; a second at least between two messages.

    What agencies' systems took of the company's acts comes as our own gateway tells the intake: from OPERATOR.
    """
    tale = scenario(code)
    done = {step.act for step in tale.steps if isinstance(step, Wait)}
    steps = [s for s in tale.steps if not isinstance(s, Outage) and told(s, done)]
    pauses = [max(step.after, timedelta(seconds=1)) for step in steps]
    at = ends_at - sum(pauses, timedelta())
    lines: list[Line] = []
    for number, (step, pause) in enumerate(zip(steps, pauses, strict=True), start=1):
        at += pause
        source, event = (
            (OPERATOR, step.act) if isinstance(step, Wait) else (step.source, step.event)
        )
        names = _named_by(tale, step)
        refs = (reference(tale.refs[name], 1) for name in names)
        reasons = step.reasons if isinstance(step, Step) else ()
        lines.append(
            line(source, event, *refs, at=at, event_id=f"{code}-{number}", reasons=reasons)
        )
    return lines


def _named_by(tale: Scenario, step: Step | Wait) -> Sequence[str]:
    """The references of a message; an act names its procedure."""
    if isinstance(step, Step):
        return step.refs
    definition = catalogue().latest(step.act.partition(".")[0])
    assert definition is not None, step.act
    return [name for name, scheme in tale.refs.items() if scheme == definition.identity]


def reference(scheme: str, run: int) -> str:
    """``SCHEME:value``, another value for each run."""
    match scheme:
        case "DUM":
            return f"DUM:3090102026{run:07}G"
        case "CONTAINER":
            return f"CONTAINER:CSQU{run:07}"
        case _:
            return f"{scheme}:{scheme}-2026-{run:06}"


def line(
    source: str,
    type: str,
    *refs: str,
    at: datetime = NOON,
    event_id: str | None = None,
    operator: str | None = IMPORTER.ice,
    broker: str | None = BROKER.ice,
    **fields: Any,
) -> Line:
    """A message as JSON. ``refs`` are ``SCHEME:value``, ``operator`` and ``broker`` ICEs, ``fields`` as on the wire."""
    named = [("OPERATOR", operator), ("BROKER", broker)]
    content = {
        "event_id": event_id,
        "type": type,
        "occurred_at": at,
        "refs": [dict(zip(("scheme", "value"), ref.split(":", 1), strict=True)) for ref in refs],
        "parties": [{"role": r, "scheme": "ICE", "value": v} for r, v in named if v is not None],
        **fields,
    }
    body = msgspec.json.encode({k: v for k, v in content.items() if v is not None})
    return Line(
        source=source,
        type=type,
        event_id=event_id or hashlib.sha256(body).hexdigest(),
        occurred_at=at,
        body=body,
    )


def said(
    source: str,
    type: str,
    *refs: str,
    at: datetime = NOON,
    received_at: datetime | None = None,
    receipt: str = "r1",
    operator: str | None = IMPORTER.ice,
    broker: str | None = None,
    classifier: Classifier = Classifier.ACT,
    seq: int | None = None,
    due_at: datetime | None = None,
    reasons: Sequence[Reason] = (),
    sandbox: bool = True,
    **fields: Any,
) -> AgencyEvent:
    """A message as the domain reads it. Received when it happened, unless said otherwise."""
    code, _, event = type.partition(".")
    pairs = [ref.split(":", 1) for ref in refs]
    named = [("OPERATOR", operator), ("BROKER", broker)]
    return AgencyEvent(
        receipt=receipt,
        source=source,
        event_id=receipt,
        code=code,
        event=event,
        occurred_at=at,
        received_at=received_at or at,
        refs=tuple(Reference(scheme=s, value=normalise(s, v)) for s, v in pairs),
        classifier=classifier,
        seq=seq,
        due_at=due_at,
        reasons=tuple(reasons),
        parties=tuple(Party(role=r, scheme="ICE", value=v) for r, v in named if v is not None),
        sandbox=sandbox,
        **fields,
    )
