"""Sign in, stay signed in, sign out. Who exists and who does not is never told apart.

A session lives while it is used: each refresh gives it its whole lifetime again. A refresh token works once and hands
over to its successor. One that comes back later was stolen or lost: the session ends for both who hold it.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from portnet.domain.access import User, Viewer
from portnet.domain.identity import throttling
from portnet.domain.identity.account import (
    AccessToken,
    Ended,
    PresentedRefreshToken,
    RefreshToken,
    Session,
)
from portnet.domain.identity.member import normal_login
from portnet.domain.identity.proof import Proof
from portnet.domain.identity.throttling import Entry
from portnet.ports.clock import Clock, Ids
from portnet.ports.identity.throttle import Throttle
from portnet.ports.live import Wakeups
from portnet.ports.reading import AccountReader
from portnet.ports.security import Passwords, Tokens
from portnet.ports.unit_of_work import AuditDraft, UnitOfWork, UnitsOfWork
from portnet.services.identity.revoking import end
from portnet.services.identity.step_up import FactorAsked, StepUp

#: How long the token before the newest is honoured: a phone on a bad network asks again for the answer that it lost.
GRACE = timedelta(minutes=1)
#: Seconds until somebody who found the waiting room full comes back.
_FULL = 3


class SignInRefusal(enum.StrEnum):
    """One word for an unknown login, a wrong password, an ended session: nothing leaks."""

    WRONG_CREDENTIALS = "WRONG_CREDENTIALS"


class TryLater(msgspec.Struct, frozen=True, kw_only=True):
    """Too many attempts, or too many people at once; said to whom nobody knows in the same way."""

    seconds: int


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sign-in comes from: the network address, and the device that the phone says it is."""

    address: str | None = None
    device: str | None = None


