"""The papers' room: their records, their files, the scanner, and the links under which they travel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from portnet.domain.access import Viewer
from portnet.domain.catalogue import Catalogue
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.security.keys import derive_key
from portnet.security.links import SignedLinks
from portnet.services.declaring.document import Documents, Sight
from portnet.services.declaring.receiving import Receiving
from portnet.storage.attachments.files import FileAttachments
from portnet.storage.attachments.scanning import CommandScanner, NoScanner
from portnet.storage.engines import Database, DatabaseError
from portnet.storage.repositories.account import AccountRepository
from portnet.storage.repositories.declaring.document import DocumentRepository
from portnet.storage.repositories.dossier import DossierRepository
from portnet.storage.repositories.request import RequestRepository
from portnet.storage.repositories.submission import SubmissionRepository
from portnet_server.config import Config
from portnet_server.web.rest.contents import Contents
from portnet_server.web.rest.uploads import Uploads

_logger = logging.getLogger(__name__)

#: How long a link to a paper's content is good: enough to open it on a slow network.
_CONTENT_LIFETIME = timedelta(minutes=5)
_SWEEP_SECONDS = 300.0


class DocumentLinks:
    """Implements `Links`, and reads what it made."""

    def __init__(self, public_url: str, uploads: SignedLinks, contents: SignedLinks) -> None:
        self._url = public_url
        self._uploads = uploads
        self._contents = contents

    def upload(self, document: str) -> str:
        return f"{self._url}/uploads/{self._uploads.make(document)}"

    def content(self, document: str, viewer: Viewer, now: datetime) -> str:
        token = self._contents.make(
            document,
            viewer.user,
            viewer.company,
            viewer.session,
            "sandbox" if viewer.sandbox else "",
            until=now + _CONTENT_LIFETIME,
        )
        return f"{self._url}/documents/{token}"

    def read_upload(self, token: str, now: datetime) -> str | None:
        """The paper whose bytes are put there."""
        match self._uploads.read(token, now):
            case (document,):
                return document
            case _:
                return None

    def read_content(self, token: str, now: datetime) -> tuple[str, Viewer] | None:
        """The paper, and who reads it."""
        match self._contents.read(token, now):
            case (document, user, company, session, sandbox):
                return document, Viewer(
                    user=user,
                    company=company,
                    session=session,
                    sandbox=bool(sandbox),
                    session_expires_at=now,
                )
            case _:
                return None


class DocumentRoom:
    """What the web and the schema need of papers."""

    def __init__(
        self,
        config: Config,
        secret: bytes,
        database: Database,
        units: UnitsOfWork,
        catalogue: Catalogue,
        kinds: Callable[[], Collection[str]],
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        def signed(purpose: str) -> SignedLinks:
            previous = [derive_key(old, purpose) for old in config.previous_secrets]
            return SignedLinks(derive_key(secret, purpose), previous)

        self.links = DocumentLinks(
            config.public_url, signed("upload links"), signed("document links")
        )
        command = config.scanner_command
        scanner = CommandScanner(command) if command else NoScanner()
        attachments = FileAttachments(config.attachments_dir, scanner)
        reader = DocumentRepository(database)
        accounts = AccountRepository(database)
        sight = Sight(
            files=DossierRepository(database),
            requests=RequestRepository(database),
            submissions=SubmissionRepository(database),
            accounts=accounts,
        )
        self.documents = Documents(units, reader, attachments, sight, kinds, self.links, clock, ids)
        self.receiving = Receiving(
            units, reader, attachments, accounts, catalogue, clock, ids, wakeups
        )

        self.uploads = Uploads(self.receiving, self.links, clock)
        self.contents = Contents(self.receiving, self.links, clock)

    async def sweep(self) -> None:
        """Forget, again and again, what did not come in time."""
        while True:
            try:
                while await self.documents.sweep():
                    pass
            except (DatabaseError, OSError):
                _logger.warning("papers that never came could not be swept", exc_info=True)
            await asyncio.sleep(_SWEEP_SECONDS)
