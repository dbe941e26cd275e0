"""The public indicators in words: one line of figures in the reader's language, and the page around them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import msgspec

from portnet.domain.catalogue import Catalogue
from portnet.domain.indicators.definition import Grouping, Unit
from portnet.domain.localised import Locale, Localised
from portnet.services.indicators.reading import SMALLEST_GROUP, Figure

_TITLE = Localised(
    fr="PortNet en chiffres", ar="بورتنيت بالأرقام", en="The single window in figures"
)
_INTRODUCTION = Localised(
    fr="Toutes les sociétés ensemble, de {first} à {last}. Les groupes de moins de {least} cas ne sont pas montrés.",
    ar="جميع الشركات مجتمعة، من {first} إلى {last}. لا تعرض المجموعات التي تقل عن {least} حالات.",
    en="All companies together, from {first} to {last}. Groups of fewer than {least} cases are not shown.",
)
_NOTHING = Localised(
    fr="Rien à montrer pour cette période.",
    ar="لا توجد معطيات لهذه الفترة.",
    en="Nothing to show for this period.",
)
_PRECISION = Localised(
    fr="Médianes et centiles à 2 % près, moyennes exactes. Durées en temps réel, sauf mention des heures ouvrées.",
    ar="الوسيط والمئينات بدقة 2%، والمتوسطات مضبوطة. المدد بالوقت الفعلي ما لم تذكر ساعات العمل.",
    en="Medians and percentiles within 2 %, means exact. Durations by the clock, unless business hours are named.",
)
_HEADS = (
    Localised(fr="Indicateur", ar="المؤشر", en="Indicator"),
    Localised(fr="Groupe", ar="المجموعة", en="Group"),
    Localised(fr="Médiane", ar="الوسيط", en="Median"),
    Localised(fr="90 % en moins de", ar="90% في أقل من", en="90 % within"),
    Localised(fr="Moyenne ou part", ar="المتوسط أو النسبة", en="Mean or share"),
    Localised(fr="Cas", ar="الحالات", en="Cases"),
    Localised(fr="Publié ou visé", ar="المنشور أو المستهدف", en="Published, or aimed at"),
)
_BUSINESS = Localised(fr="heures ouvrées", ar="ساعات العمل", en="business hours")
_CIRCUITS = {
    "GREEN": Localised(fr="Vert", ar="أخضر", en="Green"),
    "ORANGE": Localised(fr="Orange", ar="برتقالي", en="Orange"),
    "RED": Localised(fr="Rouge", ar="أحمر", en="Red"),
}
_DAYS, _HOURS, _MINUTES, _SECONDS = (
    Localised(fr="j", ar="يوم", en="d"),
    Localised(fr="h", ar="س", en="h"),
    Localised(fr="min", ar="د", en="min"),
    Localised(fr="s", ar="ث", en="s"),
)
_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}div{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{padding:.35rem .6rem;vertical-align:top;text-align:start;border-bottom:1px solid #8884}
th{font-weight:600}td.n{white-space:nowrap}small{opacity:.8}
"""


class Shown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One figure as it is published."""

    code: str
    label: str
    group: str | None
    group_label: str | None
    unit: Unit
    sample: int
    mean: float | None
    median: float | None
    p90: float | None
    p95: float | None
    reference: float | None
    reference_label: str | None
    reference_source: str | None


def line(catalogue: Catalogue, figure: Figure, locale: Locale) -> Shown:
    """A figure with its words."""
    indicator = figure.indicator
    reference = indicator.reference
    label = indicator.label.in_(locale)
    return Shown(
        code=figure.code,
        label=f"{label} ({_BUSINESS.in_(locale)})" if figure.business else label,
        group=figure.group,
        group_label=None if figure.group is None else _group(catalogue, figure.group, locale),
        unit=indicator.unit,
        sample=figure.sample,
        mean=figure.mean,
        median=figure.median,
        p90=figure.p90,
        p95=figure.p95,
        reference=None if reference is None or figure.business else reference.value,
        reference_label=None if reference is None else reference.label.in_(locale),
        reference_source=None if reference is None else reference.source.in_(locale),
    )


def document(
    lines: Sequence[Shown], first: str, last: str, grouping: Grouping, locale: Locale
) -> str:
    """The whole page."""
    direction = "rtl" if locale == "ar" else "ltr"
    introduction = _INTRODUCTION.in_(locale).format(first=first, last=last, least=SMALLEST_GROUP)
    table = _table(lines, grouping, locale) if lines else f"<p>{escape(_NOTHING.in_(locale))}</p>"
    return (
        f'<!doctype html><html lang="{locale}" dir="{direction}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(_TITLE.in_(locale))}</title><style>{_STYLE}</style><body>"
        f"<h1>{escape(_TITLE.in_(locale))}</h1><p>{escape(introduction)}</p>{table}"
        f"<p><small>{escape(_PRECISION.in_(locale))}</small></p></body></html>"
    )


def duration(seconds: float, locale: Locale) -> str:
    """The two largest units that say it: 7 d 3 h, 2 h 30 min, 45 s; tenths only below ten seconds."""
    whole = round(seconds)
    if whole >= 86_400:
        return _two(whole // 3_600, 24, _DAYS, _HOURS, locale)
    if whole >= 3_600:
        return _two(whole // 60, 60, _HOURS, _MINUTES, locale)
    if whole >= 60:
        return _two(whole, 60, _MINUTES, _SECONDS, locale)
    amount = f"{whole}" if seconds >= 10 else _decimal(seconds, locale)
    return f"{amount} {_SECONDS.in_(locale)}"


def _two(amount: int, size: int, large: Localised, small: Localised, locale: Locale) -> str:
    first, second = divmod(amount, size)
    text = f"{first} {large.in_(locale)}"
    return f"{text} {second} {small.in_(locale)}" if second else text


def _decimal(value: float, locale: Locale) -> str:
    text = f"{value:.1f}"
    return text if locale == "en" else text.replace(".", ",")


def _table(lines: Sequence[Shown], grouping: Grouping, locale: Locale) -> str:
    grouped = bool(grouping) or any(shown.group for shown in lines)
    heads = [head for n, head in enumerate(_HEADS) if grouped or n != 1]
    cells = "".join(f'<th scope="col">{escape(head.in_(locale))}</th>' for head in heads)
    rows = "".join(_row(shown, grouped, locale) for shown in lines)
    return f"<div><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"


def _row(shown: Shown, grouped: bool, locale: Locale) -> str:
    values = [_value(v, shown.unit, locale) for v in (shown.median, shown.p90, shown.mean)]
    published = escape(shown.reference_label or "")
    if shown.reference_source:
        published += f"<br><small>{escape(shown.reference_source)}</small>"
    group = [f"<td>{escape(shown.group_label or '')}</td>"] if grouped else []
    figures = [f'<td class="n">{escape(value)}</td>' for value in (*values, f"{shown.sample}")]
    label = f'<th scope="row">{escape(shown.label)}</th>'
    return f"<tr>{label}{''.join(group)}{''.join(figures)}<td>{published}</td></tr>"


def _value(value: float | None, unit: Unit, locale: Locale) -> str:
    if value is None:
        return "–"
    return duration(value, locale) if unit is Unit.SECONDS else f"{_decimal(value, locale)} %"


def _group(catalogue: Catalogue, group: str, locale: Locale) -> str:
    agency = catalogue.agencies.get(group)
    if agency is not None:
        return agency.label.in_(locale)
    return _CIRCUITS[group].in_(locale) if group in _CIRCUITS else group
