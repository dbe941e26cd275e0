"""The room of approvals: what the use cases of acting need of it, and its own use cases."""

from __future__ import annotations

from portnet.domain.catalogue import Catalogue
from portnet.ports.approving.describing import Describer
from portnet.ports.approving.reading import ApprovalReader
from portnet.ports.approving.telling import OwnPlanner
from portnet.ports.clock import Clock, Ids
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.reading import SubmissionReader
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.services.act import Acts
from portnet.services.approving.asking import ActApprovals
from portnet.services.approving.decision import Decisions
from portnet.services.approving.delegation import Delegations
from portnet.services.approving.following import Following
from portnet.services.approving.inbox import ApprovalInbox
from portnet.services.approving.matrix import Matrices
from portnet.services.approving.telling import OwnTeller
from portnet.services.approving.waiting import ApprovalBells, OwnWorkTimers
from portnet.services.submission import Submissions
from portnet_graphql.context import ApprovingServices


class ApprovingRoom:
    """Built before the use cases of acting, which ask for approvals; its own come after them."""

    def __init__(
        self,
        units: UnitsOfWork,
        reader: ApprovalReader,
        done: SubmissionReader,
        catalogue: Catalogue,
        planner: OwnPlanner,
        describer: Describer,
        proofs: Proofs,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
    ) -> None:
        self._units = units
        self._done = done
        self._catalogue = catalogue
        self._proofs = proofs
        self._clock = clock
        self._ids = ids
        self.describer = describer
        self._wakeups = wakeups
        self._teller = OwnTeller(catalogue, planner, ids)
        self.reader = reader
        self.following = Following(catalogue, describer, self._teller, ids)
        self.asking = ActApprovals(catalogue, reader, self._teller, ids)
        self.inbox = ApprovalInbox(reader, clock)
        self.matrices = Matrices(units, reader, done, catalogue, proofs, clock)
        self.delegations = Delegations(units, reader, done, catalogue, proofs, clock, ids)

    def decisions(self, acts: Acts) -> Decisions:
        return Decisions(
            self._units,
            self.reader,
            self._done,
            self._catalogue,
            self._proofs,
            acts,
            self.following,
            self._clock,
            self._ids,
            self._wakeups,
        )

    def services(self, acts: Acts) -> ApprovingServices:
        """What the contract needs of the room."""
        return ApprovingServices(
            inbox=self.inbox,
            decisions=self.decisions(acts),
            matrices=self.matrices,
            delegations=self.delegations,
            describer=self.describer,
        )

    def timers(self, submissions: Submissions) -> OwnWorkTimers:
        bells = ApprovalBells(self._units, self.following, self._teller, self._clock, self._wakeups)
        return OwnWorkTimers(submissions, bells)
