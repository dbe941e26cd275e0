"""The codes by which new people choose their first password: 80 bits, read aloud over a telephone.

They are derived from the server's secret, so that nothing but a hash is ever stored.
"""

from __future__ import annotations

import hashlib
import hmac

from portnet.domain.identity.member import InvitationCode

#: Crockford's alphabet: no I, L, O or U.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LETTERS = 16
_GROUP = 4


class InvitationCodes:
    """Implements `Invitations`.

    Args:
        key: 32 bytes of this purpose alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def code(self, user: str, number: int) -> InvitationCode:
        digest = hmac.digest(self._key, f"{user}:{number}".encode(), "sha256")
        letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_LETTERS])
        groups = (letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))
        text = "-".join(groups)
        return InvitationCode(text=text, hash=self.hash(text))

    def hash(self, text: str) -> bytes:
        letters = "".join(c for c in text.upper() if c.isalnum()).translate(_MISREAD)
        return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).digest()
