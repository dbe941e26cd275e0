"""The tables, for Piccolo and for the SQL that `rows.py` derives from them. Instants are microseconds since the epoch.

Migrations create them; a test proves that both agree, on both engines. No foreign keys: a dossier's rows are written in
one transaction and never deleted one by one, and each check would cost the intake a look-up.
"""

from __future__ import annotations

from piccolo.columns import BigInt, Bytea, Text
from piccolo.table import Table


class CompanyTable(Table, tablename="company"):
    id = Text(primary_key=True)
    kind = Text()
    name = Text()
    ice = Text()
    sandbox = BigInt()


class UserTable(Table, tablename="user_account"):
    id = Text(primary_key=True)
    company = Text()
    login = Text()
    name = Text()
    roles = Text()
    locale = Text()
    phone = Text(null=True)
    active = BigInt()


class CredentialsTable(Table, tablename="credentials"):
    user_id = Text(primary_key=True)
    password_hash = Text()


class SessionTable(Table, tablename="user_session"):
    id = Text(primary_key=True)
    user_id = Text()
    opened_at = BigInt()
    expires_at = BigInt()
    refreshed_at = BigInt()
    token_hash = Bytea()
    previous_hash = Bytea(null=True)
    previous_until = BigInt(null=True)
    ended_at = BigInt(null=True)
    ended_because = Text(null=True)


class DeviceTable(Table, tablename="device"):
    id = Text(primary_key=True)
    user_id = Text()
    session = Text()
    channel = Text()
    kind = Text()
    address = Text()
    label = Text()
    locale = Text()
    registered_at = BigInt()
    last_seen_at = BigInt()
    dead_at = BigInt(null=True)


class MandateTable(Table, tablename="mandate"):
    id = Text(primary_key=True)
    company = Text()
    broker = Text()
    starts_at = BigInt()
    ends_at = BigInt(null=True)
    revoked_at = BigInt(null=True)


class AgencyKeyTable(Table, tablename="agency_key"):
    """``secret`` is sealed by the server's own key."""

    id = Text(primary_key=True)
    source = Text()
    algorithm = Text()
    secret = Text()
    sandbox = BigInt()
    active_from = BigInt()
    active_until = BigInt(null=True)


class InboxTable(Table, tablename="agency_inbox"):
    receipt = Text(primary_key=True)
    source = Text()
    event_id = Text()
    body = Bytea()
    body_hash = Bytea()
    key = Text()
    sandbox = BigInt()
    received_at = BigInt()
    state = Text()
    settled_at = BigInt(null=True)
    progress = Text(null=True)


class InboxWaitTable(Table, tablename="inbox_wait"):
    """What a parked message waits for; the key is (ref_key, receipt)."""

    ref_key = Text(primary_key=True)
    receipt = Text()


class AnomalyTable(Table, tablename="anomaly"):
    id = Text(primary_key=True)
    receipt = Text()
    source = Text()
    reason = Text()
    state = Text()
    detail = Text()
    received_at = BigInt()
    updated_at = BigInt()
    dossier = Text(null=True)
    parked_until = BigInt(null=True)
    handled_by = Text(null=True)
    handler = Text(null=True)
    handled_at = BigInt(null=True)
    note = Text(null=True)


class DossierTable(Table, tablename="dossier"):
    """``urgency`` is the rank of ``status``, for the list's order; ``what_now`` is JSON."""

    id = Text(primary_key=True)
    company = Text()
    broker = Text(null=True)
    reference = Text()
    title = Text(null=True)
    direction = Text()
    phase = Text()
    status = Text()
    urgency = BigInt()
    perishable = BigInt()
    what_now = Text()
    sandbox = BigInt()
    opened_at = BigInt()
    updated_at = BigInt()
    version = BigInt()


class ProcedureTable(Table, tablename="procedure"):
    id = Text(primary_key=True)
    dossier = Text()
    code = Text()
    definition = BigInt()
    identity = Text()
    state = Text()
    previous = Text(null=True)
    entered_at = BigInt()
    opened_at = BigInt()
    updated_at = BigInt()
    due_at = BigInt(null=True)
    reasons = Text()
    place = Text(null=True)
    version = BigInt()
    expected_at = BigInt(null=True)
    requested = Text(null=True)
    taken_by = Text(null=True)
    taken_at = BigInt(null=True)


