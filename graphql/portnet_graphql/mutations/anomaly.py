"""What the help desk decides on a message that could not be applied."""

from __future__ import annotations

import enum
from typing import Annotated, TypeAlias, assert_never

import strawberry

from portnet.domain.desk.anomaly import Anomaly as KnownAnomaly
from portnet.services.desk.anomaly import AnomalyFault, AnomalyRefusal, Outcome
from portnet_graphql.context import Context, Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.types.anomaly import Anomaly
from portnet_graphql.types.node import Kind, described, key_of
from portnet_graphql.types.problem import InvalidInput, NotAllowedNow


@strawberry.enum
class AnomalyCommand(enum.StrEnum):
    RETRY = "RETRY"
    ATTACH = "ATTACH"
    DISMISS = "DISMISS"


@strawberry.input
class HandleAnomalyInput:
    client_mutation_id: strawberry.ID
    anomaly: strawberry.ID
    command: AnomalyCommand
    dossier: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Where to: ATTACH needs it."
    )
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why: DISMISS needs it."
    )


AnomalyResult: TypeAlias = Annotated[
    Anomaly | InvalidInput | NotAllowedNow, strawberry.union("AnomalyResult")
]


@strawberry.type
class AnomalyMutations:
    @described(
        "For the help desk. RETRY gives the message back to the intake, ATTACH files it to a dossier"
        " and does the same, DISMISS lets it be; the message itself never changes."
    )
    async def handle_anomaly(self, info: Info, input: HandleAnomalyInput) -> AnomalyResult:
        return _shown(await _handled(input, info.context), info.context)


async def _handled(input: HandleAnomalyInput, context: Context) -> Outcome:
    anomalies, helper = context.services.anomalies, context.helper
    anomaly = key_of(Kind.ANOMALY, input.anomaly) or ""
    match input.command:
        case AnomalyCommand.RETRY:
            return await anomalies.retry(helper, anomaly)
        case AnomalyCommand.ATTACH if not input.dossier:
            return AnomalyFault(path="dossier", code="EMPTY")
        case AnomalyCommand.ATTACH:
            dossier = key_of(Kind.DOSSIER, input.dossier or "") or ""
            return await anomalies.attach(helper, anomaly, dossier)
        case AnomalyCommand.DISMISS:
            return await anomalies.dismiss(helper, anomaly, input.reason or "")
        case _:
            assert_never(input.command)


def _shown(outcome: Outcome, context: Context) -> AnomalyResult:
    match outcome:
        case KnownAnomaly():
            return Anomaly.of(outcome, context)
        case AnomalyFault():
            return InvalidInput.of([outcome], context.locale)
        case AnomalyRefusal.NOT_FOUND:
            raise ContractError(ErrorCode.NOT_FOUND, "There is no such anomaly.")
        case AnomalyRefusal():
            return NotAllowedNow.for_anomaly(outcome, context.locale)
        case _:
            assert_never(outcome)
