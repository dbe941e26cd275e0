"""A phone says where a push can reach it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from portnet_graphql.context import Info
from portnet_graphql.types.node import described
from portnet_graphql.types.problem import InvalidInput
from portnet_graphql.types.scalars import Locale
from portnet_graphql.types.viewer import Device


@strawberry.input
class RegisterDeviceInput:
    client_mutation_id: strawberry.ID
    kind: str = strawberry.field(description="FCM, APNS or WEB_PUSH.")
    address: str = strawberry.field(description="The push service's token for this phone.")
    label: str
    locale: Locale


RegisterDeviceResult: TypeAlias = Annotated[
    Device | InvalidInput, strawberry.union("RegisterDeviceResult")
]


@strawberry.type
class DeviceMutations:
    @described("Registers, or refreshes what is known at the same address.")
    async def register_device(self, info: Info, input: RegisterDeviceInput) -> RegisterDeviceResult:
        outcome = await info.context.services.devices.register(
            info.context.viewer, input.kind, input.address, input.label, input.locale.value
        )
        if isinstance(outcome, tuple):
            return InvalidInput.of(outcome, info.context.locale)
        return Device.of(outcome)
