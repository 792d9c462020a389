"""A new pair of SSH keys: the public one for machines, the private one for whoever asked, once.

Nothing of it is kept here: the private key goes into one page and is forgotten. Source: OpenSSH, PROTOCOL.key.
"""

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)


@dataclass(frozen=True)
class KeyPair:
    """``public`` is a line for authorized_keys, ``private`` a file for ``ssh -i``."""

    public: str
    private: bytes = field(repr=False)

    @property
    def download(self) -> str:
        """The private key as an address that asks nobody for anything. Source: RFC 2397."""
        return f"data:application/x-pem-file;base64,{base64.b64encode(self.private).decode()}"


def generate(comment: str) -> KeyPair:
    """Ed25519. ``comment`` ends the public key's line and says whose it is; one word."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    word = "".join(char for char in comment if char.isascii() and (char.isalnum() or char in "-_.@"))
    return KeyPair(f"{public} {word}".strip(), key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))


def is_public(line: str) -> bool:
    """Whether a line is a public key that a machine could let somebody in by; those of security keys are believed.
    Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT."""
    try:
        load_ssh_public_key(line.encode())
    except UnsupportedAlgorithm:
        return line.startswith("sk-")
    except ValueError:
        return False
    return True
