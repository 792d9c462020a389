"""Damaged disks: always an answer, in time and memory, and never ``generalized`` for one that is in use.

Where no checksum guards metadata (ext2, ext3, ext4 without ``metadata_csum``) damage can be what a deletion is: a byte
of a name is another, and no reader finds a host key. There an independent reader (debugfs) says whether one is left.
Nowhere does a checksum guard what files hold: a host key is found by its name, and what other files say is looked at as
they say it.
"""

import json
import random
import re
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from calco.inspection.inspector import ChildInspector, Limits
from calco.inspection.look import look
from calco.model.inspection import Verdict
from calco.ports import Extent
from tests.inspection.damage import SECTOR, Answer, Damage, Looker, damage
from tests.inspection.disks import (
    ESP,
    File,
    Folder,
    Link,
    Memory,
    Partition,
    Tree,
    debugfs,
    ext4,
    fat,
    gpt,
    mbr,
    run,
    unfinished,
    xfs,
)
from tests.inspection.windows.disk import GENERALIZED, ready_windows

CLEAN: Tree = {
    "/etc/os-release": b'ID=debian\nNAME="Debian GNU/Linux"\n',
    "/etc/passwd": b"root:x:0:0:root:/root:/bin/bash\n",
    "/etc/shadow": b"root:*:19000:0:99999:7:::\n",
    "/etc/group": b"root:x:0:\n",
    "/etc/hostname": b"localhost\n",
    "/etc/ssh/sshd_config": b"Port 22\n",
    "/etc/waagent.conf": b"Provisioning.Agent=auto\n",
    "/var/lib/dpkg/status": b"",
}
HOST_KEY: Tree = {"/etc/ssh/ssh_host_ed25519_key": File(b"-----BEGIN OPENSSH PRIVATE KEY-----\n" * 8, 0o600)}
PROVISIONED: Tree = {"/var/lib/waagent/provisioned": b"4b1bd4c2-6d6c-4e4c-8e0a-0d8c9a6c7f10"}
MANY: Tree = {f"/etc/ssh/sshd_config.d/{number:03}-settings-of-somebody.conf": b"" for number in range(90)}
CROWDED: Tree = {f"/etc/ssh/moduli-of-a-long-name-{number:04}": b"" for number in range(300)}
VAR = "3f8e6cf4-7a3c-44e4-9d3a-0c1fd54b2a10"
WITH_VAR: Tree = {
    **{path: content for path, content in CLEAN.items() if not path.startswith("/var/")},
    "/var": Folder(),
    "/etc/fstab": f"UUID={VAR} /var ext4 defaults 0 2\n".encode(),
}


def windows_in_use() -> bytes:
    disk = ready_windows()
    disk.software[r"Microsoft\Windows\CurrentVersion\Setup\State"]["ImageState"] = "IMAGE_STATE_COMPLETE"
    disk.system[r"Setup\Status\SysprepStatus"]["GeneralizationState"] = 7
    state = disk.files["/Windows/Setup/State/State.ini"]
    assert isinstance(state, bytes)
    disk.files["/Windows/Setup/State/State.ini"] = state.replace(GENERALIZED.encode(), b"IMAGE_STATE_COMPLETE")
    return disk.uefi()


def started() -> bytes:
    """A machine that made its host keys a moment ago and runs: only its journal knows of them."""
    clean = ext4(CLEAN)
    return unfinished(clean, debugfs(clean, f"write {__file__} /etc/ssh/ssh_host_rsa_key"))


IN_USE: Mapping[str, Callable[[], bytes]] = {
    "ext4 with a host key": lambda: gpt(Partition(fat({"/EFI/x": b""}), ESP), Partition(ext4({**CLEAN, **HOST_KEY}))),
    "ext4 that waagent set up": lambda: ext4({**CLEAN, **PROVISIONED}),
    "ext4 with crowded folders": lambda: ext4({**CLEAN, **MANY, **CROWDED, **HOST_KEY}, options=["-b", "1024"]),
    "ext4 with a var of its own": lambda: mbr(
        Partition(ext4(WITH_VAR)),
        logical=[Partition(ext4({"/lib/waagent/provisioned": b"x", "/lib/x": b""}, options=["-U", VAR]))],
    ),
    "ext4 with a host key in its journal": started,
    "xfs with a host key": lambda: xfs({**CLEAN, **HOST_KEY}),
    "windows": windows_in_use,
}
UNGUARDED: Mapping[str, Callable[[], bytes]] = {
    "ext4 without checksums": lambda: ext4({**CLEAN, **HOST_KEY}, options=["-O", "^metadata_csum"]),
    "ext2": lambda: ext4({**CLEAN, **HOST_KEY}, type="ext2"),
}
GENERALIZED_DISKS: Mapping[str, Callable[[], bytes]] = {
    "generalized ext4": lambda: gpt(Partition(ext4(CLEAN))),
    "generalized windows": lambda: ready_windows().bare(),
}
EVERY = {**IN_USE, **UNGUARDED, **GENERALIZED_DISKS}

