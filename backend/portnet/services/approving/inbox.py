"""What waits for one person's decision, by deadline."""

from __future__ import annotations

from collections.abc import Callable

from portnet.domain.access import Viewer
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.authority import Authority, authority
from portnet.domain.submission import Person
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.clock import Clock
from portnet.ports.reading import Page, PageSize

#: Read at a time; most companies have fewer that wait.
_TOGETHER = 100
#: The icon's number says "many" from here on.
MOST_COUNTED = 99


class ApprovalInbox:
    """Reads; changes nothing."""

    def __init__(self, reader: ApprovalReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock

    async def page(self, viewer: Viewer, size: PageSize) -> Page[Approval]:
        """Those that the viewer may decide now, the first to lapse first."""
        mine = await self._mine(viewer)
        kept: list[Approval] = []
        place, after, more = (size.after, 0), size.after, False
        while not more:
            found = await self._reader.pending(viewer.company, PageSize(_TOGETHER, after))
            for number, approval in enumerate(found.items, start=1):
                if not mine(approval):
                    continue
                if len(kept) == size.first:
                    more = True
                    break
                kept.append(approval)
                place = (after, number)
            if not found.more:
                break
            after = found.end
        return Page(items=tuple(kept), end=await self._end(viewer, *place), more=more)

    async def count(self, viewer: Viewer) -> int:
        """How many wait, up to `MOST_COUNTED`."""
        return len((await self.page(viewer, PageSize(MOST_COUNTED))).items)

    async def _mine(self, viewer: Viewer) -> Callable[[Approval], bool]:
        people = await self._reader.people(viewer.company)
        delegations = await self._reader.delegations(viewer.company)
        own = next((user for user in people if user.id == viewer.user), None)
        person = Person(
            user=viewer.user,
            company=viewer.company,
            roles=frozenset(own.roles if own else ()),
            alone=own is not None and len(people) == 1,
        )
        now = self._clock.now()

        def mine(approval: Approval) -> bool:
            return isinstance(authority(approval, person, people, delegations, now), Authority)

        return mine

    async def _end(self, viewer: Viewer, after: str | None, count: int) -> str | None:
        """The cursor of the last that is shown, which may stand in the middle of what was read."""
        if not count:
            return None
        return (await self._reader.pending(viewer.company, PageSize(count, after))).end
