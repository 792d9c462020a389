"""This machine's own time and randomness, for the ports that ask for them."""

import secrets
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The kernel's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SystemChance:
    """The kernel's randomness: fit for secrets."""

    def guid(self) -> str:
        return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))

    def token(self, bytes: int) -> str:
        return secrets.token_urlsafe(bytes)
