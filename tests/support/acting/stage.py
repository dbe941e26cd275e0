"""A world whose companies submit and act, with an agency's system at the other end: the real sender over loopback."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from portnet.agencies.canonical import to_event
from portnet.domain.access import Role, Viewer
from portnet.domain.adapter import Malformed
from portnet.domain.agency import Reference
from portnet.domain.agency_key import AgencyKey
from portnet.domain.approving.approval import Approval
from portnet.domain.identity.proof import Proof
from portnet.domain.outgoing import Outgoing
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Submission
from portnet.ports.gateway import Gateway
from portnet.services.act import Acts, Wish
from portnet.services.answer import Answers
from portnet.services.approving.decision import Decided, Decision
from portnet.services.reception import Reception
from portnet.services.submission import Asked, Submissions
from portnet.storage import rows
from portnet.storage.queues.gateway import StorageOutgoingQueue
from portnet.storage.repositories.request import RequestRepository
from portnet.storage.repositories.submission import SubmissionRepository
from portnet_server.composition.paying import paying_room
from portnet_server.demo.gateway import SimulatedSystem
from portnet_server.demo.paying.provider import SimulatedProvider
from portnet_server.gateway import (
    AgencySystems,
    GatewayWorker,
    HttpGateway,
    public_half,
    signing_key,
)
from tests.support.acting.fakes import CODE
from tests.support.declaring.forms import FORMS
from tests.support.scenarios import IMPORTER, Line
from tests.support.world import World

SECRET = b"the secret of the stage's server"
CONTENT = '{"goods": "feed additives"}'
LATER = timedelta(hours=1)


class Stage:
    """The use cases over a world, and the sender to one simulated system that takes everything."""

    def __init__(
        self,
        world: World,
        system: SimulatedSystem,
        provider: SimulatedProvider,
        systems: AgencySystems,
        gateway: HttpGateway,
    ) -> None:
        self.world = world
        self.system = system
        self.provider = provider
        self.proofs = world.proofs
        self.queue = StorageOutgoingQueue(world.database)
        self.gateway = gateway
        self.systems = systems
        self.blocking = 0
        self.requests = RequestRepository(world.database)
        reader = SubmissionRepository(world.database)
        clock, ids, wakeups = world.clock, world.ids, world.wakeups
        self.answers = Answers(
            world.units, world.catalogue, world.intake, clock, ids, wakeups,
            world.approving.following,
        )  # fmt: skip
        self.acts = Acts(
            world.units, world.files, self.requests, reader, world.catalogue, self.proofs,
            self.systems, clock, ids, wakeups, world.approving.asking,
        )  # fmt: skip
        self.submissions = Submissions(
            world.units, reader, world.catalogue, self.proofs, self.systems, clock, ids, wakeups,
            blocking=self._blocking, following=world.approving.following,
            form_of=lambda s: FORMS.form(s.target, s.form_version),
        )  # fmt: skip
        self.decisions = world.approving.decisions(self.acts)
        paying = paying_room(
            world.database, world.units, world.catalogue, world.intake, world.inbox, gateway,
            systems, signing_key(SECRET), clock, ids, wakeups,
        )  # fmt: skip
        self.payments, self.debits, self.checks = paying.payments, paying.debits, paying.worker
        self.finance = world.viewer(IMPORTER, Role.FINANCE)
        self.declarant = world.viewer(IMPORTER, Role.DECLARANT)
        self.manager = world.viewer(IMPORTER, Role.MANAGER)
        self._keys = count(1)
        self._lines = count(1)

    async def _blocking(self, _: Submission) -> int:
        return self.blocking

    def worker(self, gateway: Gateway | None = None) -> GatewayWorker:
        """A sender; several are several processes'."""
        return GatewayWorker(
            self.queue,
            gateway or self.gateway,
            self.answers,
            ["PORTNET", "PSP"],
            self.world.clock,
            lambda: 1.0,
            payments=self.payments,
        )

    async def send(self, gateway: Gateway | None = None) -> int:
        """What is due to agencies and to the payment provider; how many messages that were."""
        worker = self.worker(gateway)
        return await worker.send_due("PORTNET") + await worker.send_due("PSP")

    async def hear(self, body: bytes, source: str = "PORTNET", *, sandbox: bool = True) -> None:
        """A message through the inbox, to whoever takes it in."""
        number = next(self._lines)
        said = Line(
            source=source, type="", event_id=f"answer-{number}", occurred_at=self.world.clock.now(), body=body
        )  # fmt: skip
        await self.world.receive(said, sandbox)
        reception = Reception(self.world.intake, self.answers)
        for raw in await self.world.inbox.waiting(100):
            event = to_event(raw)
            assert not isinstance(event, Malformed), event
            await reception.take_in(event)

    async def acknowledge(self, id: str, *refs: Reference) -> None:
        await self.hear(self.system.acknowledgement(id, *refs))

    def key(self) -> str:
        return f"key-{next(self._keys)}"

    def asked(self, submission: Submission) -> Asked:
        """A wish about it as it is."""
        return Asked(key=self.key(), submission=submission.id, expected_version=submission.version)

    async def drafted(
        self, target: str = "ONSSA_IMPORT", refs: tuple[Reference, ...] = ()
    ) -> Submission:
        drafted = await self.submissions.draft(
            self.declarant, self.world.ids.new(), target, CONTENT, refs
        )
        return taken(drafted)

    async def submitted(
        self, target: str = "ONSSA_IMPORT", refs: tuple[Reference, ...] = ()
    ) -> Submission:
        """One that needs no approval, on its way."""
        drafted = await self.drafted(target, refs)
        validated = taken(await self.submissions.validate(self.declarant, self.asked(drafted)))
        return taken(await self.submissions.submit(self.declarant, self.asked(validated), CODE))

    async def approval(self) -> Approval:
        """The one that was asked for last."""
        sql = "SELECT * FROM approval ORDER BY requested_at DESC, id DESC LIMIT 1"
        [row] = await self.world.select(sql)
        return rows.approval(row)

    async def approve(
        self, *contents: str, viewer: Viewer | None = None, proof: Proof | None = CODE
    ) -> Decided:
        """The manager's yes, or ``viewer``'s, to these contents or to that of the last approval."""
        named = contents or ((await self.approval()).content.id,)
        decision = Decision(key=self.key(), contents=named)
        return await self.decisions.approve(viewer or self.manager, decision, proof)

    async def submission(self, id: str) -> Submission:
        [row] = await self.world.select("SELECT * FROM submission WHERE id = $1", id)
        return rows.submission(row)

    async def outgoing(self) -> list[Outgoing]:
        found = await self.world.select("SELECT * FROM outgoing ORDER BY id")
        return [rows.outgoing(row) for row in found]

    async def asked_for(self) -> list[InformationRequest]:
        """What agencies asked, in order."""
        found = await self.world.select("SELECT * FROM information_request ORDER BY asked_at, id")
        return [rows.request(row) for row in found]

    async def wish(self, event: str, **fields: Any) -> Wish:
        """To act in the only procedure, as it is."""
        [procedure] = await self.world.procedures()
        return Wish(
            key=self.key(),
            procedure=procedure.id,
            event=event,
            expected_version=procedure.version,
            **fields,
        )


def taken(outcome: object) -> Submission:
    assert isinstance(outcome, Submission), outcome
    return outcome


@asynccontextmanager
async def open_stage(world: World) -> AsyncGenerator[Stage]:
    """A stage over ``world``, its system and its payment provider listening and its gateway open."""
    key = signing_key(SECRET)
    ours = AgencyKey(
        id=key.id,
        source="PORTNET",
        algorithm=key.algorithm,
        secret_or_public=public_half(key),
        sandbox=True,
        active_from=world.clock.now() - timedelta(days=1),
    )
    async with (
        SimulatedSystem(ours, world.clock) as system,
        SimulatedProvider(ours, world.clock) as provider,
    ):
        urls = [("PORTNET", system.url), ("PSP", provider.url)]
        systems = AgencySystems((), urls, "PORTNET")
        gateway = HttpGateway(systems, key, world.clock)
        await gateway.open()
        try:
            yield Stage(world, system, provider, systems, gateway)
        finally:
            await gateway.close()
