"""What this process may do, found out by trying: a name or a number proves little in containers and on Ubuntu."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calco.catalog.progress import BuildFailed
from calco.tool import ToolFailed, run_tool


@dataclass(frozen=True)
class Privilege:
    """How a root file system is made here."""

    is_root: bool
    bootstrap_mode: str
    """mmdebstrap's ``--mode``."""

    @property
    def enclosure(self) -> tuple[str, ...]:
        """Words before mmdebstrap. Root gives it mounts and process numbers of its own: when the first of its processes
        is killed, the kernel ends the others and nothing stays mounted. In its ``unshare`` mode it sees to the mounts
        itself."""
        if not self.is_root:
            return ()
        return (
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "--",
        )

    @property
    def when_abandoned(self) -> str:
        """The signal mmdebstrap gets when whoever started it dies. In its ``unshare`` mode it must be left to clean up,
        for files there belong to users only it can become."""
        return "KILL" if self.is_root else "TERM"

    def owning(self, state: str, *, first: bool) -> list[str]:
        """Words before a program that must see files owned by anyone: none for root, fakeroot for others, which keeps
        the owners in the file ``state`` between programs."""
        if self.is_root:
            return []
        return ["fakeroot", "-s", state, "--"] if first else ["fakeroot", "-i", state, "--"]


ROOT = Privilege(is_root=True, bootstrap_mode="root")
USER = Privilege(is_root=False, bootstrap_mode="unshare")


def probe(user_id: int | None = None, run: Callable[[Sequence[str]], object] | None = None) -> Privilege:
    """``ROOT`` if this process can make a mount namespace as root, ``USER`` if mmdebstrap can make a user namespace.

    Raises BuildFailed with what is missing. ``user_id`` and ``run`` stand for the process's own in tests.
    """
    attempt = run or (lambda argv: run_tool(argv, timeout_seconds=30))
    uid = os.geteuid() if user_id is None else user_id
    try:
        if uid == 0:
            attempt([*ROOT.enclosure, "true"])
            return ROOT
        attempt(["mmdebstrap", "--unshare-helper", "true"])
        attempt(["fakeroot", "true"])
    except ToolFailed as failed:
        raise BuildFailed("privileges", str(failed), _remedy(uid)) from failed
    return USER


def _remedy(uid: int) -> str:
    if uid == 0:
        return "run where mounts are allowed, such as outside the container"
    return (
        "as root: apt-get install mmdebstrap fakeroot uidmap, and give this user a range in /etc/subuid and "
        "/etc/subgid: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
    )
