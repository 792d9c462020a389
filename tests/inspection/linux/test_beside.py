"""What lies on the disk beside the root, and is not where fstab says: it may be what the system uses."""

import pytest

from calco.inspection.look import look
from calco.model.inspection import Verdict
from tests.inspection.disks import LINUX, MIB, Folder, Link, Memory, Partition, Tree, ext4, gpt
from tests.inspection.fake_files import FakeFiles, fake_disk
from tests.inspection.linux.samples import KEY
from tests.inspection.linux.test_look import looked_at
from tests.inspection.linux.trees import READY

ROOT = b"LABEL=root / ext4 defaults 0 1\n"
MARK: Tree = {"/waagent/provisioned": b"id"}


def test_a_file_system_is_mounted_where_the_links_on_the_way_lead() -> None:
    linked = {
        **{path: each for path, each in READY.items() if not path.startswith("/var/")},
        "/var": Link("/srv/var"),
        "/srv/var/lib/dpkg/status": b"x",
        "/etc/fstab": ROOT + b"LABEL=state /var/lib ext4 defaults 0 1\n",
    }
    disk = fake_disk(FakeFiles(linked, label="root"), FakeFiles(MARK, label="state"))

    assert looked_at(disk).verdict is Verdict.SPECIALIZED


def test_a_file_system_that_a_link_leads_to_has_a_say_in_what_may_be_older() -> None:
    linked = {
        **{path: each for path, each in READY.items() if not path.startswith("/var/")},
        "/var": Link("/srv/var"),
        "/srv": Folder(),
        "/etc/fstab": ROOT + b"LABEL=state /srv ext4 defaults 0 1\n",
    }
    state = {"/var/lib/dpkg/status": b"x"}

    def seen(stale: str) -> Verdict:
        files = FakeFiles(state, label="state", stale=stale)
        return looked_at(fake_disk(FakeFiles(linked, label="root"), files)).verdict

    assert seen("") is Verdict.GENERALIZED
    assert seen("it was not unmounted") is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "tree",
    [
        {"/lib/waagent/provisioned": b"id"},
        {"/overlay/etc/ssh/ssh_host_rsa_key": KEY},
        {"/system-data/etc/ssh/ssh_host_ed25519_key": KEY},
    ],
    ids=["a /var that its partition's type mounts", "the upper half of an overlay", "Ubuntu Core's"],
)
def test_signs_on_a_file_system_that_nobody_mounts_leave_it_unknown(tree: Tree) -> None:
    seen = looked_at(fake_disk(FakeFiles(READY, label="root"), FakeFiles(tree, label="x")))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("partition 2, which fstab does not mount" in each for each in seen.evidence)


def test_data_that_nobody_mounts_are_no_doubt() -> None:
    data = FakeFiles({"/lost+found": Folder(), "/a/b/c": b"data"}, label="x")

    assert looked_at(fake_disk(FakeFiles(READY, label="root"), data)).verdict is Verdict.GENERALIZED


def test_a_sign_below_a_mount_on_a_mount_counts() -> None:
    lines = ROOT + b"LABEL=var /var ext4 defaults 0 1\nLABEL=state /var/lib ext4 defaults 0 1\n"
    disk = fake_disk(
        FakeFiles({**READY, "/etc/fstab": lines}, label="root"),
        FakeFiles({"/lib/waagent/provisioned": b"id"}, label="var"),
        FakeFiles({"/dpkg/status": b"x"}, label="state"),
    )

    assert looked_at(disk).verdict is Verdict.SPECIALIZED


# ----- on real disks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "at"),
    [(b"LABELONE", 512), (b"LUKS\xba\xbe\x00\x02", 0), (b"_BHRfS_M", 65536 + 0x40), (b"-FVE-FS-", 3), (b"x", 0)],
    ids=["LVM", "LUKS", "btrfs", "BitLocker", "nobody knows"],
)
def test_another_system_may_be_where_nothing_can_be_read(words: bytes, at: int) -> None:
    beside = bytearray(40 * MIB)
    beside[at : at + len(words)] = words
    beside[510:512] = b"\x55\xaa"

    seen = look(Memory(gpt(Partition(ext4(READY, options=["-L", "root"])), Partition(bytes(beside), LINUX))))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("Another system may be" in each and "partition 2" in each for each in seen.evidence)


def test_swap_room_and_boot_loaders_hold_no_system() -> None:
    swap = bytearray(8 * MIB)
    swap[4086:4096] = b"SWAPSPACE2"
    boot = Partition(b"\xeb\x63" + bytes(MIB - 2), "21686148-6449-6E6F-744E-656564454649")
    disk = gpt(Partition(ext4(READY, options=["-L", "root"])), Partition(bytes(swap)), boot, Partition(bytes(MIB)))

    assert look(Memory(disk)).verdict is Verdict.GENERALIZED


def test_a_table_that_makes_no_sense_leaves_it_unknown() -> None:
    disk = gpt(Partition(ext4(READY, options=["-L", "root"])))

    seen = look(Memory(disk).written(512, bytes(92)))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("What lies where" in each for each in seen.evidence)
