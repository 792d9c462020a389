"""Facts and recordings kept beside the repository, in ``../shared``: read from there, never copied in."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir() and not os.environ.get("CI"),
    reason="the folder `shared` does not lie beside the repository",
)


def recording(name: str) -> Path:
    """The recorded traffic of that file name."""
    return SHARED / "recordings" / name