HANG_SECONDS = 20


@pytest.fixture(scope="module")
def disks() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="calco-damage-") as name:
        for disk, build in EVERY.items():
            (Path(name) / disk).write_bytes(build())
        yield Path(name)


@pytest.fixture
def looker(disks: Path) -> Iterator[Looker]:
    looker = Looker(disks, HANG_SECONDS)
    yield looker
    looker.close()


# --- undamaged: else nothing below would mean anything ---


@pytest.mark.slow
@pytest.mark.parametrize("disk", EVERY)
def test_the_disks_get_their_right_verdict_when_nothing_is_damaged(disk: str, looker: Looker) -> None:
    answer = looker.look(disk, Damage())

    assert answer.verdict == ("generalized" if disk in GENERALIZED_DISKS else "specialized"), answer.evidence


# --- at random ---


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_damage_never_hangs_or_ends_a_look_and_never_makes_a_disk_generalized(disks: Path, looker: Looker) -> None:
    """The same damage in each run, as much of it as there is time for."""
    walk(disks, looker, seconds=60, begin=0)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ten_minutes_of_damage(disks: Path, looker: Looker) -> None:
    """Other damage in each run."""
    walk(disks, looker, seconds=600, begin=random.SystemRandom().randrange(1 << 40))


def walk(disks: Path, looker: Looker, seconds: float, begin: int) -> None:
    contents = {name: (disks / name).read_bytes() for name in EVERY}
    sectors = {name: looker.sectors(name) for name in EVERY}
    until = time.monotonic() + seconds
    ends: Counter[str] = Counter()
    slowest = 0.0
    for number in count(begin):
        for name, content in contents.items():
            done = damage(random.Random(f"{name} {number}"), content, sectors[name])  # noqa: S311
            answer = looker.look(name, done)
            ends[answer.verdict] += 1
            slowest = max(slowest, answer.seconds)
            judge(looker, name, done, answer, content)
        if time.monotonic() > until:
            break
    print(f"damage {begin} to {number}: {dict(ends)}, the slowest look took {slowest:.2f} s")
    assert ends["specialized"] > 0, "nothing was left of any disk: the damage is no test"
    assert ends["unknown"] > 0, "no damage was seen"


def judge(looker: Looker, name: str, done: Damage, answer: Answer, content: bytes) -> None:
    if answer.verdict in {"died", "hung"}:
        contained(name, content, done, answer)
    elif answer.verdict == "generalized" and name not in GENERALIZED_DISKS:
        if name in UNGUARDED and not keys_left(done.done_to(content)):
            return
        least = minimal(done, lambda less: looker.look(name, less).verdict == "generalized")
        pytest.fail(f"{name} was called generalized after {json.dumps(least.document())}: {answer.evidence}")


def contained(name: str, content: bytes, done: Damage, answer: Answer) -> None:
    """What a library does not survive, or not in time, must end as a report all the same."""
    limits = Limits(seconds=HANG_SECONDS, cpu_seconds=10)
    report = ChildInspector(limits).inspect(View(done.done_to(content)))

    words = f"{name}: a look {answer.verdict} of {json.dumps(done.document())[:10_000]}: {report.evidence}"
    print(words)
    assert report.verdict is Verdict.UNKNOWN, words


def minimal(done: Damage, still: Callable[[Damage], bool]) -> Damage:
    """As few of the writes as do the same."""
    least = done
    for each in done.writes:
        less = Damage(tuple(write for write in least.writes if write != each), least.size)
        if still(less):
            least = less
    return least


