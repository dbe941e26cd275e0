"""Rows: companies, their people and how these sign in; the agencies' keys."""

from __future__ import annotations

from typing import Any

import msgspec

from portnet.domain.access import Company, CompanyKind, Mandate, Role, User
from portnet.domain.alerts import (
    Channel,
    Device,
)
from portnet.domain.identity.account import Credentials, Session
from portnet.domain.identity.member import Invitation
from portnet.domain.identity.second_factor import Challenge, Miss, SecondFactor, Totp
from portnet.storage.engines.program import Row
from portnet.storage.rows.values import (
    instant,
    instant_or_none,
    json_or_none,
    json_text,
    micros,
    micros_or_none,
)

_roles = msgspec.json.Decoder(tuple[Role, ...])
_totp = msgspec.json.Decoder(Totp)
_challenges = msgspec.json.Decoder(tuple[Challenge, ...])
_misses = msgspec.json.Decoder(tuple[Miss, ...])
_kinds = msgspec.json.Decoder(tuple[str, ...])


def company_row(c: Company) -> tuple[Any, ...]:
    return c.id, c.kind.value, c.name, c.ice, int(c.sandbox), c.subscription


def company(r: Row) -> Company:
    return Company(
        id=r["id"], kind=CompanyKind(r["kind"]), name=r["name"], ice=r["ice"],
        sandbox=bool(r["sandbox"]), subscription=r["subscription"],
    )  # fmt: skip


def user_row(u: User) -> tuple[Any, ...]:
    return (
        u.id, u.company, u.login, u.name, json_text(u.roles), u.locale, u.phone, int(u.active)
    )  # fmt: skip


def user(r: Row) -> User:
    return User(
        id=r["id"], company=r["company"], login=r["login"], name=r["name"],
        roles=_roles.decode(r["roles"]), locale=r["locale"], phone=r["phone"],
        active=bool(r["active"]),
    )  # fmt: skip


def credentials_row(c: Credentials) -> tuple[Any, ...]:
    return c.user, c.password_hash


def second_factor_row(f: SecondFactor) -> tuple[Any, ...]:
    return (
        f.user, f.company, json_or_none(f.active), json_or_none(f.pending),
        json_text(f.challenges), json_text(f.misses), int(f.at_sign_in),
    )  # fmt: skip


def second_factor(r: Row) -> SecondFactor:
    return SecondFactor(
        user=r["user_id"], company=r["company"],
        active=_totp.decode(r["active"]) if r["active"] else None,
        pending=_totp.decode(r["pending"]) if r["pending"] else None,
        challenges=_challenges.decode(r["challenges"]), misses=_misses.decode(r["misses"]),
        at_sign_in=bool(r["at_sign_in"]),
    )  # fmt: skip


def session_row(s: Session) -> tuple[Any, ...]:
    return (
        s.id, s.user, micros(s.opened_at), micros(s.expires_at), micros(s.refreshed_at),
        s.token_hash, s.previous_hash, micros_or_none(s.previous_until),
        micros_or_none(s.ended_at), s.ended_because,
    )  # fmt: skip


def session(r: Row) -> Session:
    return Session(
        id=r["id"], user=r["user_id"], opened_at=instant(r["opened_at"]),
        expires_at=instant(r["expires_at"]), refreshed_at=instant(r["refreshed_at"]),
        token_hash=r["token_hash"], previous_hash=r["previous_hash"],
        previous_until=instant_or_none(r["previous_until"]),
        ended_at=instant_or_none(r["ended_at"]), ended_because=r["ended_because"],
    )  # fmt: skip


def device_row(d: Device) -> tuple[Any, ...]:
    return (
        d.id, d.user, d.session, d.channel.value, d.kind, d.address, d.label, d.locale,
        micros(d.registered_at), micros(d.last_seen_at), micros_or_none(d.dead_at),
    )  # fmt: skip


def device(r: Row) -> Device:
    return Device(
        id=r["id"], user=r["user_id"], session=r["session"], channel=Channel(r["channel"]), kind=r["kind"],
        address=r["address"], label=r["label"], locale=r["locale"],
        registered_at=instant(r["registered_at"]), last_seen_at=instant(r["last_seen_at"]),
        dead_at=instant_or_none(r["dead_at"]),
    )  # fmt: skip


def mandate_row(m: Mandate) -> tuple[Any, ...]:
    return (
        m.id, m.company, m.broker, micros(m.starts_at), micros_or_none(m.ends_at),
        micros_or_none(m.revoked_at), json_or_none(m.kinds),
    )  # fmt: skip


def mandate(r: Row) -> Mandate:
    return Mandate(
        id=r["id"], company=r["company"], broker=r["broker"], starts_at=instant(r["starts_at"]),
        ends_at=instant_or_none(r["ends_at"]), revoked_at=instant_or_none(r["revoked_at"]),
        kinds=None if r["kinds"] is None else _kinds.decode(r["kinds"]),
    )  # fmt: skip


def invitation_row(i: Invitation) -> tuple[Any, ...]:
    return (
        i.user, i.number, i.code_hash, i.by, micros(i.made_at), micros(i.expires_at),
        micros_or_none(i.used_at),
    )  # fmt: skip


def invitation(r: Row) -> Invitation:
    return Invitation(
        user=r["user_id"], number=r["number"], code_hash=r["code_hash"], by=r["made_by"],
        made_at=instant(r["made_at"]), expires_at=instant(r["expires_at"]),
        used_at=instant_or_none(r["used_at"]),
    )  # fmt: skip
