"""The tables, for Piccolo and for the SQL that `rows` derives from them. Instants are microseconds since the epoch.

Migrations create them; a test proves that both agree, on both engines. No foreign keys: a dossier's rows are written in
one transaction and never deleted one by one, and each check would cost the intake a look-up.
"""

from __future__ import annotations

from piccolo.table import Table

from portnet.storage.tables.acting import (
    MutationDoneTable,
    OutgoingTable,
    PaymentOrderTable,
    SubmissionTable,
)
from portnet.storage.tables.alerts import AlertTable, AttemptTable, DeliveryTable
from portnet.storage.tables.approving import (
    ApprovalSeenTable,
    ApprovalTable,
    DelegationTable,
    MatrixTable,
)
from portnet.storage.tables.declaring import DeclarationFieldTable, RevisionTable
from portnet.storage.tables.documents import DocumentTable
from portnet.storage.tables.filing import (
    DossierTable,
    EntryTable,
    ProcedureTable,
    ReferenceTable,
    RequestTable,
    TimerTable,
)
from portnet.storage.tables.identity import (
    AgencyKeyTable,
    CompanyTable,
    CredentialsTable,
    DeviceTable,
    InvitationTable,
    MandateTable,
    SecondFactorTable,
    SessionTable,
    UserTable,
)
from portnet.storage.tables.inbox import AnomalyTable, HelpCaseTable, InboxTable, InboxWaitTable
from portnet.storage.tables.indicators import (
    CountedTable,
    FeedbackTable,
    OpenStepTable,
    TallyTable,
    UncountedTable,
)
from portnet.storage.tables.log import (
    AuditTable,
    EventTable,
    FeedHeadTable,
    FeedTable,
    InstallationTable,
)
from portnet.storage.tables.reference import ReferenceImportTable, ReferenceRowTable
from portnet.storage.tables.tariff import TariffEditionTable, TariffLineTable

TABLES: tuple[type[Table], ...] = (
    CompanyTable,
    UserTable,
    CredentialsTable,
    SecondFactorTable,
    SessionTable,
    DeviceTable,
    MandateTable,
    InvitationTable,
    AgencyKeyTable,
    InboxTable,
    InboxWaitTable,
    AnomalyTable,
    DossierTable,
    ProcedureTable,
    EntryTable,
    ReferenceTable,
    EventTable,
    FeedTable,
    FeedHeadTable,
    AuditTable,
    AlertTable,
    DeliveryTable,
    AttemptTable,
    TimerTable,
    RequestTable,
    SubmissionTable,
    OutgoingTable,
    PaymentOrderTable,
    MutationDoneTable,
    DeclarationFieldTable,
    RevisionTable,
    InstallationTable,
    UncountedTable,
    CountedTable,
    TallyTable,
    OpenStepTable,
    FeedbackTable,
    HelpCaseTable,
    ReferenceRowTable,
    ReferenceImportTable,
    TariffEditionTable,
    TariffLineTable,
    DocumentTable,
    ApprovalTable,
    MatrixTable,
    DelegationTable,
    ApprovalSeenTable,
)

__all__ = [
    "TABLES",
    "AgencyKeyTable",
    "AlertTable",
    "AnomalyTable",
    "ApprovalSeenTable",
    "ApprovalTable",
    "AttemptTable",
    "AuditTable",
    "CompanyTable",
    "CountedTable",
    "CredentialsTable",
    "DeclarationFieldTable",
    "DelegationTable",
    "DeliveryTable",
    "DeviceTable",
    "DocumentTable",
    "DossierTable",
    "EntryTable",
    "EventTable",
    "FeedHeadTable",
    "FeedTable",
    "FeedbackTable",
    "HelpCaseTable",
    "InboxTable",
    "InboxWaitTable",
    "InstallationTable",
    "InvitationTable",
    "MandateTable",
    "MatrixTable",
    "MutationDoneTable",
    "OpenStepTable",
    "OutgoingTable",
    "PaymentOrderTable",
    "ProcedureTable",
    "ReferenceImportTable",
    "ReferenceRowTable",
    "ReferenceTable",
    "RequestTable",
    "RevisionTable",
    "SecondFactorTable",
    "SessionTable",
    "SubmissionTable",
    "TallyTable",
    "TariffEditionTable",
    "TariffLineTable",
    "TimerTable",
    "UncountedTable",
    "UserTable",
]
