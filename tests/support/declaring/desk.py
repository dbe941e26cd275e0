"""Several apps that write declarations over one stage: each with a queue of its own."""

from portnet.domain.access import Viewer
from portnet.domain.declaring.drafting import Patch
from portnet.domain.submission import Submission
from portnet.ports.unit_of_work import MutationDone
from portnet.services.declaring.drafts import Drafts, Saved, Saving
from portnet.storage import rows
from tests.support.acting.stage import Stage
from tests.support.declaring.forms import FORMS, KIND
from tests.support.scenarios import IMPORTER


class Desk:
    """Saves as somebody; ``queue`` is their app's."""

    def __init__(self, stage: Stage) -> None:
        world = stage.world
        self.stage = stage
        self.world = world
        self.drafts = Drafts(
            world.units,
            world.catalogue,
            FORMS,
            world.clock,
            world.ids,
            world.wakeups,
            world.approving.following,
        )

    async def save(
        self,
        draft: str,
        base: int,
        *patch: tuple[str, str | None],
        by: Viewer | None = None,
        queue: str = "phone",
        key: str | None = None,
        kind: str = KIND,
        company: str = IMPORTER.id,
        form_version: int = 1,
    ) -> Saved:
        saving = Saving(
            key=key or self.stage.key(),
            id=draft,
            kind=kind,
            company=company,
            form_version=form_version,
            base_version=base,
            patch=tuple(Patch(path=path, value=value) for path, value in patch),
            queue=queue,
        )
        return await self.drafts.save(by or self.stage.declarant, saving)

    async def begun(self, *patch: tuple[str, str | None], kind: str = KIND) -> Submission:
        """A new draft with these answers."""
        outcome = await self.save(self.world.ids.new(), 0, *patch, kind=kind)
        assert isinstance(outcome, Submission), outcome
        return outcome

    async def done(self) -> list[MutationDone]:
        found = await self.world.select("SELECT * FROM mutation_done ORDER BY key")
        return [rows.mutation_done(row) for row in found]
