"""Rows: what is counted, and what people say of it."""

from __future__ import annotations

from typing import Any

from portnet.domain.indicators.counting import Uncounted
from portnet.domain.indicators.feedback import Feedback
from portnet.domain.indicators.measuring import OpenStep
from portnet.storage.rows.values import micros


def uncounted_row(u: Uncounted) -> tuple[Any, ...]:
    return u.id, u.kind.value, u.subject, micros(u.at)


def open_step_row(o: OpenStep) -> tuple[Any, ...]:
    return (
        o.procedure, o.dossier, o.agency, o.office, o.circuit, o.chapter, o.month,
        micros(o.due_at),
    )  # fmt: skip


def feedback_row(f: Feedback) -> tuple[Any, ...]:
    return f.dossier, f.user, f.score, f.text, micros(f.at)
