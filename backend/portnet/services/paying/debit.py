"""Finance answers our own question about a payment in doubt: was the account debited? It clears up nothing itself."""

from __future__ import annotations

import hashlib

from portnet.domain.access import Viewer
from portnet.domain.catalogue import Catalogue
from portnet.domain.filing import hearers
from portnet.domain.paying.debit import ANSWERING, Debit, answer_message, answered
from portnet.domain.paying.obligation import in_doubt
from portnet.domain.request import InformationRequest, RequestKind
from portnet.domain.submission import NotDone
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.reading import RequestReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitOfWork, UnitsOfWork
from portnet.services.identity.person import person_of
from portnet.services.intake import Intake


class Debits:
    """The use case of the answer; done once for each key."""

    def __init__(
        self,
        units: UnitsOfWork,
        catalogue: Catalogue,
        requests: RequestReader,
        intake: Intake,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._requests = requests
        self._intake = intake
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups

    async def answer(
        self, viewer: Viewer, key: str, request: str, expected_version: int, debit: Debit
    ) -> InformationRequest | NotDone:
        """Say what the account shows. While the doubt lasts, who looked again may say so again."""
        known = await self._requests.requests_by_id(viewer, self._clock.now(), [request])
        if request not in known or known[request].kind is not RequestKind.DEBITED:
            return NotDone.NOT_FOUND
        said = f"{request}\0{expected_version}\0{debit}"
        fingerprint = hashlib.sha256(said.encode()).hexdigest()
        async with self._units() as work:
            done = await work.done(viewer.user, key)
            if done is not None:
                return known[request] if done.fingerprint == fingerprint else NotDone.KEY_REUSED
            outcome = await self._answered(
                work, viewer, known[request].procedure, request, expected_version, debit
            )
            if isinstance(outcome, NotDone):
                return outcome
            now = self._clock.now()
            work.add(
                MutationDone(
                    user=viewer.user, key=key, subject=request, fingerprint=fingerprint, at=now
                )
            )
            self._wakeups.feeds(await work.commit())
        return outcome

    async def _answered(
        self,
        work: UnitOfWork,
        viewer: Viewer,
        id: str,
        request: str,
        expected_version: int,
        debit: Debit,
    ) -> InformationRequest | NotDone:
        now = self._clock.now()
        files = await work.file(id)
        if files is None:
            return NotDone.NOT_FOUND
        procedure = next(p for p in files.procedures if p.id == id)
        dossier = files.dossiers[procedure.dossier]
        if viewer.company not in hearers(dossier, files.mandates, now):
            return NotDone.NOT_FOUND
        person = await person_of(work, viewer)
        if viewer.company != dossier.company or not (person.alone or person.roles & ANSWERING):
            # The account is the company's own: its broker cannot see it.
            return NotDone.NOT_YOURS
        asked = await work.request(request)
        if asked is None or asked.version != expected_version:
            return NotDone.STALE_VERSION
        if not in_doubt(procedure):
            return NotDone.NOT_NOW
        message = answer_message(procedure, request, debit, viewer.user, self._ids.new(), now)
        folded = answered(procedure, files.entries, self._ids.new(), message)
        work.add(
            *self._intake.applied(files, message, folded, now),
            AuditDraft(
                company=dossier.company,
                at=now,
                actor=f"user:{viewer.user}",
                action=f"payment.debited.{debit.value.lower()}",
                subject=f"{dossier.id}/{request}",
            ),
        )
        return next(r for r in folded.requests if r.id == request)
