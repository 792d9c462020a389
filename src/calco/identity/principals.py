"""The service principal that ``calco env`` hands out: one tenant, one client, one subscription, made at first start.

What the service checks a secret against is a scrypt hash. The secret itself lies beside it in a file of mode 0600, only
so that ``calco env`` can print it; the service never reads that file.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from calco.model.secret import hashed, matches, typable
from calco.private_file import write_private

if TYPE_CHECKING:
    from calco.ports import Chance

SECRET_BYTES = 30


@dataclass(frozen=True)
class Principal:
    """Ids are GUIDs in lower case; ``salt`` and ``secret_hash`` are hexadecimal."""

    tenant_id: str
    client_id: str
    object_id: str
    subscription_id: str
    salt: str = field(repr=False)
    secret_hash: str = field(repr=False)

    def has_secret(self, secret: str) -> bool:
        """Whether ``secret`` is the right one. Costs some 50 ms and 16 MiB by design: keep it off the event loop."""
        return matches(secret, self.salt, self.secret_hash)


def ensure(secrets: Path, chance: "Chance") -> Principal:
    """The principal kept in ``secrets``, made when there is none. Raises ValueError when its file is damaged."""
    file = secrets / "principal.json"
    try:
        return read(secrets)
    except FileNotFoundError:
        secret = typable(chance.token(SECRET_BYTES))
        salt = chance.guid().replace("-", "")
        made = Principal(
            tenant_id=chance.guid(),
            client_id=chance.guid(),
            object_id=chance.guid(),
            subscription_id=chance.guid(),
            salt=salt,
            secret_hash=hashed(secret, salt),
        )
        # The secret first: cut short between the two, the next start makes both anew.
        write_private(secrets / "client-secret", secret.encode())
        write_private(file, msgspec.json.encode(made))
        return made


def read(secrets: Path) -> Principal:
    """The principal kept in ``secrets``. Raises FileNotFoundError, and ValueError when its file is damaged."""
    file = secrets / "principal.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Principal)
    except msgspec.MsgspecError as damaged:
        raise ValueError(f"{file} is damaged ({damaged}); move it away to get new ids and a new secret") from damaged


def read_secret(secrets: Path) -> str:
    """The secret as clients send it. Raises FileNotFoundError."""
    return (secrets / "client-secret").read_text()