class EntryTable(Table, tablename="entry"):
    """The timeline; ``message`` is the whole agency event as JSON, which the fold replays."""

    id = Text(primary_key=True)
    procedure = Text()
    dossier = Text()
    receipt = Text()
    occurred_at = BigInt()
    received_at = BigInt()
    kind = Text()
    from_state = Text(null=True)
    to_state = Text(null=True)
    refusal = Text(null=True)
    alert = Text(null=True)
    alerted = BigInt()
    message = Text()
    warnings = Text(null=True)


class ReferenceTable(Table, tablename="reference"):
    """What a procedure is known by; the key is (ref_key, procedure), ``ref_key`` being ``SCHEME:value``."""

    ref_key = Text(primary_key=True)
    procedure = Text()
    dossier = Text()
    scheme = Text()
    value = Text()
    revision = BigInt(null=True)


class EventTable(Table, tablename="event"):
    """The append-only log; ``payload`` is the tagged event as JSON."""

    id = Text(primary_key=True)
    at = BigInt()
    kind = Text()
    subject = Text()
    procedure = Text(null=True)
    entry = Text(null=True)
    payload = Text()


class FeedTable(Table, tablename="feed"):
    """Fan-out on write; the key is (audience, seq)."""

    audience = Text(primary_key=True)
    seq = BigInt()
    event = Text()


class FeedHeadTable(Table, tablename="feed_head"):
    """How far each feed has come, and from where on it is kept."""

    audience = Text(primary_key=True)
    seq = BigInt()
    floor = BigInt()


class AuditTable(Table, tablename="audit"):
    """A company's trail; the key is (company, seq), each ``hash`` covers the one before."""

    company = Text(primary_key=True)
    seq = BigInt()
    at = BigInt()
    actor = Text()
    action = Text()
    subject = Text()
    hash = Bytea()


class AlertTable(Table, tablename="alert"):
    """``dossier``, ``procedure`` and ``entry`` are empty where the alert is about none."""

    id = Text(primary_key=True)
    chain = Text()
    user_id = Text()
    dossier = Text()
    procedure = Text()
    entry = Text()
    kind = Text()
    level = BigInt()
    facts = Text()
    collapse_key = Text()
    raised_at = BigInt()
    expires_at = BigInt()
    state = Text()
    seen_at = BigInt(null=True)
    acknowledged_by = Text(null=True)
    acknowledged_at = BigInt(null=True)
    version = BigInt()
    replaces = Text(null=True)


class DeliveryTable(Table, tablename="delivery"):
    id = Text(primary_key=True)
    alert = Text()
    user_id = Text()
    channel = Text()
    address = Text()
    label = Text()
    locale = Text()
    due_at = BigInt()
    expires_at = BigInt()
    updated_at = BigInt()
    state = Text()
    device = Text(null=True)
    attempts = BigInt()
    fence = BigInt()
    leased_until = BigInt(null=True)
    provider_reference = Text(null=True)
    reason = Text(null=True)


class AttemptTable(Table, tablename="attempt"):
    id = Text(primary_key=True)
    delivery = Text()
    number = BigInt()
    at = BigInt()
    outcome = Text()
    detail = Text(null=True)


class TimerTable(Table, tablename="timer"):
    """What the clock will bring; the key is (subject, kind, detail)."""

    subject = Text(primary_key=True)
    kind = Text()
    detail = Text()
    due_at = BigInt()
    brings = Text()
    dossier = Text(null=True)


class RequestTable(Table, tablename="information_request"):
    """What agencies asked; derived from the fold, kept for lists and look-ups."""

    id = Text(primary_key=True)
    procedure = Text()
    dossier = Text()
    text = Text()
    lang = Text()
    asked_at = BigInt()
    state = Text()
    due_at = BigInt(null=True)
    answered_at = BigInt(null=True)
    answered_by = Text(null=True)
    version = BigInt()


