"""Save a draft field by field: each patch is one transaction, applied whole or not at all, once for each key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.catalogue import Catalogue, Definition
from portnet.domain.declaring.drafting import (
    LARGEST_CONTENT,
    Conflict,
    DraftSaved,
    Patch,
    PatchFault,
    Writer,
    conflicts,
    content_of,
    expanded,
    faults,
    stamps,
    values_of,
    written,
)
from portnet.domain.declaring.form import Form, Forms
from portnet.domain.declaring.reading import references_of
from portnet.domain.events import Event, Record, SubmissionChanged, submission_audiences
from portnet.domain.identity.mandate import NoMandate, may_begin
from portnet.domain.submission import ENVELOPE, NotDone, Submission, as_draft, draft
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import (
    AuditDraft,
    DraftCase,
    MutationDone,
    UnitOfWork,
    UnitsOfWork,
)
from portnet.services.approving.following import Following
from portnet.services.identity.person import among

#: A draft without answers, before its first patch.
_EMPTY = content_of({})


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's patch of a draft. ``key`` and ``id`` are made by the app.

    ``base_version`` is the last version of the draft that the app has read, 0 for one that it has just made. ``queue``
    names the app's own queue of patches: what it wrote itself never conflicts.
    """

    key: str
    id: str
    kind: str
    company: str
    form_version: int
    base_version: int
    patch: tuple[Patch, ...]
    queue: str

    @property
    def fingerprint(self) -> str:
        """Of all that is asked; ``base_version`` is left out, because an app that reads the draft again asks for the
        same.
        """
        asked = (self.id, self.kind, self.company, self.form_version, self.patch)
        return hashlib.sha256(b"save\0" + msgspec.json.encode(asked)).hexdigest()


