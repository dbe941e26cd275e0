"""The signed-in person: who they are, what waits for them, how they are reached."""

from __future__ import annotations

from datetime import datetime

import strawberry

from portnet.domain.alerts import Channel
from portnet.domain.alerts import Device as KnownDevice
from portnet.services.identity.revoking import OpenedSession
from portnet_graphql.context import Info, Person
from portnet_graphql.loaders import optional
from portnet_graphql.types.approving.approval import Delegation
from portnet_graphql.types.company import Company, Mandate
from portnet_graphql.types.dossier import Procedure
from portnet_graphql.types.node import Kind, Node, described, node_id
from portnet_graphql.types.scalars import Locale, Role, SecondFactorState


@strawberry.type
class Badge:
    alerts: int
    approvals: int
    requests: int


@strawberry.type(
    description="Countdowns run on this clock, not on the phone's: simulated in a class, ours in"
    " real life."
)
class Clock:
    now: datetime
    speed: float
    paused: bool


@strawberry.type
class Device(Node):
    label: str
    channel: Channel
    last_seen_at: datetime
    reachable: bool

    @classmethod
    def of(cls, device: KnownDevice) -> Device:
        return cls(
            id=node_id(Kind.DEVICE, device.id),
            label=device.label,
            channel=device.channel,
            last_seen_at=device.last_seen_at,
            reachable=device.dead_at is None,
        )


@strawberry.type(description="A place where the viewer is signed in.")
class Session(Node):
    device: Device | None = strawberry.field(description="Registered there last, if any.")
    created_at: datetime
    last_seen_at: datetime = strawberry.field(description="When it was last refreshed.")
    current: bool = strawberry.field(description="The one that asks.")

    @classmethod
    def of(cls, opened: OpenedSession, current: str) -> Session:
        session = opened.session
        return cls(
            id=node_id(Kind.SESSION, session.id),
            device=None if opened.device is None else Device.of(opened.device),
            created_at=session.opened_at,
            last_seen_at=session.refreshed_at,
            current=session.id == current,
        )


@strawberry.type
class Viewer(Node):
    name: str
    roles: list[Role]
    company: Company
    locale: Locale
    sandbox: bool

    @classmethod
    def of(cls, person: Person) -> Viewer:
        return cls(
            id=node_id(Kind.VIEWER, person.user.id),
            name=person.user.name,
            roles=[Role(role.value) for role in person.user.roles],
            company=Company.of(person.company),
            locale=Locale(person.user.locale),
            sandbox=person.viewer.sandbox,
        )

    @described("The numbers on the app's icon.")
    async def badge(self, info: Info) -> Badge:
        readers, viewer, now = info.context.readers, info.context.viewer, info.context.now
        badge = await readers.alerts.badge(viewer, now)
        return Badge(
            alerts=badge.alerts,
            approvals=await info.context.services.approving.inbox.count(viewer),
            requests=await readers.requests.waiting(viewer, now),
        )

    @described("What the viewer proves sensitive operations with.")
    async def second_factor(self, info: Info) -> SecondFactorState:
        readiness = await info.context.services.second_factors.readiness(info.context.viewer.user)
        return SecondFactorState(readiness.state.value)

    @strawberry.field
    def clock(self, info: Info) -> Clock:
        return Clock(now=info.context.now, speed=1.0, paused=False)

    @described(
        "The company's subscription to the single window; null before there is one. While it is"
        " suspended, the company may only read, and pay."
    )
    async def subscription(self, info: Info) -> Procedure | None:
        context = info.context
        known = await optional(context.files.procedures, context.company.subscription)
        return None if known is None else Procedure.of(known, context)

    @described("Those that the viewer's company gave or holds.")
    async def mandates(self, info: Info) -> list[Mandate]:
        accounts = info.context.readers.accounts
        mandates = await accounts.mandates(info.context.company.id)
        return [Mandate.of(mandate, info.context.now) for mandate in mandates]

    @described("Rights to approve that the viewer lent or was lent, and that are not over.")
    async def delegations(self, info: Info) -> list[Delegation]:
        lent = await info.context.services.approving.delegations.of(info.context.viewer)
        return [Delegation.of(each) for each in lent]

    @strawberry.field
    async def devices(self, info: Info) -> list[Device]:
        devices = await info.context.readers.accounts.devices(info.context.viewer.user)
        return [Device.of(device) for device in devices]
