"""Receive a paper's bytes, in as many parts as the network makes of them, and store what is as it was announced.

What is refused says why; nothing half-sent is lost before the paper expires, nothing is kept that was not announced.
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from portnet.domain.access import Viewer
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.document import (
    SNIFFED,
    Document,
    DocumentState,
    Scan,
    WrongContent,
    sniff,
    wrong_with,
)
from portnet.domain.events import DocumentStored, Record, company_audience
from portnet.domain.filing import hearers
from portnet.domain.folding import refresh
from portnet.ports.clock import Clock, Ids
from portnet.ports.declaring.documents import (
    Attachments,
    DocumentReader,
    NoRoom,
    OffsetMoved,
    ScannerFailed,
)
from portnet.ports.live import Wakeups
from portnet.ports.reading import AccountReader
from portnet.ports.unit_of_work import AuditDraft, UnitOfWork, UnitsOfWork


class Refused(enum.StrEnum):
    """Why bytes are not taken."""

    UNKNOWN = "UNKNOWN"
    EXPIRED = "EXPIRED"
    OFFSET_MOVED = "OFFSET_MOVED"
    TOO_LARGE = "TOO_LARGE"
    NO_ROOM = "NO_ROOM"
    WRONG_LENGTH = WrongContent.WRONG_LENGTH.value
    WRONG_HASH = WrongContent.WRONG_HASH.value
    WRONG_TYPE = WrongContent.WRONG_TYPE.value
    INFECTED = "INFECTED"
    NOT_SCANNED_YET = "NOT_SCANNED_YET"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a paper has come; ``stored`` once it is whole and checked."""

    document: Document
    received: int

    @property
    def stored(self) -> bool:
        return self.document.state is DocumentState.STORED


class Receiving:
    """The use cases of a paper's bytes."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: DocumentReader,
        attachments: Attachments,
        accounts: AccountReader,
        catalogue: Catalogue,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._reader = reader
        self._attachments = attachments
        self._accounts = accounts
        self._catalogue = catalogue
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def progress(self, document: str) -> Progress | Refused:
        """Where a sending may go on."""
        known = await self._reader.awaited(document)
        if known is None:
            return Refused.UNKNOWN
        if known.state is DocumentState.STORED:
            return Progress(document=known, received=known.bytes)
        if known.state is DocumentState.REFUSED:
            return Refused.INFECTED
        if not known.awaited(self._clock.now()):
            return Refused.EXPIRED
        return Progress(document=known, received=await self._attachments.received(document))

    async def restart(self, progress: Progress) -> Progress:
        """Forget what had come: the sender begins anew."""
        await self._attachments.drop(progress.document.id)
        return msgspec.structs.replace(progress, received=0)

    async def append(self, progress: Progress, data: bytes) -> Progress | Refused:
        """Add ``data`` to what had come."""
        document, before = progress.document, progress.received
        if before + len(data) > document.bytes:
            await self._attachments.drop(document.id)
            return Refused.TOO_LARGE
        if before == 0 and len(data) >= SNIFFED and sniff(data) != document.media_type:
            return Refused.WRONG_TYPE
        try:
            received = await self._attachments.append(document.id, before, data)
        except OffsetMoved:
            return Refused.OFFSET_MOVED
        except NoRoom:
            return Refused.NO_ROOM
        return msgspec.structs.replace(progress, received=received)

    async def complete(self, progress: Progress) -> Progress | Refused:
        """Check what came, and store it if it is all that was announced; one that is not whole stays as it is."""
        document = progress.document
        if progress.stored or progress.received < document.bytes:
            return progress
        examined = await self._attachments.examine(document.id)
        wrong = wrong_with(document, examined)
        if wrong is not None:
            # Somebody else may have stored it meanwhile, and what came is not there any more.
            current = await self._reader.awaited(document.id)
            if current is not None and current.state is DocumentState.STORED:
                return Progress(document=current, received=current.bytes)
            await self._attachments.drop(document.id)
            return Refused(wrong.value)
        try:
            scan = await self._attachments.scan(document.id)
            if scan is not Scan.INFECTED:
                await self._attachments.keep(document.id, document.sha256)
        except ScannerFailed:
            return Refused.NOT_SCANNED_YET
        except (NoRoom, FileNotFoundError):
            return Refused.NO_ROOM
        stored = await self._settle(document.id, scan)
        await self._attachments.drop(document.id)
        if stored.state is DocumentState.STORED:
            return Progress(document=stored, received=stored.bytes)
        return Refused.INFECTED if stored.state is DocumentState.REFUSED else Refused.EXPIRED

    async def content(
        self, document: str, viewer: Viewer, now: datetime
    ) -> tuple[Document, bytes] | None:
        """A stored paper that ``viewer`` may still see, in a session that lives; None for any other."""
        if not await self._accounts.session_alive(viewer.session, now):
            return None
        known = (await self._reader.documents_by_id(viewer, now, [document])).get(document)
        content = None if known is None else await self._attachments.content(known.sha256)
        return None if known is None or content is None else (known, content)

    async def _settle(self, id: str, scan: Scan) -> Document:
        """Write what became of a paper; as it is when somebody else has."""
        now = self._clock.now()
        async with self._units() as work:
            known = await work.document(id)
            if known is None:
                raise LookupError(f"{id} came and is missing")
            if known.state is not DocumentState.OPEN:
                return known
            clean = scan is not Scan.INFECTED
            settled = msgspec.structs.replace(
                known,
                state=DocumentState.STORED if clean else DocumentState.REFUSED,
                scan=scan,
                stored_at=now if clean else None,
            )
            work.add(settled, _audit(settled, now))
            if clean and settled.subject.procedure is not None:
                await self._tell(work, settled, settled.subject.procedure, now)
            self._wakeups.feeds(await work.commit())
        return settled

    async def _tell(
        self, work: UnitOfWork, document: Document, procedure: str, now: datetime
    ) -> None:
        """The file shows it from now on: a new version of the procedure and its dossier, for everybody who follows."""
        files = await work.file(procedure)
        if files is None:
            raise LookupError(f"{document.id} is of a procedure that is missing")
        known = next(p for p in files.procedures if p.id == procedure)
        renewed = msgspec.structs.replace(known, updated_at=now, version=known.version + 1)
        others = [p for p in files.of(known.dossier) if p.id != procedure]
        dossier = refresh(self._catalogue, files.dossiers[known.dossier], [*others, renewed], now)
        work.add(
            renewed,
            dossier,
            Record(
                id=self._ids.new(),
                at=now,
                event=DocumentStored(document=document),
                subject=dossier.id,
                procedure=procedure,
                audiences=tuple(map(company_audience, hearers(dossier, files.mandates, now))),
            ),
        )


def _audit(document: Document, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=document.subject.company,
        at=now,
        actor=f"user:{document.sent_by}",
        action=f"document.{document.state.value.lower()}",
        subject=f"{document.id}/{document.sha256}",
    )
