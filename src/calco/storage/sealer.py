"""Secrets that must wait in the records are sealed: AES-256-GCM with a key of the data directory's own, which lies in a
file of mode 0600 beside the other keys and never in the records. Source: NIST SP 800-38D.
"""

import base64
import binascii
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from calco.private_file import write_private

KEY_BYTES, NONCE_BYTES = 32, 12


class KeySealer:
    """``ports.Sealer`` with one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), None)).decode()

    def unseal(self, sealed: str) -> str:
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
        except (binascii.Error, InvalidTag, ValueError) as foreign:
            raise ValueError("this was not sealed here") from foreign


def ensure_key(file: Path) -> bytes:
    """The key in ``file``, made when it is absent. Raises ValueError when the file holds something else."""
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = os.urandom(KEY_BYTES)
        write_private(file, key)
    if len(key) != KEY_BYTES:
        raise ValueError(f"{file} holds no key of {KEY_BYTES} bytes")
    return key
