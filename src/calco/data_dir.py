"""The data directory: where each thing lies in it, the lock that gives it to one service at a time, and the note by
which the command line finds that service.

    lock            held (flock) by the running service; the kernel lets go of it when the process ends, however it ends
    service.json    0600: where the service answers and which process it is
    secrets/        0700: keys, the service principal and its secret
    certificates/   public: our authority's certificate, and the system's with ours added
    known_hosts/    SSH host keys of machines, by vmId
    logs/           what the service and the programs it starts have to say

The rest (``calco.db``, ``volumes``, ``machines``, ``networks``) is its drivers' business. Unix sockets cannot lie
here: their paths are limited to 107 bytes (unix(7)), so they get a short run directory, chosen from this one's path.
"""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from calco.private_file import write_private
from calco.process import Mark, is_alive


class DataDirTaken(Exception):
    """Another service holds the data directory; the text says which process."""


class DataDirUnfit(Exception):
    """The directory cannot be used safely; the text says why and what to do."""


@dataclass(frozen=True)
class Running:
    """A service as it announces itself. ``url`` and ``blob_url`` have no trailing slash."""

    url: str
    process: Mark
    version: str
    hypervisor: str
    blob_url: str = ""


@dataclass(frozen=True)
class DataDir:
    """Paths only; ``prepare`` makes what must exist. ``root`` is absolute."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def certificates(self) -> Path:
        return self.root / "certificates"

    @property
    def known_hosts(self) -> Path:
        return self.root / "known_hosts"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def service_note(self) -> Path:
        return self.root / "service.json"

    @property
    def run_dir(self) -> Path:
        """Where sockets go: short, this user's alone, the same each time for the same data directory.

        Not under $XDG_RUNTIME_DIR: that is removed when its user logs out, and guests go on.
        """
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        if os.geteuid() == 0 and os.access("/run", os.W_OK):
            return Path("/run") / f"calco-{name}"
        return Path("/tmp") / f"calco-{os.geteuid()}-{name}"  # noqa: S108 - owner and mode are checked before use

    @property
    def door(self) -> Path:
        """The socket through which this user's programs reach guests."""
        return self.run_dir / "door"

    @property
    def portal_page(self) -> Path:
        """0600: the page that leads this user's browser to a link which signs it in, once."""
        return self.run_dir / "portal.html"

    def prepare(self) -> None:
        """Make the directories, with their modes. Raises DataDirUnfit."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.certificates, self.known_hosts, self.logs):
                folder.mkdir(exist_ok=True)
            for private in (self.secrets, self.run_dir):
                private.mkdir(mode=0o700, exist_ok=True)
                _check_private(private)
        except OSError as why:
            raise DataDirUnfit(f"{self.root} cannot be used: {why}") from why

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory until the block ends. Raises DataDirTaken at once when another process holds it."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                running = self.running()
                who = f"process {running.process.pid}, {running.url}" if running else "it is just starting or stopping"
                raise DataDirTaken(
                    f"{self.root} is in use by another calco ({who}). "
                    f"Stop it with `calco down --data-dir {self.root}`, or choose another directory with --data-dir."
                ) from taken
            yield
        finally:
            os.close(descriptor)

    def announce(self, running: Running) -> None:
        """Say where the service answers; 0600, whole or not at all."""
        write_private(self.service_note, msgspec.json.encode(running))

    def withdraw(self) -> None:
        """Take the announcement back, and what leads to the service; absent is fine."""
        self.service_note.unlink(missing_ok=True)
        self.portal_page.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """The service that runs here now; None when there is none, whatever an old note says."""
        try:
            told = msgspec.json.decode(self.service_note.read_bytes(), type=Running)
        except (OSError, msgspec.MsgspecError):
            return None
        return told if is_alive(told.process) else None


def _check_private(folder: Path) -> None:
    """Refuse a directory that someone else made or may enter: in /tmp anyone could have put it there first."""
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise DataDirUnfit(f"{folder} is not a directory of this user; remove it, or choose another --data-dir")
    if seen.st_mode & 0o077:
        raise DataDirUnfit(f"{folder} is open to other users; as its owner run: chmod 700 {folder}")


def log_tail(file: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message about what went wrong; empty when there is none."""
    try:
        with file.open("rb") as log_file:
            log_file.seek(0, os.SEEK_END)
            log_file.seek(max(0, log_file.tell() - 16384))
            said = log_file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(said[-lines:])
