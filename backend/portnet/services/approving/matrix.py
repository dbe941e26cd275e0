"""The company's own rules of what needs whose approval, set by its administrator or manager with a second factor."""

from __future__ import annotations

import hashlib

import msgspec

from portnet.domain.access import Role, Viewer
from portnet.domain.approving.matrix import Matrix, Rule, default_matrix, faults
from portnet.domain.catalogue import Catalogue
from portnet.domain.identity.proof import Need, Proof, Unproven, operation_hash
from portnet.domain.submission import NotDone, Person
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.clock import Clock
from portnet.ports.proofs import Proofs
from portnet.ports.reading import SubmissionReader
from portnet.ports.unit_of_work import AuditDraft, MutationDone, UnitsOfWork
from portnet.services.approving.outcome import Fault, SecondFactorMissing
from portnet.services.identity.person import person_of, refused

#: More rules than there are actions would be a mistake.
MOST_RULES = 200


class Matrices:
    """The use cases of a company's matrix."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: ApprovalReader,
        done: SubmissionReader,
        catalogue: Catalogue,
        proofs: Proofs,
        clock: Clock,
    ) -> None:
        self._units = units
        self._reader = reader
        self._done = done
        self._catalogue = catalogue
        self._proofs = proofs
        self._clock = clock

    async def of(self, company: str) -> Matrix:
        """What holds in the company now."""
        return await self._reader.matrix(company) or default_matrix(self._catalogue, company)

    async def set(
        self, viewer: Viewer, key: str, rules: tuple[Rule, ...], proof: Proof | None
    ) -> Matrix | SecondFactorMissing | tuple[Fault, ...] | NotDone:
        """Replace all rules. What waits already keeps the role that it was asked of."""
        if len(rules) > MOST_RULES:
            return (Fault(path="rules", code="TOO_MANY"),)
        if found := faults(self._catalogue, rules):
            return tuple(Fault(path=fault.path, code=fault.code) for fault in found)
        content = msgspec.json.encode(rules).decode()
        if await self._done.done(viewer.user, key) is None:
            async with self._units() as work:
                # Whoever may not set them is not asked for a code.
                if (refusal := _refusal(await person_of(work, viewer))) is not None:
                    return refusal
            bound = operation_hash("set_approval_rules", viewer.company, content)
            answer = await self._proofs.verify(viewer.user, Need.SECOND_FACTOR, bound, proof)
            if isinstance(answer, Unproven):
                return SecondFactorMissing(because=refused(answer), operation_hash=bound)
        return await self._written(viewer, key, rules, content)

    async def _written(
        self, viewer: Viewer, key: str, rules: tuple[Rule, ...], content: str
    ) -> Matrix | NotDone:
        now = self._clock.now()
        fingerprint = hashlib.sha256(f"rules\0{content}".encode()).hexdigest()
        matrix = Matrix(company=viewer.company, rules=rules)
        async with self._units() as work:
            done = await work.done(viewer.user, key)
            if done is not None:
                known = await work.approving.matrix(viewer.company) or matrix
                return known if done.fingerprint == fingerprint else NotDone.KEY_REUSED
            if (refusal := _refusal(await person_of(work, viewer))) is not None:
                return refusal
            work.add(
                matrix,
                AuditDraft(
                    company=viewer.company,
                    at=now,
                    actor=f"user:{viewer.user}",
                    action="approval_rules.set",
                    subject=f"{viewer.company}/{fingerprint}",
                ),
                MutationDone(
                    user=viewer.user,
                    key=key,
                    subject=viewer.company,
                    fingerprint=fingerprint,
                    at=now,
                ),
            )
            await work.commit()
        return matrix


def _refusal(person: Person) -> NotDone | None:
    if not person.alone and not person.roles & {Role.MANAGER, Role.ADMINISTRATOR}:
        return NotDone.NOT_YOURS
    return NotDone.SUSPENDED if person.reads_only else None
