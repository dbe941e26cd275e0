"""Companies, their people, mandates and devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from portnet.domain.access import Company, Mandate, User
from portnet.domain.alerts import Device
from portnet.domain.identity.account import REVOKED, Credentials, Session
from portnet.ports.reading import OpenSession, SignIn
from portnet.storage import rows
from portnet.storage.engines.database import Database
from portnet.storage.engines.program import Program, Statement, query


class AccountRepository:
    """Implements `AccountReader`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sign_in(self, login: str) -> SignIn | None:
        return await self._database.read(_sign_in(login))

    async def signed_in_on(self, login: str, device: str) -> bool:
        sql = (
            "SELECT s.ended_because FROM device d"
            " JOIN user_account u ON u.id = d.user_id JOIN user_session s ON s.id = d.session"
            " WHERE d.id = $1 AND u.login = $2"
        )
        found = await self._database.read(query(sql, device, login))
        return any(row["ended_because"] not in REVOKED for row in found)

    async def users(self, ids: Sequence[str]) -> Mapping[str, User]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM user_account WHERE {dialect.any_of('id', '$1')}"
        found = await self._database.read(query(sql, dialect.array(ids)))
        return {row["id"]: rows.user(row) for row in found}

    async def companies(self, ids: Sequence[str]) -> Mapping[str, Company]:
        dialect = self._database.dialect
        sql = f"SELECT * FROM company WHERE {dialect.any_of('id', '$1')}"
        found = await self._database.read(query(sql, dialect.array(ids)))
        return {row["id"]: rows.company(row) for row in found}

    async def mandates(self, company: str) -> Sequence[Mandate]:
        sql = "SELECT * FROM mandate WHERE company = $1 OR broker = $1 ORDER BY id"
        return [rows.mandate(row) for row in await self._database.read(query(sql, company))]

    async def devices(self, user: str) -> Sequence[Device]:
        sql = "SELECT * FROM device WHERE user_id = $1 ORDER BY id"
        return [rows.device(row) for row in await self._database.read(query(sql, user))]

    async def sessions(self, user: str, now: datetime) -> Sequence[Session]:
        sql = "SELECT * FROM user_session WHERE user_id = $1 AND ended_at IS NULL ORDER BY id DESC"
        found = [rows.session(row) for row in await self._database.read(query(sql, user))]
        return [session for session in found if session.alive(now)]

    async def devices_by_id(self, user: str, ids: Sequence[str]) -> Mapping[str, Device]:
        return {device.id: device for device in await self.devices(user) if device.id in set(ids)}

    async def open_session(self, session: str, now: datetime) -> OpenSession | None:
        account = await self._database.read(_open_session(session))
        return account if account is not None and account.session.alive(now) else None

    async def session_alive(self, session: str, now: datetime) -> bool:
        sql = "SELECT * FROM user_session WHERE id = $1"
        found = await self._database.read(query(sql, session))
        return bool(found) and rows.session(found[0]).alive(now)


def _sign_in(login: str) -> Program[SignIn | None]:
    users = yield Statement("SELECT * FROM user_account WHERE login = $1 AND active = 1", (login,))
    if not users:
        return None
    user = rows.user(users[0])
    companies = yield Statement("SELECT * FROM company WHERE id = $1", (user.company,))
    secrets = yield Statement("SELECT * FROM credentials WHERE user_id = $1", (user.id,))
    if not companies or not secrets:
        return None
    return SignIn(
        user=user,
        company=rows.company(companies[0]),
        credentials=Credentials(user=user.id, password_hash=secrets[0]["password_hash"]),
    )


def _open_session(session: str) -> Program[OpenSession | None]:
    sessions = yield Statement("SELECT * FROM user_session WHERE id = $1", (session,))
    if not sessions:
        return None
    owner = sessions[0]["user_id"]
    users = yield Statement("SELECT * FROM user_account WHERE id = $1 AND active = 1", (owner,))
    if not users:
        return None
    user = rows.user(users[0])
    companies = yield Statement("SELECT * FROM company WHERE id = $1", (user.company,))
    if not companies:
        return None
    return OpenSession(
        session=rows.session(sessions[0]), user=user, company=rows.company(companies[0])
    )
