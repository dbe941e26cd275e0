"""What a person says of their alerts."""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_never

import strawberry

from portnet.domain.alerts import Alert as KnownAlert
from portnet.services.alert import AlertRefusal
from portnet_graphql.context import Info
from portnet_graphql.errors import ContractError, ErrorCode
from portnet_graphql.mutations.done import Done, SubjectInput
from portnet_graphql.types.alert import Alert
from portnet_graphql.types.node import LARGEST_PAGE, Kind, described, key_of
from portnet_graphql.types.problem import NotAllowedNow
from portnet_graphql.types.scalars import AlertReport


@strawberry.input
class ReportAlertsInput:
    client_mutation_id: strawberry.ID
    alerts: list[strawberry.ID] = strawberry.field(
        description="At most 100; those that are not the viewer's are left alone."
    )
    as_: AlertReport = strawberry.field(name="as")


AcknowledgeResult: TypeAlias = Annotated[
    Alert | NotAllowedNow, strawberry.union("AcknowledgeResult")
]


@strawberry.type
class AlertMutations:
    @described(
        "SEEN marks them on all the viewer's devices. RECEIVED changes nothing yet:"
        " receipts come with the delivery engine."
    )
    async def report_alerts(self, info: Info, input: ReportAlertsInput) -> Done:
        if len(input.alerts) > LARGEST_PAGE:
            raise ContractError(ErrorCode.BAD_REQUEST, f"At most {LARGEST_PAGE} alerts.")
        if input.as_ is AlertReport.SEEN:
            keys = [key for alert in input.alerts if (key := key_of(Kind.ALERT, alert))]
            await info.context.services.alerts.report_seen(info.context.viewer, keys)
        return Done(client_mutation_id=input.client_mutation_id)

    @described('Says "I am on it" for everybody who was told; the first one has it.')
    async def acknowledge_alert(self, info: Info, input: SubjectInput) -> AcknowledgeResult:
        person = info.context.person
        outcome = await info.context.services.alerts.acknowledge(
            person.viewer, person.user.name, key_of(Kind.ALERT, input.id) or ""
        )
        match outcome:
            case KnownAlert():
                return Alert.of(outcome, info.context)
            case AlertRefusal.NOT_FOUND:
                raise ContractError(ErrorCode.NOT_FOUND, "There is no such alert.")
            case AlertRefusal.EXPIRED:
                return NotAllowedNow.expired(info.context.locale)
            case _:
                assert_never(outcome)
