"""What a check may find, and the facts it needs: the vocabulary of `checking`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date

import msgspec

from portnet.domain.declaring.form import Severity
from portnet.domain.localised import Localised


class IssueCode(enum.StrEnum):
    """Every kind of finding; each has a sentence in `sentences`."""

    # One answer.
    REQUIRED = "REQUIRED"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    NOT_ASKED = "NOT_ASKED"
    TOO_LONG = "TOO_LONG"
    TOO_SHORT = "TOO_SHORT"
    HIDDEN_CHARACTERS = "HIDDEN_CHARACTERS"
    WRONG_SHAPE = "WRONG_SHAPE"
    NOT_AN_OPTION = "NOT_AN_OPTION"
    NOT_LISTED = "NOT_LISTED"
    TOO_MANY = "TOO_MANY"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    NOT_WHOLE = "NOT_WHOLE"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    NOT_POSITIVE = "NOT_POSITIVE"
    NEGATIVE = "NEGATIVE"
    NOT_A_DATE = "NOT_A_DATE"
    TOO_EARLY = "TOO_EARLY"
    TOO_LATE = "TOO_LATE"
    ICE_WRONG = "ICE_WRONG"
    CONTAINER_WRONG = "CONTAINER_WRONG"
    AIR_WAYBILL_WRONG = "AIR_WAYBILL_WRONG"
    DUM_WRONG = "DUM_WRONG"
    DUM_KEY_DOUBTFUL = "DUM_KEY_DOUBTFUL"
    TARIFF_CODE_WRONG = "TARIFF_CODE_WRONG"
    TARIFF_CODE_UNKNOWN = "TARIFF_CODE_UNKNOWN"
    # Several answers together.
    OTHER_COMPANY = "OTHER_COMPANY"
    PARTY_AT_HOME = "PARTY_AT_HOME"
    INCOTERM_BY_SEA = "INCOTERM_BY_SEA"
    FREIGHT_TWICE = "FREIGHT_TWICE"
    INSURANCE_TWICE = "INSURANCE_TWICE"
    TITLE_EXPIRED = "TITLE_EXPIRED"
    TITLE_EXCEEDED = "TITLE_EXCEEDED"
    TITLE_OTHER_CURRENCY = "TITLE_OTHER_CURRENCY"
    NOT_IN_TITLE = "NOT_IN_TITLE"
    LOT_TAKEN = "LOT_TAKEN"
    CONTAINER_TWICE = "CONTAINER_TWICE"
    CONTAINER_BUSY = "CONTAINER_BUSY"
    NET_ABOVE_GROSS = "NET_ABOVE_GROSS"
    TOTAL_DIFFERS = "TOTAL_DIFFERS"
    ORIGIN_PROOF_MISSING = "ORIGIN_PROOF_MISSING"


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """``label`` is the field's, None of an unknown path. ``arguments`` are what its sentence names besides: the line's
    rank, numbers, codes, dates as people write them."""

    path: str
    code: IssueCode
    label: Localised | None = None
    severity: Severity = Severity.ERROR
    arguments: Mapping[str, str] = {}


class TitleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an import or export title. ``remaining`` is a decimal string; no ``headings``: not known."""

    expires: date | None = None
    remaining: str | None = None
    currency: str | None = None
    headings: frozenset[str] = frozenset()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """``today`` in Casablanca. ``decimals`` by ISO 4217 code. ``headings`` are the known tariff codes of six digits;
    with ``whole_tariff`` an unknown one is an error, else a warning. ``company_ice`` is the declaring company's own.

    ``busy_containers`` are on other live files, ``taken_lots`` (``DS/lot``) on other live declarations.
    """

    today: date
    decimals: Mapping[str, int]
    headings: frozenset[str] = frozenset()
    whole_tariff: bool = False
    company_ice: str | None = None
    titles: Mapping[str, TitleFacts] = {}
    busy_containers: frozenset[str] = frozenset()
    taken_lots: frozenset[str] = frozenset()
