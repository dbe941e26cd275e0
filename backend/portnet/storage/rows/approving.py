"""Rows: approvals, matrices, delegations, and what was seen."""

from __future__ import annotations

from typing import Any

import msgspec

from portnet.domain.access import Role
from portnet.domain.approving.approval import Approval, ApprovalState, Content, Standing
from portnet.domain.approving.authority import Delegation
from portnet.domain.approving.matrix import Matrix, Rule
from portnet.domain.approving.money import Money
from portnet.domain.approving.seen import Seen
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import (
    instant,
    instant_or_none,
    json_or_none,
    json_text,
    micros,
    micros_or_none,
)

_content = msgspec.json.Decoder(Content)
_rules = msgspec.json.Decoder(tuple[Rule, ...])
_kinds = msgspec.json.Decoder(tuple[str, ...])
_money = msgspec.json.Decoder(Money)


def approval_row(a: Approval) -> tuple[Any, ...]:
    standing = a.standing
    return (
        a.id, a.company, a.content.id, a.content.subject, json_text(a.content), a.role.value,
        a.author, a.requested_by, micros(a.requested_at), micros(a.deadline),
        micros(a.updated_at), a.state.value, None if standing is None else standing.state,
        None if standing is None else micros(standing.entered_at), a.decided_by,
        micros_or_none(a.decided_at), a.on_behalf_of, int(a.self_approved), a.reason, a.version,
    )  # fmt: skip


def approval(r: Row) -> Approval:
    return Approval(
        id=r["id"], company=r["company"], content=_content.decode(r["content"]),
        role=Role(r["role"]), author=r["author"], requested_by=r["requested_by"],
        requested_at=instant(r["requested_at"]), deadline=instant(r["deadline"]),
        updated_at=instant(r["updated_at"]), state=ApprovalState(r["state"]),
        standing=_standing(r), decided_by=r["decided_by"],
        decided_at=instant_or_none(r["decided_at"]), on_behalf_of=r["on_behalf_of"],
        self_approved=bool(r["self_approved"]), reason=r["reason"], version=r["version"],
    )  # fmt: skip


def matrix_row(m: Matrix) -> tuple[Any, ...]:
    return m.company, json_text(m.rules)


def matrix(r: Row) -> Matrix:
    return Matrix(company=r["company"], rules=_rules.decode(r["rules"]))


def delegation_row(d: Delegation) -> tuple[Any, ...]:
    return (
        d.id, d.company, d.giver, d.holder, micros(d.starts_at), micros(d.ends_at),
        micros(d.created_at), json_or_none(d.kinds), json_or_none(d.limit),
        micros_or_none(d.revoked_at),
    )  # fmt: skip


def delegation(r: Row) -> Delegation:
    return Delegation(
        id=r["id"], company=r["company"], giver=r["giver"], holder=r["holder"],
        starts_at=instant(r["starts_at"]), ends_at=instant(r["ends_at"]),
        created_at=instant(r["created_at"]),
        kinds=None if r["kinds"] is None else _kinds.decode(r["kinds"]),
        limit=None if r["amount_limit"] is None else _money.decode(r["amount_limit"]),
        revoked_at=instant_or_none(r["revoked_at"]),
    )  # fmt: skip


def seen_row(s: Seen) -> tuple[Any, ...]:
    return s.user, s.subject, s.content, micros(s.at), s.before


def seen(r: Row) -> Seen:
    return Seen(
        user=r["user_id"], subject=r["subject"], content=r["content"], at=instant(r["at"]),
        before=r["before"],
    )  # fmt: skip


def _standing(r: Row) -> Standing | None:
    if r["standing_state"] is None:
        return None
    return Standing(state=r["standing_state"], entered_at=instant(r["standing_entered_at"]))
