"""Companies, their people and how these sign in; the agencies' keys."""

from __future__ import annotations

from piccolo.columns import BigInt, Bytea, Text
from piccolo.table import Table


class CompanyTable(Table, tablename="company"):
    id = Text(primary_key=True)
    kind = Text()
    name = Text()
    ice = Text()
    sandbox = BigInt()
    subscription = Text(null=True)


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


class SecondFactorTable(Table, tablename="second_factor"):
    """One row of each account that ever enrolled; ``active`` and ``pending`` hold their secrets sealed."""

    user_id = Text(primary_key=True)
    company = Text()
    active = Text(null=True)
    pending = Text(null=True)
    challenges = Text()
    misses = Text()
    at_sign_in = BigInt()


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
    kinds = Text(null=True)


class InvitationTable(Table, tablename="invitation"):
    """The newest invitation of somebody who has no password yet."""

    user_id = Text(primary_key=True)
    number = BigInt()
    code_hash = Bytea()
    made_by = Text()
    made_at = BigInt()
    expires_at = BigInt()
    used_at = BigInt(null=True)


class AgencyKeyTable(Table, tablename="agency_key"):
    """``secret`` is sealed by the server's own key."""

    id = Text(primary_key=True)
    source = Text()
    algorithm = Text()
    secret = Text()
    sandbox = BigInt()
    active_from = BigInt()
    active_until = BigInt(null=True)