_NOWHERE = Origin()


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone keeps: the tokens, until when, and who it speaks for."""

    viewer: Viewer
    access: AccessToken
    refresh: RefreshToken


class Sessions:
    """The use cases of signing in."""

    def __init__(
        self,
        units: UnitsOfWork,
        accounts: AccountReader,
        passwords: Passwords,
        tokens: Tokens,
        clock: Clock,
        ids: Ids,
        wakeups: Wakeups,
        lifetime: timedelta,
        step_up: StepUp,
        throttle: Throttle,
    ) -> None:
        self._units = units
        self._accounts = accounts
        self._passwords = passwords
        self._tokens = tokens
        self._clock = clock
        self._ids = ids
        self._wakeups = wakeups
        self._lifetime = lifetime
        self._step_up = step_up
        self._throttle = throttle

    async def sign_in(
        self, login: str, password: str, proof: Proof | None = None, origin: Origin = _NOWHERE
    ) -> SignedIn | SignInRefusal | FactorAsked | TryLater:
        """Open a session; an unknown login takes as long to refuse as a wrong password.

        Who has a second factor shows it too; that there is one is said once the password is right. Attempts are counted
        before anything is hashed for them.
        """
        login = normal_login(login)
        entry = await self._entry(login, origin)
        if wait := await self._throttle.admit(entry, self._clock.now()):
            return TryLater(seconds=throttling.whole(wait))
        account = await self._accounts.sign_in(login)
        stored = account.credentials.password_hash if account else None
        # Asked in the same breath as a place is taken, so that a crowd cannot pass together.
        if self._passwords.busy(known_device=entry.own.rate is throttling.OWN_DEVICE):
            await self._throttle.forgive(entry, self._clock.now())
            return TryLater(seconds=_FULL)
        if not await self._passwords.verify(password, stored) or account is None:
            return SignInRefusal.WRONG_CREDENTIALS
        await self._throttle.forgive(entry, self._clock.now())
        if asked := await self._step_up.at_sign_in(account.user.id, proof):
            return asked
        now = self._clock.now()
        session_id = self._ids.new()
        refresh = self._tokens.first(session_id)
        session = Session(
            id=session_id,
            user=account.user.id,
            opened_at=now,
            expires_at=now + self._lifetime,
            refreshed_at=now,
            token_hash=refresh.hash,
        )
        async with self._units() as work:
            work.add(session, _audit(account.user, session.id, "session.opened", now))
            await work.commit()
        return self._signed_in(account.user, account.company.sandbox, session, refresh, now)

    async def refresh(self, refresh_token: str) -> SignedIn | SignInRefusal | TryLater:
        """Hand over to the next token. The one just used may ask again within `GRACE`; an older one ends all."""
        presented = self._tokens.present(refresh_token)
        if presented is None:
            return SignInRefusal.WRONG_CREDENTIALS
        now = self._clock.now()
        entry = throttling.refresh(presented.session)
        if wait := await self._throttle.admit(entry, now):
            return TryLater(seconds=throttling.whole(wait))
        # A flood of made-up tokens is refused by a read, and takes no turn at writing.
        if not await self._accounts.session_alive(presented.session, now):
            return SignInRefusal.WRONG_CREDENTIALS
        outcome = await self._hand_over(presented, now)
        if isinstance(outcome, SignedIn):
            await self._throttle.forgive(entry, now)
        return outcome

    async def _hand_over(
        self, presented: PresentedRefreshToken, now: datetime
    ) -> SignedIn | SignInRefusal:
        async with self._units() as work:
            session = await work.session(presented.session)
            if session is None or not session.alive(now):
                return SignInRefusal.WRONG_CREDENTIALS
            user = (await self._accounts.users([session.user])).get(session.user)
            if user is None or not user.active:
                return SignInRefusal.WRONG_CREDENTIALS
            successor = self._tokens.successor(session.id, presented.hash)
            if presented.hash == session.token_hash:
                session = _handed_over(session, successor, now, now + self._lifetime)
                work.add(session)
                await work.commit()
                self._wakeups.session_renewed(session.id, session.expires_at)
            elif not _asks_again(session, presented.hash, now):
                await self._end(work, user, session, Ended.REFRESH_TOKEN_REUSED, now)
                return SignInRefusal.WRONG_CREDENTIALS
        company = (await self._accounts.companies([user.company]))[user.company]
        return self._signed_in(user, company.sandbox, session, successor, now)

    async def sign_out(self, viewer: Viewer) -> None:
        """End the session; its tokens, sockets and devices with it. Twice is as good as once."""
        now = self._clock.now()
        async with self._units() as work:
            session = await work.session(viewer.session)
            if session is None or session.ended_at is not None:
                return
            user = (await self._accounts.users([session.user]))[session.user]
            await self._end(work, user, session, Ended.SIGNED_OUT, now)

    async def _end(
        self, work: UnitOfWork, user: User, session: Session, because: Ended, now: datetime
    ) -> None:
        await end(work, session, because, now)
        work.add(_audit(user, session.id, "session.ended", now))
        await work.commit()
        self._wakeups.session_ended(session.id)

    async def _entry(self, login: str, origin: Origin) -> Entry:
        device = origin.device
        if device is not None and not await self._accounts.signed_in_on(login, device):
            device = None
        return throttling.sign_in(login, device, origin.address)

    def _signed_in(
        self, user: User, sandbox: bool, session: Session, refresh: RefreshToken, now: datetime
    ) -> SignedIn:
        return SignedIn(
            viewer=Viewer(
                user=user.id,
                company=user.company,
                session=session.id,
                sandbox=sandbox,
                session_expires_at=session.expires_at,
            ),
            access=self._tokens.access(user, session.id, sandbox, now),
            refresh=refresh,
        )


def _handed_over(
    session: Session, successor: RefreshToken, now: datetime, until: datetime
) -> Session:
    return msgspec.structs.replace(
        session,
        expires_at=until,
        refreshed_at=now,
        token_hash=successor.hash,
        previous_hash=session.token_hash,
        previous_until=now + GRACE,
    )


def _asks_again(session: Session, presented: bytes, now: datetime) -> bool:
    until = session.previous_until
    return presented == session.previous_hash and until is not None and now < until


def _audit(user: User, session: str, action: str, now: datetime) -> AuditDraft:
    return AuditDraft(
        company=user.company, at=now, actor=f"user:{user.id}", action=action, subject=session
    )