class Overtaken(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing of the patch was applied: others changed the same fields. ``current`` is the draft as it is."""

    current: Submission
    conflicts: tuple[Conflict, ...]


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The draft cannot be written in now, and as it is it stays."""

    why: NotDone | NoMandate
    current: Submission | None = None


Saved = Submission | Overtaken | Refused | tuple[PatchFault, ...]


class Drafts:
    """The use case of saving."""

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        forms: Forms,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        following: Following,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._forms = forms
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._following = following

    async def save(self, viewer: Viewer, saving: Saving) -> Saved:
        """Apply a patch, and begin the draft with its first one.

        The first answer of a key is final where something was saved; a conflict or a refusal may be tried again under
        the same key.
        """
        form = self._forms.form(saving.kind, saving.form_version)
        if form is None or self._catalogue.latest(saving.kind) is None:
            return (PatchFault(path="formVersion", code="UNKNOWN"),)
        if found := faults(form, saving.patch):
            return found
        now = self._clock.now()
        async with self._units() as work:
            case = await work.draft(
                viewer, saving.key, saving.id, saving.company, saving.base_version
            )
            known = case.draft
            lapsed = _lapsed(viewer, saving, case, now)
            if lapsed is not None:
                return Refused(why=lapsed)
            if case.done is not None:
                same = case.done.fingerprint == saving.fingerprint and known is not None
                return known if same and known else Refused(why=NotDone.KEY_REUSED, current=known)
            outcome = self._decide(work, viewer, saving, form, case, now)
            if not isinstance(outcome, Submission):
                return outcome
            work.add(_done(viewer, saving, now))
            if known is not None and known.state != outcome.state:
                # Whoever approved what is written over hears that their yes is void.
                changes = await self._following.follow(
                    work, known, outcome, "reopen", viewer.user, now
                )
                work.add(*changes)
            self._wakeups.feeds(await work.commit())
        return outcome

    def _decide(
        self,
        work: UnitOfWork,
        viewer: Viewer,
        saving: Saving,
        form: Form,
        case: DraftCase,
        now: datetime,
    ) -> Saved:
        known = case.draft
        if saving.base_version > (known.version if known else 0):
            return (PatchFault(path="baseVersion", code="UNKNOWN"),)
        if known is not None and known.target != saving.kind:
            return (PatchFault(path="kind", code="UNKNOWN"),)
        values = values_of(known.content) if known else {}
        changes = expanded(values, saving.patch)
        writer = Writer(user=viewer.user, queue=saving.queue)
        if known is not None and (lost := conflicts(values, changes, case.later, writer)):
            return Overtaken(current=known, conflicts=lost)
        if known is not None and not changes:
            return known
        opened = self._opened(viewer, saving, case, now)
        if isinstance(opened, NotDone):
            return Refused(why=opened, current=known)
        return self._saved(work, opened, saving, form, changes, writer, opened != known, now)

    def _opened(
        self, viewer: Viewer, saving: Saving, case: DraftCase, now: datetime
    ) -> Submission | NotDone:
        """The draft to write in: a new one, or what was checked, approved or rejected as a draft again."""
        person = among(case.people, viewer, reads_only=case.reads_only)
        if case.draft is not None:
            envelope = self._catalogue.definition(ENVELOPE, case.draft.envelope)
            return as_draft(envelope, case.draft, person, now)
        envelope = self._envelope()
        return draft(
            envelope, person, saving.id, saving.kind, _EMPTY, (), now, company=saving.company
        )

    def _saved(
        self,
        work: UnitOfWork,
        opened: Submission,
        saving: Saving,
        form: Form,
        changes: Sequence[Patch],
        writer: Writer,
        moved: bool,
        now: datetime,
    ) -> Submission | tuple[PatchFault, ...]:
        saved = DraftSaved(
            submission=opened.id,
            version=opened.version + 1,
            by=writer.user,
            queue=writer.queue,
            form_version=max(opened.form_version, saving.form_version),
            refs=opened.refs,
            patch=tuple(changes),
        )
        after = written(opened, saved, now)
        if len(after.content.encode()) > LARGEST_CONTENT:
            return (PatchFault(path="patch", code="CONTENT_TOO_LARGE"),)
        saved = msgspec.structs.replace(saved, refs=references_of(form, values_of(after.content)))
        after = written(opened, saved, now)
        if moved:
            # Nobody is told of it: what follows in the same transaction tells it.
            work.add(self._record(SubmissionChanged(submission=opened), opened, (), now))
        work.add(
            after,
            *stamps(saved, now),
            self._record(saved, after, submission_audiences(after), now),
            _audited(after, now),
        )
        return after

    def _record(
        self, event: Event, draft: Submission, audiences: tuple[str, ...], now: datetime
    ) -> Record:
        return Record(
            id=self._ids.new(), at=now, event=event, subject=draft.id, audiences=audiences
        )

    def _envelope(self) -> Definition:
        envelope = self._catalogue.latest(ENVELOPE)
        if envelope is None:
            raise LookupError("the catalogue has no envelope")
        return envelope


def _lapsed(
    viewer: Viewer, saving: Saving, case: DraftCase, now: datetime
) -> NotDone | NoMandate | None:
    """Why the viewer may not write for the company that was named; None when they may."""
    if case.draft is not None and case.draft.company != saving.company:
        return NotDone.NOT_FOUND
    if case.draft is not None and viewer.company not in (case.draft.company, case.draft.broker):
        return NotDone.NOT_FOUND
    return may_begin(saving.company, saving.kind, viewer.company, case.mandates, now)


def _done(viewer: Viewer, saving: Saving, now: datetime) -> MutationDone:
    return MutationDone(
        user=viewer.user,
        key=saving.key,
        subject=saving.id,
        fingerprint=saving.fingerprint,
        at=now,
    )


def _audited(draft: Submission, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=draft.company,
        at=now,
        actor=f"user:{draft.author}",
        action="submission.save",
        subject=f"{draft.id}/{draft.content_hash}",
    )
