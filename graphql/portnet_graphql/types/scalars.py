"""The contract's leaves: scalars that refuse what they cannot mean, and enums.

Where the contract knows more members than the domain has today, the enum is the contract's own.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from portnet.domain.alerts import AlertState, Channel, DeliveryState
from portnet.domain.catalogue import Outcome, Status
from portnet.domain.request import RequestState
from portnet.ports.reading import DossierOrder
from portnet_graphql.cursors import FeedCursor, read_cursor

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def write_instant(value: object) -> str:
    """RFC 3339 in UTC, microseconds only where there are any; naive ones are our bug."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a DateTime is an aware datetime")
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def read_instant(value: object) -> datetime:
    """An aware UTC instant out of RFC 3339 text."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise GraphQLError("A DateTime is RFC 3339 with its zone, such as 2026-11-22T08:14:05Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("This DateTime does not exist.") from None


def write_date(value: object) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError("a Date is a date")
    return value.isoformat()


def read_date(value: object) -> date:
    """A day out of RFC 3339's full-date."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise GraphQLError("A Date is a day such as 2026-11-22.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise GraphQLError("This Date does not exist.") from None


def write_cursor(value: object) -> str:
    if not isinstance(value, FeedCursor):
        raise TypeError("a Cursor is a FeedCursor")
    return str(value)


def parse_cursor(value: object) -> FeedCursor:
    cursor = read_cursor(value) if isinstance(value, str) else None
    if cursor is None:
        raise GraphQLError("This is not a Cursor of ours.")
    return cursor


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339, UTC",
        serialize=write_instant,
        parse_value=read_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day such as 2026-11-22, in Casablanca.",
        serialize=write_date,
        parse_value=read_date,
    ),
    FeedCursor: strawberry.scalar(
        name="Cursor",
        description="Opaque position in one audience's feed; compare for equality only.",
        serialize=write_cursor,
        parse_value=parse_cursor,
    ),
}

strawberry.enum(
    Status,
    name="OverallStatus",
    description="Most blocking first; a dossier shows the worst of its procedures.",
)
strawberry.enum(Outcome)
strawberry.enum(AlertState)
strawberry.enum(DeliveryState)
strawberry.enum(Channel)
strawberry.enum(DossierOrder)
strawberry.enum(RequestState, description="EXPIRED: its deadline passed before an answer.")


@strawberry.enum
class Locale(enum.StrEnum):
    FR = "fr"
    AR = "ar"
    EN = "en"


@strawberry.enum
class Direction(enum.StrEnum):
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    TRANSIT = "TRANSIT"
    PORT_CALL = "PORT_CALL"


@strawberry.enum(description="The three phases of the single window's own dashboard.")
class Phase(enum.StrEnum):
    PORT_CALL = "PORT_CALL"
    CLEARANCE = "CLEARANCE"
    FOREIGN_EXCHANGE = "FOREIGN_EXCHANGE"


@strawberry.enum
class Role(enum.StrEnum):
    DECLARANT = "DECLARANT"
    MANAGER = "MANAGER"
    FINANCE = "FINANCE"
    LOGISTICS = "LOGISTICS"
    ADMINISTRATOR = "ADMINISTRATOR"
    HELP_DESK = "HELP_DESK"
    TRAINER = "TRAINER"
    TRAINEE = "TRAINEE"


@strawberry.enum
class CompanyKind(enum.StrEnum):
    OPERATOR = "OPERATOR"
    BROKER = "BROKER"
    SHIP_AGENT = "SHIP_AGENT"
    BANK = "BANK"
    CLASSROOM = "CLASSROOM"
    SINGLE_WINDOW = "SINGLE_WINDOW"


@strawberry.enum
class MandateState(enum.StrEnum):
    OFFERED = "OFFERED"
    ACTIVE = "ACTIVE"
    ENDING = "ENDING"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@strawberry.enum
class EntryKind(enum.StrEnum):
    APPLIED = "APPLIED"
    INFERRED = "INFERRED"
    LATE = "LATE"
    NOT_APPLIED = "NOT_APPLIED"
    ESTIMATE = "ESTIMATE"
    CORRECTED = "CORRECTED"
    RETRACTED = "RETRACTED"
    INTERNAL = "INTERNAL"


@strawberry.enum(
    description="COMPANY: what all of a company's phones share. ME: the viewer's alerts and devices."
    " TRAINING: one caravan session, for its trainer."
)
class FeedAudience(enum.StrEnum):
    COMPANY = "COMPANY"
    ME = "ME"
    TRAINING = "TRAINING"


@strawberry.enum
class AlertReport(enum.StrEnum):
    RECEIVED = "RECEIVED"
    SEEN = "SEEN"


@strawberry.enum
class Severity(enum.StrEnum):
    ERROR = "ERROR"
    WARN = "WARN"


@strawberry.enum
class Proof(enum.StrEnum):
    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    RECOVERY_CODE = "RECOVERY_CODE"


@strawberry.enum
class SecondFactorState(enum.StrEnum):
    NONE = "NONE"
    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    BOTH = "BOTH"
