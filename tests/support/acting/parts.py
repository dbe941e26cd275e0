"""The use cases of acting over a running house's parts, for people whose proofs count and systems that are reached."""

from portnet.domain.submission import Submission
from portnet.services.act import Acts
from portnet.services.submission import Submissions
from portnet.storage.repositories.submission import SubmissionRepository
from portnet_server.bootstrap import House
from tests.support.acting.fakes import EverySystem, ToldProofs


def acts_of(parts: House, proofs: ToldProofs | None = None) -> Acts:
    return Acts(
        parts.units,
        parts.files,
        parts.requests,
        SubmissionRepository(parts.database),
        parts.catalogue,
        proofs or ToldProofs(),
        EverySystem(),
        parts.clock,
        parts.ids,
        parts.wakeups,
        parts.approving.asking,
    )


async def nothing_blocks(_: Submission) -> int:
    return 0


def submissions_of(parts: House) -> Submissions:
    return Submissions(
        parts.units,
        SubmissionRepository(parts.database),
        parts.catalogue,
        ToldProofs(),
        EverySystem(),
        parts.clock,
        parts.ids,
        parts.wakeups,
        blocking=nothing_blocks,
        following=parts.approving.following,
        form_of=parts.drafting.checks.form_of,
    )