def keys_left(disk: bytes) -> bool:
    """Whether debugfs still finds a host key in a bare file system of ext."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(disk)
        file.flush()
        try:
            listed = run("debugfs", "-R", "ls -l /etc/ssh", file.name, accept=range(256))
        except UnicodeDecodeError:
            return False
    # An entry of inode 0 is what a deletion leaves.
    return re.search(r"^ *[1-9]\d* .*ssh_host_\w+_key\b", listed, re.MULTILINE) is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_the_confined_child_says_of_damage_what_a_look_in_this_process_says(name: str, disks: Path) -> None:
    content = (disks / name).read_bytes()
    filled = [at for at in range(len(content) // SECTOR) if any(content[at * SECTOR : (at + 1) * SECTOR])]
    for number in range(2):
        done = damage(random.Random(f"child {name} {number}"), content, filled) if number else Damage()  # noqa: S311
        damaged = done.done_to(content)

        report = ChildInspector().inspect(View(damaged))

        seen = look(Memory(damaged))
        assert (report.verdict, report.evidence) == (seen.verdict, seen.evidence), json.dumps(done.document())
        assert {each.code: each.result for each in report.outcomes} == {each.code: each.result for each in seen.seen}


# --- on purpose: structures that are whole, and have no end ---

LOOPS: Mapping[str, Callable[[], bytes]] = {
    "a folder that holds the root": lambda: debugfs(
        ext4({**CLEAN, **HOST_KEY}), "ln / /etc/ssh/sshd_config.d", "ln /etc /etc/cloud", "ln / /var/lib/waagent"
    ),
    "links to themselves": lambda: ext4(
        {
            **{path: Link(path) for path in ("/etc/os-release", "/etc/passwd", "/etc/fstab", "/etc/shadow", "/boot")},
            "/etc/ssh": Link("../etc/ssh"),
            "/var/lib/waagent": Link("/var/lib/waagent/waagent"),
        }
    ),
    "a config that includes itself": lambda: ext4(
        {
            **CLEAN,
            "/etc/ssh/sshd_config": b"Include /etc/ssh/sshd_config\nInclude /etc/ssh/*\n" * 500,
            **{f"/etc/ssh/{number}": b"Include /etc/ssh/*\n" * 50 for number in range(100)},
        }
    ),
    "folders in folders": lambda: ext4(
        {**CLEAN, **HOST_KEY, "/etc/ssh" + "/x" * 500 + "/y": b"", "/home" + "/x" * 500 + "/y": b""}
    ),
    "files without end": lambda: debugfs(
        ext4({**CLEAN, **HOST_KEY}),
        *(f"set_inode_field {path} size 0x{1 << 43:x}" for path in CLEAN),
        "set_inode_field /etc/ssh size 0x7ffffff000",
    ),
    "files without end in ext3": lambda: debugfs(
        ext4({**CLEAN, **HOST_KEY}, type="ext3"),
        *(f"set_inode_field {path} size 0x{1 << 40:x}" for path in CLEAN),
    ),
    "a tree of blocks that leads to itself": lambda: endless_tree(ext4(CLEAN, options=["-O", "^metadata_csum"])),
    "a system that mounts itself": lambda: ext4(
        {**CLEAN, "/etc/fstab": b"LABEL=a /var ext4 defaults\nLABEL=a /etc ext4 defaults\nLABEL=a /etc/ssh ext4 x\n"},
        options=["-L", "a"],
    ),
}


def endless_tree(disk: bytes) -> bytes:
    """The root of the extents of /etc/ssh, and the block it leads to, both say: go on in that block. Source: Linux,
    Documentation/filesystems/ext4/ifork.rst."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(disk)
        file.flush()
        where = run("debugfs", "-R", "imap /etc/ssh", file.name)
        blocks = run("debugfs", "-R", "blocks /etc/ssh", file.name)
    found = re.search(r"located at block (\d+), offset (0x[0-9a-f]+)", where)
    assert found is not None, where
    block, block_bytes = int(blocks.split()[0]), 1024 << int.from_bytes(disk[1048:1052], "little")
    node = struct.pack("<HHHHI IIHH", 0xF30A, 1, 4, 1, 0, 0, block, 0, 0)
    inode = int(found[1]) * block_bytes + int(found[2], 16)
    return Damage(((inode + 40, node), (block * block_bytes, node))).done_to(disk)


@pytest.mark.slow
@pytest.mark.parametrize("loop", LOOPS)
def test_what_has_no_end_is_not_followed_to_it(loop: str, tmp_path: Path) -> None:
    (tmp_path / loop).write_bytes(LOOPS[loop]())
    looker = Looker(tmp_path, HANG_SECONDS)

    answer = looker.look(loop, Damage())

    looker.close()
    assert answer.verdict in {"unknown", "specialized"}, answer
    assert answer.seconds < 5


class View:
    """``VolumeView`` of bytes."""

    def __init__(self, content: bytes) -> None:
        self.size_bytes = len(content)
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        return iter((Extent(offset, length),))
