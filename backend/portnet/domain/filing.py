"""Where an agency message belongs: on procedures that we know, on a new one, or nowhere yet.

Files also start elsewhere: a broker files a DUM in BADR and nobody told us. A message that may open its procedure and
names a company that we know opens it, in the dossier that shares a reference, else in a new one. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Company, Mandate
from portnet.domain.agency import AgencyEvent, Classifier, Reference
from portnet.domain.alerts import Alert, Recipient
from portnet.domain.catalogue import Catalogue, Definition, Status
from portnet.domain.desk.anomaly import CLOCK_SKEW, Anomaly, AnomalyReason
from portnet.domain.dossier import Dossier
from portnet.domain.identity.mandate import hold_of
from portnet.domain.outgoing import SUBMISSION
from portnet.domain.procedure import Entry, Procedure, may_send

#: Boxes travel again: a container ties two procedures together only while the first dossier is not done.
_REUSED_SCHEMES = frozenset({"CONTAINER"})
#: A message may name thousands of references; its anomaly names the first.
_NAMED_IN_DETAIL = 20


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A reference that a procedure is known by."""

    dossier: str
    procedure: str
    ref: Reference


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what a message touches that touches very many procedures; each part is a transaction of its own.

    ``after`` is where the next part goes on; ``more`` whether there may be one; ``begun`` whether an earlier one found
    anything.
    """

    after: str
    more: bool
    begun: bool


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a message's references and parties, read under their locks.

    ``entries`` are those of the dossiers' procedures that carry the message's code, and of their payments where the
    message says that something is paid; ``anomalies`` the unsettled ones of
    those entries and of the message itself; ``people`` the active members of the companies and of the dossiers'
    brokers, with their live devices; ``attached`` the dossier to which the help desk filed the message.

    ``targets`` are the entries of the message that this one amends; ``told`` the alerts of the dossiers, where some may
    have to be corrected; ``awaited`` says that a message waits for this one; ``batch`` that these are not all.
    """

    links: tuple[Link, ...] = ()
    dossiers: Mapping[str, Dossier] = {}
    procedures: tuple[Procedure, ...] = ()
    entries: tuple[Entry, ...] = ()
    companies: tuple[Company, ...] = ()
    mandates: tuple[Mandate, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    people: tuple[Recipient, ...] = ()
    attached: str | None = None
    targets: tuple[Entry, ...] = ()
    told: tuple[Alert, ...] = ()
    awaited: bool = False
    batch: Batch | None = None

    def company(self, ice: str | None) -> Company | None:
        """The subscribed company of that ICE."""
        return next((c for c in self.companies if c.ice == ice), None)

    def of(self, dossier: str) -> list[Procedure]:
        """The procedures of a dossier."""
        return [p for p in self.procedures if p.dossier == dossier]


class OnFile(msgspec.Struct, frozen=True, kw_only=True):
    """The message belongs to these procedures."""

    procedures: tuple[Procedure, ...]


class Opens(msgspec.Struct, frozen=True, kw_only=True):
    """The message opens a procedure for ``company``, in ``dossier`` or in a new one."""

    company: Company
    identity: str
    dossier: Dossier | None


class Unfiled(msgspec.Struct, frozen=True, kw_only=True):
    """The message has no place: ``parked`` when a later reference may give it one."""

    reason: AnomalyReason
    detail: str
    parked: bool = False


Filing = OnFile | Opens | Unfiled


def file(catalogue: Catalogue, files: Files, message: AgencyEvent, now: datetime) -> Filing:
    """Where ``message`` belongs, by what ``files`` knows of its references and parties."""
    definition = catalogue.latest(message.code)
    fault = _inadmissible(definition, message, now)
    if fault is not None or definition is None:
        return fault or Unfiled(reason=AnomalyReason.UNKNOWN_PROCEDURE, detail=message.type)
    operator = message.party("OPERATOR")
    target = files.dossiers.get(files.attached or "")
    if target is not None and message.amends is None and _belongs_to(files, target.id, operator):
        return _attaching(files, target, definition, message)
    if message.amends is not None:
        found = _amended(files)
        if not found:
            return _parked(AnomalyReason.UNMATCHED, message)
    else:
        found = _matching(files, definition, message)
        if not found:
            return _opening(files, definition, message)
    # A box may hold the goods of several companies; the message is about the files of the one that it names.
    own = [p for p in found if _belongs_to(files, p.dossier, operator)]
    if not own:
        return Unfiled(reason=AnomalyReason.OTHER_COMPANY, detail=found[0].identity)
    if any(files.dossiers[p.dossier].sandbox != message.sandbox for p in own):
        return Unfiled(reason=AnomalyReason.SANDBOX_MISMATCH, detail=message.type)
    if message.amends is not None:
        own = _named(own, definition, message)
        if not own:
            return Unfiled(reason=AnomalyReason.OTHER_FILE, detail=message.amends)
    return OnFile(procedures=tuple(own))


def is_foreign(files: Files, dossier: Dossier, message: AgencyEvent) -> bool:
    """Whether ``message`` is about another company than the one that ``dossier`` belongs to, as far as it says.

    It may say so itself, or name a reference that is another company's: only boxes are shared.
    """
    if not _belongs_to(files, dossier.id, message.party("OPERATOR")):
        return True
    keys = {ref.key for ref in message.refs if ref.scheme not in _REUSED_SCHEMES}
    owners = {files.dossiers[link.dossier].company for link in files.links if link.ref.key in keys}
    return bool(owners - {dossier.company})


def hearers(dossier: Dossier, mandates: Sequence[Mandate], at: datetime) -> tuple[str, ...]:
    """The companies whose phones hear of a dossier: its owner, and its broker while a mandate is in force or has just
    expired; see `hold_of`.
    """
    if dossier.broker is None:
        return (dossier.company,)
    hold = hold_of(dossier, dossier.broker, mandates, at)
    heard = hold is not None and hold.hears
    return (dossier.company, dossier.broker) if heard else (dossier.company,)


def linked_by(
    catalogue: Catalogue,
    files: Files,
    message: AgencyEvent,
    procedures: Sequence[Procedure],
    procedure: Procedure,
) -> tuple[Reference, ...]:
    """The references of ``message``, filed on ``procedures``, by which ``procedure`` is known from now on.

    A message that touches several says which of them it names, not that they are one operation; and one that takes
    another back says nothing of its own.
    """
    if len(procedures) > 1 or files.batch is not None or message.amends is not None:
        return ()
    identity = catalogue.definition(procedure.code, procedure.definition).identity
    own = (r for r in message.refs if r.scheme != identity or r.value == procedure.identity)
    return tuple({ref.key: ref for ref in own}.values())


def concerning(files: Files, message: AgencyEvent, procedure: Procedure) -> AgencyEvent:
    """``message`` as ``procedure`` keeps it: of a ship's whole cargo, only what it is known by.

    Two thousand files would else keep two thousand references each; the inbox has the message whole.
    """
    if files.batch is None:
        return message
    own = tuple(link.ref for link in files.links if link.procedure == procedure.id)
    return msgspec.structs.replace(message, refs=own or message.refs[:1])


def _inadmissible(
    definition: Definition | None, message: AgencyEvent, now: datetime
) -> Unfiled | None:
    # What is planned or expected lies ahead by its nature; when it was written does not.
    actual = message.classifier is Classifier.ACT
    said_at = message.occurred_at if actual else message.created_at
    if said_at is not None and said_at > now + CLOCK_SKEW:
        at = said_at.isoformat()
        return Unfiled(reason=AnomalyReason.FROM_THE_FUTURE, detail=at)
    if definition is None:
        return Unfiled(reason=AnomalyReason.UNKNOWN_PROCEDURE, detail=message.type)
    if message.event in definition.events() and not may_send(
        definition, message.source, message.event
    ):
        detail = f"{message.source} sends {message.type}"
        return Unfiled(reason=AnomalyReason.NOT_THAT_SOURCE, detail=detail)
    return None


def _matching(files: Files, definition: Definition, message: AgencyEvent) -> list[Procedure]:
    """By the references that name procedures when the message has any, else by those that it shares."""
    own = [p for p in files.procedures if p.code == message.code]
    identities = message.references(definition.identity)
    if identities:
        named = [p for p in own if p.identity in identities]
        return named or _named_now(own, message, identities)
    keys = _keys(message)
    linked = {link.procedure for link in files.links if _ties(files, link, keys)}
    return [p for p in own if p.id in linked]


def _amended(files: Files) -> list[Procedure]:
    """Where the amended message is, whatever references the amending one names."""
    targets = {entry.procedure for entry in files.targets}
    return [p for p in files.procedures if p.id in targets]


def _named(
    procedures: Sequence[Procedure], definition: Definition, message: AgencyEvent
) -> list[Procedure]:
    """Without those of another kind, or of another name where the message has a name."""
    identities = message.references(definition.identity)
    own = (p for p in procedures if p.code == message.code)
    return [p for p in own if not identities or p.identity in identities]


def _named_now(
    own: Sequence[Procedure], message: AgencyEvent, identities: frozenset[str]
) -> list[Procedure]:
    """One that we sent off goes by the reference it left under until its agency names it."""
    left_as = message.reference(SUBMISSION)
    return [
        msgspec.structs.replace(p, identity=min(identities)) for p in own if p.identity == left_as
    ]


def _attaching(
    files: Files, dossier: Dossier, definition: Definition, message: AgencyEvent
) -> Filing:
    """A person said whose file it is: the message need not name a company or a known reference; all else must fit."""
    if dossier.sandbox != message.sandbox:
        return Unfiled(reason=AnomalyReason.SANDBOX_MISMATCH, detail=message.type)
    own = [p for p in files.of(dossier.id) if p.code == message.code]
    identity = message.reference(definition.identity)
    exact = tuple(p for p in own if p.identity == identity)
    if exact:
        return OnFile(procedures=exact)
    company = next((c for c in files.companies if c.id == dossier.company), None)
    opens = message.event in definition.opened_by and message.classifier is Classifier.ACT
    if opens and identity is not None and company is not None:
        return Opens(company=company, identity=identity, dossier=dossier)
    if len(own) == 1:
        return OnFile(procedures=tuple(own))
    return Unfiled(reason=AnomalyReason.UNMATCHED, detail=f"{len(own)} {message.code}")


def _opening(files: Files, definition: Definition, message: AgencyEvent) -> Opens | Unfiled:
    if message.event not in definition.events():
        return Unfiled(reason=AnomalyReason.UNKNOWN_EVENT, detail=message.type)
    identity = message.reference(definition.identity)
    actual = message.classifier is Classifier.ACT
    if message.event not in definition.opened_by or identity is None or not actual:
        return _parked(AnomalyReason.UNMATCHED, message)
    operator = message.party("OPERATOR")
    if operator is None:
        return _parked(AnomalyReason.UNMATCHED, message)
    company = files.company(operator)
    if company is None:
        return _parked(AnomalyReason.COMPANY_UNKNOWN, message)
    if company.sandbox != message.sandbox:
        return Unfiled(reason=AnomalyReason.SANDBOX_MISMATCH, detail=message.type)
    return Opens(
        company=company, identity=identity, dossier=shared_dossier(files, message, company)
    )


def shared_dossier(files: Files, message: AgencyEvent, company: Company) -> Dossier | None:
    """The oldest dossier of ``company`` that shares a reference with the message."""
    keys = _keys(message)
    tied = {link.dossier for link in files.links if _ties(files, link, keys)}
    own = [d for d in files.dossiers.values() if d.id in tied and d.company == company.id]
    return min(own, key=lambda d: (d.opened_at, d.id), default=None)


def _keys(message: AgencyEvent) -> frozenset[str]:
    return frozenset(ref.key for ref in message.refs)


def _ties(files: Files, link: Link, keys: frozenset[str]) -> bool:
    if link.ref.key not in keys:
        return False
    if link.ref.scheme not in _REUSED_SCHEMES:
        return True
    return files.dossiers[link.dossier].status is not Status.DONE


def _belongs_to(files: Files, dossier: str, ice: str | None) -> bool:
    owner = files.dossiers[dossier].company
    return ice is None or any(c.id == owner and c.ice == ice for c in files.companies)


def _parked(reason: AnomalyReason, message: AgencyEvent) -> Unfiled:
    refs = ", ".join(f"{ref.scheme} {ref.value}" for ref in message.refs[:_NAMED_IN_DETAIL])
    return Unfiled(reason=reason, detail=message.amends or refs, parked=True)
