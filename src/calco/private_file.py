"""Files that only their owner reads: keys, secrets, and notes that lead to them."""

import os
from contextlib import suppress
from pathlib import Path


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner reads: durable, whole or not at all, never readable by others in between."""
    fresh = file.with_name(f".{file.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
