"""Making files outlive a power cut: the bytes are fsynced before the name, and the name by its folder."""

import os
from pathlib import Path


def sync_file(file: Path) -> None:
    """fsync what is in ``file``. Raises OSError; FileNotFoundError when it is absent."""
    _sync(file, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """fsync the names in ``folder``: what was made, renamed or removed there stays so."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def publish(made: Path, name: Path) -> None:
    """Give a finished file its name: whole after a power cut, or not there."""
    sync_file(made)
    made.replace(name)
    sync_folder(name.parent)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
