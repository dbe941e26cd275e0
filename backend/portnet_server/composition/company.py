"""A company's own arrangements: its people, their invitations, and the brokers who work for it."""

from __future__ import annotations

import msgspec

from portnet.domain.catalogue import Catalogue
from portnet.ports.clock import Clock, Ids
from portnet.ports.identity.throttle import Throttle
from portnet.ports.live import Wakeups
from portnet.ports.proofs import Proofs
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.security.invitations import InvitationCodes
from portnet.security.keys import derive_key
from portnet.security.passwords import Passwords
from portnet.services.identity.invitation import Welcome
from portnet.services.identity.mandate import Mandates
from portnet.services.identity.member import Members
from portnet.services.identity.warning import AccountWarnings


class CompanyRoom(msgspec.Struct, frozen=True, kw_only=True):
    members: Members
    mandates: Mandates
    welcome: Welcome


def company_room(
    units: UnitsOfWork,
    catalogue: Catalogue,
    proofs: Proofs,
    passwords: Passwords,
    clock: Clock,
    ids: Ids,
    wakeups: Wakeups,
    throttle: Throttle,
    warnings: AccountWarnings,
    secret: bytes,
) -> CompanyRoom:
    """``secret`` is the server's own: invitations that wait are void when it changes."""
    codes = InvitationCodes(derive_key(secret, "invitations"))
    return CompanyRoom(
        members=Members(units, proofs, codes, clock, ids, wakeups, warnings),
        mandates=Mandates(units, catalogue, proofs, clock, ids, wakeups),
        welcome=Welcome(units, codes, passwords, clock, throttle),
    )
