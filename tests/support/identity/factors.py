"""Accounts with an authenticator whose secret the test knows."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from portnet.domain.access import User
from portnet.domain.identity.proof import Proof
from portnet.domain.identity.second_factor import STEP_SECONDS, SecondFactor
from portnet.security.authenticator import TotpAuthenticator, code_at

#: Of every enrolled account of the tests.
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY_CODES = ("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01", "ABCD-EFGH-JKMN-PQRS-TVWX-YZ02")
STEP = timedelta(seconds=STEP_SECONDS)
#: Six digits that are no code of the secret above around the tests' instants; a test would fail if it were one.
WRONG = Proof(code="000000")


def enrolled_account(
    authenticator: TotpAuthenticator, user: User, now: datetime, *, at_sign_in: bool = True
) -> SecondFactor:
    """The account's second factor, in force."""
    kept = authenticator.keep(user.id, TOTP_SECRET, RECOVERY_CODES, now)
    return SecondFactor(user=user.id, company=user.company, active=kept, at_sign_in=at_sign_in)


def shows(now: datetime, secret: str = TOTP_SECRET) -> Proof:
    """What the authenticator shows."""
    return Proof(code=code_at(secret, now))


def secret_in(uri: str) -> str:
    """What an authenticator reads with its camera."""
    return parse_qs(urlsplit(uri).query)["secret"][0]
