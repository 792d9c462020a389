"""Secrets as the service keeps them: a scrypt hash, an id of their own, and a last day. The secret itself is shown
once, to whoever made it, and kept nowhere.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

LENGTH_MAX = 1024
PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 256


@dataclass(frozen=True)
class Secret:
    """``salt`` and ``hash`` are hexadecimal. Whoever signed in with a secret is signed in as long as this ``id``
    stands: a rotated secret has another."""

    id: str
    salt: str = field(repr=False)
    hash: str = field(repr=False)
    expires_at: datetime

    def is_good(self, now: datetime) -> bool:
        return now < self.expires_at

    def fits(self, text: str) -> bool:
        """Whether ``text`` is the secret. Costs some 50 ms and 16 MiB by design: keep it off the event loop."""
        return matches(text, self.salt, self.hash)


def typable(text: str) -> str:
    """Random text as a command line takes it: az reads what begins with a dash as an option, however it is quoted."""
    return text.lstrip("-_")


def hashed(text: str, salt: str) -> str:
    """The scrypt hash in hexadecimal; ``salt`` likewise. Some 50 ms. Source: RFC 7914, 2 (N = 2^14, r = 8, p = 1)."""
    encoded = text.encode(errors="surrogatepass")
    return hashlib.scrypt(encoded, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()


def matches(text: str, salt: str, hash: str) -> bool:
    """Whether ``text`` has that hash; compared in constant time."""
    return len(text) <= LENGTH_MAX and hmac.compare_digest(hashed(text, salt), hash)


def password_fault(password: str) -> str:
    """Why a password of somebody's own choosing will not do; empty when it will."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        return f"It must have {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters."
    if not all(each.isprintable() for each in password):
        return "It must have printable characters only."
    return ""
