"""Papers: announce one, find those that may be seen, forget those that never came. Receiving them is `receiving`'s."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.declaring.document import (
    LIFETIME,
    MOST_ENCLOSED,
    MOST_OPEN,
    Announced,
    Document,
    DocumentFault,
    DocumentState,
    Subject,
    SubjectKind,
    faults_of,
)
from portnet.domain.submission import NotDone
from portnet.ports.clock import Clock, Ids
from portnet.ports.declaring.documents import Attachments, DocumentReader, Links
from portnet.ports.reading import AccountReader, FileReader, RequestReader, SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitsOfWork

#: Papers that one sweep forgets.
_SWEPT = 100


class TooMany(msgspec.Struct, frozen=True, kw_only=True):
    """So many papers of this person's are announced and not sent that another has to wait for them.

    At ``until`` the first of them is given up.
    """

    until: datetime


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """By what is found whether somebody may see what a paper is for."""

    files: FileReader
    requests: RequestReader
    submissions: SubmissionReader
    accounts: AccountReader


class Documents:
    """The use cases of papers, but for their bytes. ``kinds`` gives the codes of papers that are known now."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: DocumentReader,
        attachments: Attachments,
        sight: Sight,
        kinds: Callable[[], Collection[str]],
        links: Links,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._units = units
        self._reader = reader
        self._attachments = attachments
        self._sight = sight
        self._kinds = kinds
        self._links = links
        self._clock = clock
        self._ids = ids

    async def start(
        self, viewer: Viewer, key: str, kind: SubjectKind, subject: str, announced: Announced
    ) -> Document | NotDone | TooMany | tuple[DocumentFault, ...]:
        """Announce a paper for what ``viewer`` sees; done once for each key."""
        if faults := faults_of(announced, self._kinds()):
            return faults
        now = self._clock.now()
        owner = await self._subject(viewer, kind, subject, now)
        if owner is None:
            return NotDone.NOT_FOUND
        fingerprint = _fingerprint(owner, announced)
        waiting = await self._reader.open_until(viewer.user, now)
        async with self._units() as work:
            done = await work.done(viewer.user, key)
            if done is not None:
                known = await work.document(done.subject)
                same = known is not None and done.fingerprint == fingerprint
                return known if known is not None and same else NotDone.KEY_REUSED
            if len(waiting) >= MOST_OPEN:
                return TooMany(until=waiting[0])
            document = _document(self._ids.new(), owner, announced, viewer, now)
            work.add(
                document,
                _audit(document, "announced", f"user:{viewer.user}", now),
                MutationDone(
                    user=viewer.user, key=key, subject=document.id, fingerprint=fingerprint, at=now
                ),
            )
            await work.commit()
        return document

    async def received(self, document: Document) -> int:
        """How many bytes of it are there."""
        if document.state is DocumentState.STORED:
            return document.bytes
        return await self._attachments.received(document.id)

    def upload_url(self, document: Document) -> str:
        """Where its bytes are put."""
        return self._links.upload(document.id)

    def content_url(self, document: Document, viewer: Viewer) -> str:
        """Where ``viewer``, who sees it, reads it for some minutes."""
        return self._links.content(document.id, viewer, self._clock.now())

    async def announced(self, viewer: Viewer, document: str) -> Document | None:
        """What ``viewer`` announced, whatever became of it."""
        return (await self._reader.announced(viewer, [document])).get(document)

    async def stored(self, viewer: Viewer, ids: Sequence[str]) -> Mapping[str, Document]:
        """Those of ``ids`` that are stored and that ``viewer`` may see."""
        return await self._reader.documents_by_id(viewer, self._clock.now(), ids)

    async def enclosed(
        self, viewer: Viewer, ids: Sequence[str | None]
    ) -> tuple[Document, ...] | DocumentFault:
        """Stored papers that ``viewer`` sees, each once, in order; None in ``ids`` is no paper's id."""
        if len(ids) > MOST_ENCLOSED:
            return DocumentFault(path="documents", code="TOO_MANY")
        wanted = list(dict.fromkeys(key or "" for key in ids))
        found = await self.stored(viewer, wanted)
        if len(found) < len(wanted):
            return DocumentFault(path="documents", code="UNKNOWN")
        return tuple(found[key] for key in wanted)

    async def of_subjects(
        self, viewer: Viewer, subjects: Sequence[str]
    ) -> Mapping[str, Sequence[Document]]:
        """Stored papers of declarations, requests or companies, of those that ``viewer`` may see."""
        return await self._reader.of_subjects(viewer, self._clock.now(), subjects)

    async def of_company(self, company: str) -> Sequence[Document]:
        """A company's own stored papers."""
        return await self._reader.of_company(company)

    async def of_procedures(self, procedures: Sequence[str]) -> Mapping[str, Sequence[Document]]:
        """Stored papers of procedures that may be seen."""
        return await self._reader.of_procedures(procedures)

    async def sweep(self) -> int:
        """Forget papers that did not come in time; how many they were."""
        now = self._clock.now()
        expired = await self._reader.expired(now, _SWEPT)
        for paper in expired:
            async with self._units() as work:
                document = await work.document(paper)
                if document is None or document.state is not DocumentState.OPEN:
                    continue
                work.add(
                    msgspec.structs.replace(document, state=DocumentState.EXPIRED),
                    _audit(document, "expired", "clock", now),
                )
                await work.commit()
            await self._attachments.drop(paper)
        return len(expired)

    async def _subject(
        self, viewer: Viewer, kind: SubjectKind, id: str, now: datetime
    ) -> Subject | None:
        if kind is SubjectKind.COMPANY:
            own = id == viewer.company
            return Subject(kind=kind, id=id, company=id) if own else None
        if kind is SubjectKind.DECLARATION:
            return await self._declaration(viewer, id, now)
        procedure = id
        if kind is SubjectKind.REQUEST:
            asked = await self._sight.requests.requests_by_id(viewer, now, [id])
            procedure = asked[id].procedure if id in asked else ""
        files = self._sight.files
        known = (await files.procedures_by_id(viewer, now, [procedure])).get(procedure)
        if known is None:
            return None
        dossiers = await files.dossiers_by_id(viewer, now, [known.dossier])
        dossier = dossiers.get(known.dossier)
        if dossier is None:
            return None
        return Subject(
            kind=kind, id=id, company=dossier.company, dossier=dossier.id, procedure=procedure
        )

    async def _declaration(self, viewer: Viewer, id: str, now: datetime) -> Subject | None:
        """The viewer's company's own, or one of a company that lets it work for it."""
        mandates = await self._sight.accounts.mandates(viewer.company)
        for_them = (m.company for m in mandates if m.broker == viewer.company and m.covers(now))
        for company in dict.fromkeys((viewer.company, *for_them)):
            if await self._sight.submissions.submission(company, id) is not None:
                return Subject(kind=SubjectKind.DECLARATION, id=id, company=company)
        return None


def _document(
    id: str, subject: Subject, announced: Announced, viewer: Viewer, now: datetime
) -> Document:
    return Document(
        id=id,
        subject=subject,
        kind=announced.kind,
        number=announced.number or None,
        media_type=announced.media_type,
        bytes=announced.bytes,
        sha256=announced.sha256,
        state=DocumentState.OPEN,
        sent_by=viewer.user,
        created_at=now,
        expires_at=now + LIFETIME,
    )


def _fingerprint(subject: Subject, announced: Announced) -> str:
    said = msgspec.json.encode((subject.kind.value, subject.id, announced))
    return hashlib.sha256(said).hexdigest()


def _audit(document: Document, what: str, actor: str, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=document.subject.company,
        at=now,
        actor=actor,
        action=f"document.{what}",
        subject=f"{document.id}/{document.sha256}",
    )
