"""The schema as code, and its text: graphql/schema.graphql is `printed_schema()`, and a test says so."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from portnet_graphql.errors import ContractSchema
from portnet_graphql.mutations.act import ActMutations
from portnet_graphql.mutations.alert import AlertMutations
from portnet_graphql.mutations.anomaly import AnomalyMutations
from portnet_graphql.mutations.approving.decision import ApprovalMutations
from portnet_graphql.mutations.approving.rules import ApprovalRuleMutations
from portnet_graphql.mutations.company.mandate import MandateMutations
from portnet_graphql.mutations.company.member import MemberMutations
from portnet_graphql.mutations.declaring.declaration import DeclarationMutations
from portnet_graphql.mutations.declaring.upload import UploadMutations
from portnet_graphql.mutations.device import DeviceMutations
from portnet_graphql.mutations.feedback import FeedbackMutations
from portnet_graphql.mutations.help import HelpMutations
from portnet_graphql.mutations.identity.second_factor import SecondFactorMutations
from portnet_graphql.mutations.request import RequestMutations
from portnet_graphql.mutations.session import SessionMutations
from portnet_graphql.queries.agency import AgencyQueries
from portnet_graphql.queries.alert import AlertQueries
from portnet_graphql.queries.approval import ApprovalQueries
from portnet_graphql.queries.audit import AuditQueries
from portnet_graphql.queries.company import CompanyQueries
from portnet_graphql.queries.declaring.declaration import DeclarationQueries
from portnet_graphql.queries.desk.anomaly import AnomalyQueries
from portnet_graphql.queries.desk.help import HelpQueries
from portnet_graphql.queries.dossier import DossierQueries
from portnet_graphql.queries.feed import FeedQueries
from portnet_graphql.queries.indicator import IndicatorQueries
from portnet_graphql.queries.node import NodeQueries
from portnet_graphql.queries.reference import ReferenceQueries
from portnet_graphql.queries.viewer import ViewerQueries
from portnet_graphql.subscriptions.feed import FeedSubscriptions
from portnet_graphql.types.scalars import SCALARS


@strawberry.type
class Query(
    ViewerQueries,
    FeedQueries,
    NodeQueries,
    DossierQueries,
    AlertQueries,
    ApprovalQueries,
    AgencyQueries,
    IndicatorQueries,
    AnomalyQueries,
    HelpQueries,
    ReferenceQueries,
    AuditQueries,
    DeclarationQueries,
    CompanyQueries,
):
    pass


@strawberry.type(
    description="Every mutation takes one input with `clientMutationId`, a UUID made by the app."
)
class Mutation(
    SessionMutations,
    DeviceMutations,
    AlertMutations,
    ActMutations,
    ApprovalMutations,
    ApprovalRuleMutations,
    RequestMutations,
    FeedbackMutations,
    AnomalyMutations,
    HelpMutations,
    SecondFactorMutations,
    UploadMutations,
    DeclarationMutations,
    MemberMutations,
    MandateMutations,
):
    pass


@strawberry.type
class Subscription(FeedSubscriptions):
    pass


def build_schema() -> ContractSchema:
    """What the server runs."""
    return _schema(in_order_of_names=False)


def printed_schema() -> str:
    """The contract's text: sorted, the same on every run."""
    return _schema(in_order_of_names=True).as_str().rstrip() + "\n"


def _schema(*, in_order_of_names: bool) -> ContractSchema:
    # Strawberry's unions cannot be resolved in a sorted schema: that one is only printed.
    return ContractSchema(
        Query,
        Mutation,
        Subscription,
        config=StrawberryConfig(
            disable_field_suggestions=True,
            scalar_map=SCALARS,
            sort_schema=in_order_of_names,
        ),
    )
