"""The tables, for Piccolo and for the SQL that `rows` derives from them. Instants are microseconds since the epoch.

Migrations create them; a test proves that both agree, on both engines. No foreign keys: a dossier's rows are written in
one transaction and never deleted one by one, and each check would cost the intake a look-up.
"""

from __future__ import annotations

from piccolo.table import Table

from portnet.storage.tables.acting import MutationDoneTable, OutgoingTable, SubmissionTable
from portnet.storage.tables.alerts import AlertTable, AttemptTable, DeliveryTable
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

TABLES: tuple[type[Table], ...] = (
    CompanyTable,
    UserTable,
    CredentialsTable,
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
    MutationDoneTable,
    InstallationTable,
    UncountedTable,
    CountedTable,
    TallyTable,
    OpenStepTable,
    FeedbackTable,
    HelpCaseTable,
    ReferenceRowTable,
    ReferenceImportTable,
)

__all__ = [
    "TABLES",
    "AgencyKeyTable",
    "AlertTable",
    "AnomalyTable",
    "AttemptTable",
    "AuditTable",
    "CompanyTable",
    "CountedTable",
    "CredentialsTable",
    "DeliveryTable",
    "DeviceTable",
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
    "MutationDoneTable",
    "OpenStepTable",
    "OutgoingTable",
    "ProcedureTable",
    "ReferenceImportTable",
    "ReferenceRowTable",
    "ReferenceTable",
    "RequestTable",
    "SessionTable",
    "SubmissionTable",
    "TallyTable",
    "TimerTable",
    "UncountedTable",
    "UserTable",
]
