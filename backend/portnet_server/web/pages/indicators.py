"""`GET /indicators`: what the single window is measured by, for everybody, as a page or as JSON. No script, no sign-in.

All companies together, small groups left out; read at most once a minute for each question, whoever asks.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import parse_qs

import msgspec
from litestar.types import HTTPScope, Receive, Send

from portnet.domain.business_hours import CASABLANCA
from portnet.domain.catalogue import Catalogue
from portnet.domain.indicators.definition import Grouping
from portnet.domain.indicators.months import month_name, month_number, month_of, months_before
from portnet.domain.localised import preferred_locale
from portnet.ports.clock import Clock
from portnet.services.indicators.reading import Figure, Indicators, Question
from portnet_server.web.origin import header
from portnet_server.web.pages.indicator_words import Shown, document, line

_MONTHS_SHOWN = 12
_FRESH_FOR = timedelta(minutes=1)
#: Questions that are kept: months and groupings that people choose.
_MOST_KEPT = 64


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON of the page; ``from`` and ``to`` are months, durations seconds, shares per cent."""

    generated_at: datetime
    first: str = msgspec.field(name="from")
    last: str = msgspec.field(name="to")
    indicators: tuple[Shown, ...]


class IndicatorPage:
    """Answers with HTML, or with JSON where the reader asks for it first."""

    def __init__(self, indicators: Indicators, catalogue: Catalogue, clock: Clock) -> None:
        self._indicators = indicators
        self._catalogue = catalogue
        self._clock = clock
        self._kept: dict[Question, tuple[datetime, list[Figure] | str]] = {}

    async def __call__(self, scope: HTTPScope, _receive: Receive, send: Send) -> None:
        question = _question(scope["query_string"].decode("latin-1"), self._clock.now())
        figures = question if isinstance(question, str) else await self._figures(question)
        if isinstance(question, str) or isinstance(figures, str):
            fault = {"code": "BAD_REQUEST", "message": str(figures)}
            await _answer(send, 400, "application/json", msgspec.json.encode(fault))
            return
        locale = preferred_locale(header(scope, b"accept-language"))
        shown = tuple(line(self._catalogue, figure, locale) for figure in figures)
        if _wants_json(header(scope, b"accept")):
            first, last = _months(question)
            body = Body(generated_at=self._clock.now(), first=first, last=last, indicators=shown)
            await _answer(send, 200, "application/json", msgspec.json.encode(body), locale)
        else:
            page = document(shown, *_months(question), question.grouping, locale)
            await _answer(send, 200, "text/html; charset=utf-8", page.encode(), locale)

    async def _figures(self, question: Question) -> list[Figure] | str:
        now = self._clock.now()
        kept = self._kept.get(question)
        if kept is not None and now - kept[0] < _FRESH_FOR:
            return kept[1]
        figures = await self._indicators.read(None, question)
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[question] = (now, figures)
        return figures


def _question(query: str, now: datetime) -> Question | str:
    """What ``?from=2026-01&to=2026-11&group=OFFICE`` asks, the last twelve months unless it says; or what is wrong."""
    asked = {name: values[0] for name, values in parse_qs(query, max_num_fields=8).items()}
    grouping = asked.get("group", "")
    if grouping not in set(Grouping):
        return "group is MONTH, OFFICE, CHANNEL, HS_CHAPTER or AGENCY"
    today = now.astimezone(CASABLANCA).date()
    earliest = months_before(month_of(now), _MONTHS_SHOWN - 1)
    try:
        first = _day(asked.get("from")) or date(earliest // 100, earliest % 100, 1)
        last = _day(asked.get("to")) or today.replace(day=1)
    except ValueError:
        return "from and to are months such as 2026-11"
    return Question(first=first, last=last, grouping=Grouping(grouping))


def _day(month: str | None) -> date | None:
    return None if month is None else date.fromisoformat(f"{month}-01")


def _months(question: Question) -> tuple[str, str]:
    return month_name(month_number(question.first)), month_name(month_number(question.last))


def _wants_json(accept: str | None) -> bool:
    """Whether JSON is named before HTML; browsers name HTML first."""
    named = [part.partition(";")[0].strip().lower() for part in (accept or "").split(",")]
    return (
        "application/json" in named and "text/html" not in named[: named.index("application/json")]
    )


async def _answer(
    send: Send, status: int, media_type: str, body: bytes, locale: str | None = None
) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"vary", b"accept, accept-language"),
        (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
    ]
    if locale is not None:
        headers += [(b"content-language", locale.encode()), (b"cache-control", b"max-age=60")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
