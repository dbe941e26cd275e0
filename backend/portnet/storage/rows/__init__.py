"""The one edge where domain structs become rows and rows become structs.

Rows hold int, str, bytes and None only, the same on both engines: instants are microseconds since the epoch, booleans 0
and 1, nested values JSON.
"""

from __future__ import annotations

from portnet.storage.rows.acting import (
    mutation_done,
    mutation_done_row,
    outgoing,
    outgoing_row,
    submission,
    submission_row,
)
from portnet.storage.rows.alerts import alert, alert_row, attempt_row, delivery, delivery_row
from portnet.storage.rows.filing import (
    dossier,
    dossier_row,
    entry,
    entry_row,
    link,
    link_row,
    procedure,
    procedure_row,
    request,
    request_row,
    timer,
    timer_row,
)
from portnet.storage.rows.identity import (
    company,
    company_row,
    credentials_row,
    device,
    device_row,
    invitation,
    invitation_row,
    mandate,
    mandate_row,
    session,
    session_row,
    user,
    user_row,
)
from portnet.storage.rows.inbox import anomaly, anomaly_row, help_case, help_case_row, raw_message
from portnet.storage.rows.indicators import feedback_row, open_step_row, uncounted_row
from portnet.storage.rows.values import instant, instant_or_none, json_text, micros, micros_or_none
from portnet.storage.rows.writing import WRITINGS, Writing, upsert

__all__ = [
    "WRITINGS",
    "Writing",
    "alert",
    "alert_row",
    "anomaly",
    "anomaly_row",
    "attempt_row",
    "company",
    "company_row",
    "credentials_row",
    "delivery",
    "delivery_row",
    "device",
    "device_row",
    "dossier",
    "dossier_row",
    "entry",
    "entry_row",
    "feedback_row",
    "help_case",
    "help_case_row",
    "instant",
    "instant_or_none",
    "invitation",
    "invitation_row",
    "json_text",
    "link",
    "link_row",
    "mandate",
    "mandate_row",
    "micros",
    "micros_or_none",
    "mutation_done",
    "mutation_done_row",
    "open_step_row",
    "outgoing",
    "outgoing_row",
    "procedure",
    "procedure_row",
    "raw_message",
    "request",
    "request_row",
    "session",
    "session_row",
    "submission",
    "submission_row",
    "timer",
    "timer_row",
    "uncounted_row",
    "upsert",
    "user",
    "user_row",
]