class SubmissionTable(Table, tablename="submission"):
    """``content`` is the company's JSON document; ``refs``, ``approval`` and ``reasons`` are JSON of ours."""

    id = Text(primary_key=True)
    company = Text()
    author = Text()
    target = Text()
    content = Text()
    content_hash = Text()
    refs = Text()
    envelope = BigInt()
    state = Text()
    entered_at = BigInt()
    created_at = BigInt()
    updated_at = BigInt()
    revision = BigInt()
    version = BigInt()
    approval = Text(null=True)
    reasons = Text()
    outgoing = Text(null=True)
    procedure = Text(null=True)


class OutgoingTable(Table, tablename="outgoing"):
    """What leaves for an agency's system; the id is its idempotency key."""

    id = Text(primary_key=True)
    company = Text()
    kind = Text()
    source = Text()
    subject = Text()
    event = Text()
    body = Text()
    done_by = Text()
    sandbox = BigInt()
    created_at = BigInt()
    due_at = BigInt()
    updated_at = BigInt()
    state = Text()
    attempts = BigInt()
    fence = BigInt()
    leased_until = BigInt(null=True)
    reason = Text(null=True)


class MutationDoneTable(Table, tablename="mutation_done"):
    """Which mutations were done; the key is (user_id, key)."""

    user_id = Text(primary_key=True)
    key = Text()
    subject = Text()
    fingerprint = Text()
    at = BigInt()


class InstallationTable(Table, tablename="installation"):
    """What is true of this database as a whole: its feed generation."""

    key = Text(primary_key=True)
    value = Text()


class UncountedTable(Table, tablename="indicator_uncounted"):
    """Notes of changes that the indicators have yet to see; each is deleted by whoever counts it."""

    id = Text(primary_key=True)
    kind = Text()
    subject = Text()
    at = BigInt()


class CountedTable(Table, tablename="indicator_counted"):
    """What was counted of each dossier, as JSON: what a recount takes out again."""

    dossier = Text(primary_key=True)
    counted = Text()


class TallyTable(Table, tablename="indicator_tally"):
    """One indicator, reader, owner, month and group; ``id`` is all of these as one word, ``buckets`` JSON."""

    id = Text(primary_key=True)
    reader = Text()
    grouping = Text()
    month = BigInt()
    indicator = Text()
    group_key = Text()
    owner = Text()
    items = BigInt()
    total = BigInt()
    buckets = Text()


class OpenStepTable(Table, tablename="open_step"):
    """Procedures that an agency has and should have moved by ``due_at``."""

    procedure = Text(primary_key=True)
    dossier = Text()
    agency = Text()
    office = Text(null=True)
    circuit = Text(null=True)
    chapter = Text(null=True)
    month = BigInt()
    due_at = BigInt()


class FeedbackTable(Table, tablename="feedback"):
    """One rating of one person for one dossier; the key is (dossier, user_id)."""

    dossier = Text(primary_key=True)
    user_id = Text()
    score = BigInt()
    text = Text(null=True)
    at = BigInt()


class HelpCaseTable(Table, tablename="help_case"):
    """``mutation`` is the app's own id of the question, unique for each user; ``trail`` is JSON."""

    id = Text(primary_key=True)
    company = Text()
    user_id = Text()
    mutation = Text()
    text = Text()
    opened_at = BigInt()
    state = Text()
    dossier = Text(null=True)
    trail = Text(null=True)


class ReferenceRowTable(Table, tablename="reference_row"):
    """What operators imported, the key is (table_name, code); ``cells`` is JSON by the names of the columns."""

    table_name = Text(primary_key=True)
    code = Text()
    cells = Text()


class ReferenceImportTable(Table, tablename="reference_import"):
    """The last import of each table; ``generation`` grows with each."""

    table_name = Text(primary_key=True)
    generation = BigInt()
    imported_at = BigInt()
    imported_by = Text()


TABLES: tuple[type[Table], ...] = (
    CompanyTable,
    UserTable,
    CredentialsTable,
    SessionTable,
    DeviceTable,
    MandateTable,
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
