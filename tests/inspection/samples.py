"""Real volumes and a real hive that other people's projects test with, read where ``make deps-samples`` put them.

Their packages are AGPL: nothing of them is committed. Source: dissect.fve 4.6 and dissect.regf 3.14, ``tests/_data``.
"""

import gzip
from functools import cache
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / ".venvs" / "samples"

SYSTEM_HIVE = SAMPLES / "dissect_regf-3.14" / "tests" / "_data" / "SYSTEM.gz"
"""Of a Windows 10 or 11: 11.4 MB unpacked."""

_VOLUMES = SAMPLES / "dissect_fve-4.6" / "tests" / "_data"

BITLOCKER = ("aes_128", "aes_256", "aes-xts_128", "aes-xts_256", "aes_128_diffuser", "aes_256_diffuser")
"""Names for ``bitlocker``: encrypted, by cipher."""

LUKS1 = ("aes-ecb", "sha1")
LUKS2 = ("aes-ecb", "aes-xts-plain64", "aes-cbc-essiv", "multiple-slots")


@cache
def system_hive() -> bytes:
    """The real SYSTEM hive."""
    return _unpacked(SYSTEM_HIVE)


@cache
def bitlocker(name: str) -> bytes:
    """A real BitLocker volume: one of BITLOCKER, or ``suspended``, ``decrypted``, ``vista``, ``startup_key``,
    ``recovery_key``, ``recovery_password``, ``eow_partial``. (``win7_partial`` is 2.9 GB unpacked: never.)"""
    return _unpacked(_VOLUMES / "bde" / f"{name}.bin.gz")


@cache
def luks(version: int, name: str) -> bytes:
    """A real LUKS volume of that version."""
    return _unpacked(_VOLUMES / f"luks{version}" / f"{name}.bin.gz")


def _unpacked(path: Path) -> bytes:
    assert path.is_file(), f"{path.name} is missing: run `make deps-samples`"
    return gzip.decompress(path.read_bytes())
