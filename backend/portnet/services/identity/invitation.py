"""A new person accepts their invitation: the code, once, for a password of their own. Nobody is signed in for it.

An unknown login, a wrong code and one that is used or too old are the same refusal.
"""

from __future__ import annotations

import enum
import hmac

import msgspec

from portnet.domain.identity import throttling
from portnet.domain.identity.account import Credentials
from portnet.domain.identity.member import LONGEST_LOGIN, MemberFault, normal_login
from portnet.domain.identity.password import password_faults
from portnet.ports.clock import Clock
from portnet.ports.identity.invitations import Invitations, PasswordHasher
from portnet.ports.identity.throttle import Throttle
from portnet.ports.unit_of_work import AuditDraft, UnitsOfWork
from portnet.services.identity.session import TryLater


class NotAccepted(enum.StrEnum):
    WRONG_CREDENTIALS = "WRONG_CREDENTIALS"


class Welcome:
    """The use case of accepting an invitation."""

    def __init__(
        self,
        units: UnitsOfWork,
        invitations: Invitations,
        passwords: PasswordHasher,
        clock: Clock,
        throttle: Throttle,
    ) -> None:
        self._units = units
        self._invitations = invitations
        self._passwords = passwords
        self._clock = clock
        self._throttle = throttle

    async def accept(
        self, login: str, code: str, password: str, address: str | None = None
    ) -> NotAccepted | TryLater | tuple[MemberFault, ...]:
        """Choose the first password; no faults when it is chosen."""
        common = self._passwords.is_common(password)
        if faults := password_faults(password, normal_login(login), common=common):
            return faults
        now = self._clock.now()
        entry = throttling.invitation(normal_login(login), address)
        if wait := await self._throttle.admit(entry, now):
            return TryLater(seconds=throttling.whole(wait))
        if not await self._open(login, code):
            return NotAccepted.WRONG_CREDENTIALS
        await self._throttle.forgive(entry, now)
        # A hash takes its time: outside of any transaction, and only for whoever knows the code.
        stored = await self._passwords.hash(password)
        return () if await self._open(login, code, stored) else NotAccepted.WRONG_CREDENTIALS

    async def _open(self, login: str, code: str, stored: str | None = None) -> bool:
        """Whether the code is right; with what to store it is used up."""
        if len(login) > LONGEST_LOGIN:
            return False
        now = self._clock.now()
        async with self._units() as work:
            user = await work.account(normal_login(login))
            if user is None or not user.active:
                return False
            # In the order in which their administrator locks both.
            await work.members(user.company)
            invitation = await work.invitation(user.id)
            if invitation is None or not invitation.open(now):
                return False
            if not hmac.compare_digest(invitation.code_hash, self._invitations.hash(code)):
                return False
            if stored is not None:
                work.add(
                    msgspec.structs.replace(invitation, used_at=now),
                    Credentials(user=user.id, password_hash=stored),
                    AuditDraft(
                        company=user.company,
                        at=now,
                        actor=f"user:{user.id}",
                        action="member.accepted",
                        subject=user.id,
                    ),
                )
                await work.commit()
        return True
