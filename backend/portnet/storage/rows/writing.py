"""How structs are written: each type has its table and its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from piccolo.table import Table

from portnet.domain.access import Company, Mandate, User
from portnet.domain.alerts import (
    Alert,
    Attempt,
    Delivery,
    Device,
)
from portnet.domain.approving.approval import Approval
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix
from portnet.domain.approving.seen import Seen
from portnet.domain.declaring.document import Document
from portnet.domain.declaring.drafting import DraftField
from portnet.domain.desk.anomaly import Anomaly
from portnet.domain.desk.help import HelpCase
from portnet.domain.dossier import Dossier
from portnet.domain.filing import Link
from portnet.domain.identity.account import Credentials, Session
from portnet.domain.identity.member import Invitation
from portnet.domain.identity.second_factor import SecondFactor
from portnet.domain.indicators.counting import Uncounted
from portnet.domain.indicators.feedback import Feedback
from portnet.domain.indicators.measuring import OpenStep
from portnet.domain.outgoing import Outgoing
from portnet.domain.paying.order import PaymentOrder
from portnet.domain.procedure import Entry, Procedure
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Revision, Submission
from portnet.domain.timers import Timer
from portnet.ports.unit_of_work import MutationDone
from portnet.storage import tables
from portnet.storage.description import description
from portnet.storage.rows.acting import (
    mutation_done_row,
    outgoing_row,
    payment_order_row,
    submission_row,
)
from portnet.storage.rows.alerts import alert_row, attempt_row, delivery_row
from portnet.storage.rows.approving import (
    approval_row,
    delegation_row,
    matrix_row,
    seen_row,
)
from portnet.storage.rows.declaring import draft_field_row, revision_row
from portnet.storage.rows.documents import document_row
from portnet.storage.rows.filing import (
    dossier_row,
    entry_row,
    link_row,
    procedure_row,
    request_row,
    timer_row,
)
from portnet.storage.rows.identity import (
    company_row,
    credentials_row,
    device_row,
    invitation_row,
    mandate_row,
    second_factor_row,
    session_row,
    user_row,
)
from portnet.storage.rows.inbox import anomaly_row, help_case_row
from portnet.storage.rows.indicators import feedback_row, open_step_row, uncounted_row


def upsert(table: type[Table], key: tuple[str, ...] = ()) -> str:
    """Writes a whole row over the one with the same key, the table's own unless said otherwise."""
    described = description(table)
    columns = described.columns
    primary = key or (described.primary_key,)
    places = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    replaced = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in primary)
    return (
        f"INSERT INTO {described.name} ({', '.join(columns)}) VALUES ({places})"
        f" ON CONFLICT ({', '.join(primary)}) DO UPDATE SET {replaced}"
    )


class Writing:
    """How structs of one type are written: an upsert by the table's key, and the row's values."""

    def __init__(
        self, table: type[Table], row: Callable[[Any], tuple[Any, ...]], key: tuple[str, ...] = ()
    ) -> None:
        self.row = row
        self.sql = upsert(table, key)


#: In the order in which they are written: files first, then what was raised about them.
WRITINGS: Mapping[type[msgspec.Struct], Writing] = {
    Company: Writing(tables.CompanyTable, company_row),
    User: Writing(tables.UserTable, user_row),
    Credentials: Writing(tables.CredentialsTable, credentials_row),
    SecondFactor: Writing(tables.SecondFactorTable, second_factor_row),
    Mandate: Writing(tables.MandateTable, mandate_row),
    Invitation: Writing(tables.InvitationTable, invitation_row),
    Session: Writing(tables.SessionTable, session_row),
    Device: Writing(tables.DeviceTable, device_row),
    Dossier: Writing(tables.DossierTable, dossier_row),
    Procedure: Writing(tables.ProcedureTable, procedure_row),
    Entry: Writing(tables.EntryTable, entry_row),
    Link: Writing(tables.ReferenceTable, link_row, key=("ref_key", "procedure")),
    Anomaly: Writing(tables.AnomalyTable, anomaly_row),
    Alert: Writing(tables.AlertTable, alert_row),
    Delivery: Writing(tables.DeliveryTable, delivery_row),
    Attempt: Writing(tables.AttemptTable, attempt_row),
    Feedback: Writing(tables.FeedbackTable, feedback_row, key=("dossier", "user_id")),
    Uncounted: Writing(tables.UncountedTable, uncounted_row),
    OpenStep: Writing(tables.OpenStepTable, open_step_row),
    Timer: Writing(tables.TimerTable, timer_row, key=("subject", "kind", "detail")),
    InformationRequest: Writing(tables.RequestTable, request_row),
    Submission: Writing(tables.SubmissionTable, submission_row),
    DraftField: Writing(tables.DeclarationFieldTable, draft_field_row, key=("submission", "path")),
    Revision: Writing(tables.RevisionTable, revision_row, key=("submission", "number")),
    Outgoing: Writing(tables.OutgoingTable, outgoing_row),
    PaymentOrder: Writing(tables.PaymentOrderTable, payment_order_row),
    MutationDone: Writing(tables.MutationDoneTable, mutation_done_row, key=("user_id", "key")),
    Document: Writing(tables.DocumentTable, document_row),
    Approval: Writing(tables.ApprovalTable, approval_row),
    Matrix: Writing(tables.MatrixTable, matrix_row),
    Delegation: Writing(tables.DelegationTable, delegation_row),
    Seen: Writing(tables.ApprovalSeenTable, seen_row, key=("user_id", "subject")),
    HelpCase: Writing(tables.HelpCaseTable, help_case_row),
}
