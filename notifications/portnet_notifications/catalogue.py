"""The alert catalogue, from ``alerts.toml``: whom each alert concerns and how urgently.

It is checked at import. Who that is in one dossier, and what a preference changes, is policy's.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import msgspec

from portnet.domain.alerts import Addressee

#: The user whose account it is (A25).
USER = "U"
#: Whoever was alerted of what is being corrected (A27).
ALERTED = "*"

#: Good news never wakes anybody: domain rule, so the data may not say otherwise.
_HIGHEST_GOOD_NEWS = 3

_LETTERS = frozenset({*Addressee, USER, ALERTED})


class AudienceLevel(msgspec.Struct, frozen=True, kw_only=True):
    """``role`` is an addressee's letter, USER or ALERTED; ``level`` 1 in the app, 2 push, 3 push then
    SMS, 4 both.
    """

    role: str
    level: int


class AlertKind(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    audiences: tuple[AudienceLevel, ...]
    good_news: bool

    @property
    def levels(self) -> dict[Addressee, int]:
        """The levels by role in the dossier; USER and ALERTED are left out."""
        letters = set(Addressee)
        return {Addressee(a.role): a.level for a in self.audiences if a.role in letters}


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    audience: dict[str, int]
    good_news: bool = False


def parse_alerts(toml: str) -> dict[str, AlertKind]:
    """The alerts by code. Raises ValueError that names every entry that breaks a rule."""
    entries = msgspec.toml.decode(toml, type=dict[str, _Entry])
    problems = [p for code, entry in entries.items() for p in _problems(code, entry)]
    if problems:
        raise ValueError("alerts.toml: " + "; ".join(problems))
    return {code: _kind(code, entry) for code, entry in entries.items()}


def _kind(code: str, entry: _Entry) -> AlertKind:
    audiences = tuple(
        AudienceLevel(role=letter, level=level)
        for letters, level in entry.audience.items()
        for letter in letters
    )
    return AlertKind(code=code, audiences=audiences, good_news=entry.good_news)


def _problems(code: str, entry: _Entry) -> list[str]:
    letters = "".join(entry.audience)
    levels = set(entry.audience.values())
    checks = {
        "has no audience": not letters,
        f"has an unknown letter in {letters!r}": not set(letters) <= _LETTERS,
        f"names a letter twice in {letters!r}": len(set(letters)) != len(letters),
        "has a level outside 1 to 4": not levels <= {1, 2, 3, 4},
        "is good news above level 3": entry.good_news
        and max(levels, default=0) > _HIGHEST_GOOD_NEWS,
    }
    return [f"{code} {problem}" for problem, found in checks.items() if found]


ALERTS: Mapping[str, AlertKind] = parse_alerts(
    files("portnet_notifications").joinpath("alerts.toml").read_text(encoding="utf-8")
)
