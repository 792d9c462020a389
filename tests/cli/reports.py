"""Reports of inspections as the command line gets them, and a comparison with what was once looked at and found good.

CALCO_WRITE_PAGES=1 python -m pytest tests/cli/test_check.py tests/cli/test_vhd.py     writes tests/cli/golden anew
"""

import io
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from calco import __version__
from calco.cli.inspection_text import Paper
from calco.model.inspection import Container, OperatingSystem, Outcome, Report, Result, Severity, Verdict
from calco.offline import Look
from tests.inspection.disks import File, Tree

GOLDEN = Path(__file__).with_name("golden")
WRITE = "CALCO_WRITE_PAGES"


def without_patience(said: str) -> str:
    """What was said, but for the line that tells of a look that takes long: on a busy machine any does."""
    return re.sub(r"^Looking at .* \.\.\.\n", "", said, flags=re.MULTILINE)


HOST_KEYS = Outcome(
    code="linux.ssh-host-keys",
    result=Result.FAILED,
    found="/etc/ssh: ssh_host_ecdsa_key, ssh_host_ed25519_key, ssh_host_rsa_key",
    title="SSH host keys",
    expected="none",
    severity=Severity.LEAKS,
    message="Every machine made of it has the same SSH host keys: whoever holds them can pretend to be any other.",
    fix="rm -f /etc/ssh/ssh_host_*",
    source="WALinuxAgent, pa/deprovision/default.py",
)
FSTAB = replace(
    HOST_KEYS,
    code="linux.fstab",
    found="/dev/sdb1 on /data",
    title="File systems in fstab",
    expected="by UUID or label",
    severity=Severity.BLOCKS_BOOT,
    message="A file system is mounted by the name of its device, which another disk may have next time.",
    fix="blkid\neditor /etc/fstab",
)
RDP = replace(
    FSTAB,
    code="windows.rdp-port",
    found="3390",
    title="Port of Remote Desktop",
    expected="3389",
    message="Remote Desktop listens where nobody asks.",
    fix=r'reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v PortNumber '
    "/t REG_DWORD /d 3389 /f",
)
MACHINE_ID = replace(
    HOST_KEYS,
    code="linux.machine-id",
    found="3f1b0c0e9d1c4a5b8e7f6a5b4c3d2e1f",
    title="machine-id",
    expected="empty",
    severity=Severity.ADVICE,
    message="Machines made of it share it.",
    fix="truncate -s 0 /etc/machine-id",
    source="",
)
ROOT = replace(
    HOST_KEYS,
    code="linux.root-password",
    result=Result.NOT_READ,
    title="Password of root",
    expected="locked",
    found="/etc/shadow: block 1234 of partition 1 cannot be read",
)
HISTORIES = replace(
    HOST_KEYS, code="linux.histories", result=Result.PASSED, title="Shell histories", found="none in 3 homes"
)
LEASES = replace(HISTORIES, code="linux.leases", title="DHCP leases", found="none")

DEBIAN = OperatingSystem("Linux", "Debian GNU/Linux", "12 (bookworm)", "x86_64", {"kernel": "6.1.0-39-cloud-amd64"})
SPECIALIZED = Report(
    Verdict.SPECIALIZED,
    ("/etc/ssh/ssh_host_ed25519_key is there, and 2 more", "/var/lib/waagent/provisioned is there"),
    DEBIAN,
    (LEASES, MACHINE_ID, HOST_KEYS, ROOT, FSTAB, RDP, HISTORIES),
)
GENERALIZED = Report(
    Verdict.GENERALIZED, ("neither SSH host keys nor marks of an agent are there",), DEBIAN, (HISTORIES, MACHINE_ID)
)
UNKNOWN = Report(Verdict.UNKNOWN, ("partition 1: ext4, its journal was not replayed",), DEBIAN, (ROOT,))
NOTHING = Report(Verdict.UNKNOWN, ("No system was found on the disk.", "the whole disk: swap"))

SERVER: Tree = {
    "/etc/os-release": b'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n',
    "/etc/passwd": b"root:x:0:0:root:/root:/bin/bash\n",
    "/etc/shadow": File(b"root:*:19000:0:99999:7:::\n", mode=0o640),
    "/etc/ssh/sshd_config": b"",
    "/etc/ssh/ssh_host_ed25519_key": File(b"-----BEGIN OPENSSH PRIVATE KEY-----\n", mode=0o600),
}
"""On a file system: a Linux that nobody put right."""


def look_of(report: Report, file: str = "golden.vhd") -> Look:
    size = 30 << 30
    at = datetime(2026, 11, 23, 6, 45, 12, tzinfo=UTC)
    return Look(Path("/somewhere") / file, Container("vpc", size + 512, is_fixed=True), size, at, report)


def hostile(report: Report, words: str) -> Report:
    """The same, with everything that comes from a disk replaced."""
    system = OperatingSystem("Linux", words, words, words, {"kernel": words})
    outcomes = tuple(replace(each, found=words) for each in report.outcomes)
    return Report(report.verdict, (words, words), system, outcomes)


class Screen:
    """Where a ``Paper`` writes to: a terminal of some width, or no terminal."""

    def __init__(self, width: int | None = None) -> None:
        self._out = io.StringIO()
        is_terminal = width is not None
        console = Console(
            file=self._out, width=width, force_terminal=is_terminal, color_system="standard" if is_terminal else None,
            markup=False, highlight=False, emoji=False, legacy_windows=False, _environ={},
        )  # fmt: skip
        self.paper = Paper(console)

    @property
    def text(self) -> str:
        return self._out.getvalue()


def assert_golden(text: str, name: str) -> None:
    """``text`` is what the file holds; the version of calco does not matter."""
    file, told = GOLDEN / name, text.replace(f"calco {__version__}", "calco VERSION")
    if os.environ.get(WRITE):
        file.write_text(told)
    assert told == file.read_text(), f"look at the difference; if it is right: {WRITE}=1"
