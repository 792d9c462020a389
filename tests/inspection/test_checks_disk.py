"""Each check of a disk fails on a disk with just that fault, and not once it is mended as shown."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from calco.inspection.check import run
from calco.inspection.checks_disk import CHECKS
from calco.inspection.files.partitions import volumes_of
from calco.model.inspection import Result
from tests.inspection import disks, samples
from tests.inspection.disks import (
    ESP,
    MIB,
    WINDOWS,
    Memory,
    Partition,
    debugfs,
    ext4,
    fat,
    gpt,
    ntfs,
    repaired,
    unfinished,
)

BY_CODE = {each.code: each for each in CHECKS}


@cache
def linux() -> bytes:
    return ext4({"/etc/os-release": b"ID=debian\n"}, size_mib=4)


@cache
def windows() -> bytes:
    return ntfs({"/Windows/x": b"1"}, size_mib=4)


@cache
def whole() -> bytes:
    return gpt(Partition(fat({}, size_mib=2), ESP), Partition(linux()), Partition(windows(), WINDOWS))


def results(disk: bytes | Memory) -> dict[str, Result]:
    blocks = disk if isinstance(disk, Memory) else Memory(disk)
    return {each.code: each.result for each in run(CHECKS, volumes_of(blocks))}


def words(disk: bytes | Memory, code: str) -> str:
    blocks = disk if isinstance(disk, Memory) else Memory(disk)
    (found,) = [each.found for each in run(CHECKS, volumes_of(blocks)) if each.code == code]
    return found


@dataclass(frozen=True)
class Fault:
    """``mended`` is the disk after the fix that the check shows, or its stated effect; ``by`` stands in the fix."""

    broken: Callable[[], bytes | Memory]
    mended: Callable[[], bytes | Memory]
    by: str
    says: str
    result: Result = Result.FAILED


def _hibernated() -> bytes:
    return gpt(Partition(ntfs({"/hiberfil.sys": b"HIBR" + bytes(4092)}, size_mib=4), WINDOWS))


def _first_copy_damaged() -> bytes:
    return whole()[:552] + b"\xff" + whole()[553:]


def _second_copy_written_back() -> bytes:
    return disks.changed_by(_first_copy_damaged(), "sgdisk", "--move-second-header")


@cache
def _lost_superblock() -> bytes:
    """Large enough to hold a copy of it, of which e2fsck knows."""
    image = ext4({"/etc/os-release": b"ID=debian\n"}, size_mib=18)
    return image[:1100] + b"\xff" + image[1101:]


FAULTS: dict[str, Fault] = {
    "disk.partition-table": Fault(
        _first_copy_damaged,
        _second_copy_written_back,
        "sgdisk --move-second-header",
        "first copy of the GPT is damaged",
    ),
    "disk.bitlocker": Fault(
        lambda: gpt(Partition(samples.bitlocker("aes-xts_256"), WINDOWS)),
        lambda: gpt(Partition(windows(), WINDOWS)),
        "Disable-BitLocker",
        "partition 1: bitlocker, encrypted by BitLocker",
    ),
    "disk.luks": Fault(
        lambda: gpt(Partition(linux()), Partition(samples.luks(2, "aes-xts-plain64"))),
        lambda: gpt(Partition(linux()), Partition(linux())),
        "cryptsetup reencrypt --decrypt",
        "partition 2: luks, encrypted by LUKS 2",
    ),
    "disk.damaged-file-system": Fault(
        lambda: gpt(Partition(_lost_superblock())),
        lambda: gpt(Partition(repaired(_lost_superblock()))),
        "fsck -f -y",
        "partition 1: ext4, ext: the superblock's checksum",
    ),
    "disk.unread-volume": Fault(
        lambda: gpt(Partition(linux()), Partition(bytes(512) + b"LABELONE" + bytes(MIB))),
        lambda: gpt(Partition(linux()), Partition(bytes(MIB))),
        "lsblk --fs",
        "partition 2: lvm, a physical volume of LVM",
        Result.NOT_READ,
    ),
    "disk.not-closed-cleanly": Fault(
        _hibernated,
        lambda: gpt(Partition(windows(), WINDOWS)),
        "powercfg /h off",
        "partition 1: Windows is hibernated",
    ),
}


def test_every_code_has_a_fault() -> None:
    assert set(FAULTS) == set(BY_CODE)


def test_every_fix_names_what_mends_the_fault() -> None:
    assert {code: BY_CODE[code].fix for code, fault in FAULTS.items() if fault.by not in BY_CODE[code].fix} == {}


def test_a_whole_disk_passes_every_check() -> None:
    assert results(whole()) == dict.fromkeys(BY_CODE, Result.PASSED)


@pytest.mark.slow
@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_raises_exactly_its_code_and_none_when_mended(code: str) -> None:
    fault = FAULTS[code]

    broken, mended = results(fault.broken()), results(fault.mended())

    assert {each: result for each, result in broken.items() if result is not Result.PASSED} == {code: fault.result}
    assert fault.says in words(fault.broken(), code)
    assert set(mended.values()) == {Result.PASSED}


def test_bitlocker_on_a_data_volume_counts_too() -> None:
    disk = gpt(Partition(windows(), WINDOWS), Partition(samples.bitlocker("suspended"), WINDOWS))

    assert results(disk)["disk.bitlocker"] is Result.FAILED
    assert "partition 2" in words(disk, "disk.bitlocker")
    assert "suspended" in words(disk, "disk.bitlocker")


def test_a_disk_of_linux_is_not_asked_for_bitlocker_nor_one_of_windows_for_luks() -> None:
    assert "disk.bitlocker" not in results(linux())
    assert "disk.luks" not in results(windows())


def test_a_running_machines_disk_was_not_closed_though_its_journal_was_replayed() -> None:
    """A log that was cut short ends as any other does: nobody knows whether it held more."""
    disk = unfinished(linux(), debugfs(linux(), "mkdir /home"))

    assert results(disk)["disk.not-closed-cleanly"] is Result.FAILED
    assert "its journal was replayed" in words(disk, "disk.not-closed-cleanly")


def test_a_journal_that_was_not_replayed_is_said() -> None:
    disk = debugfs(unfinished(linux(), debugfs(linux(), "mkdir /home")), "set_super_value journal_inum 0")

    assert results(disk)["disk.not-closed-cleanly"] is Result.FAILED


def test_a_disk_that_cannot_be_read_says_so_and_passes_nothing_else() -> None:
    assert results(Memory(whole(), holes=[(0, 1 << 30)])) == {"disk.partition-table": Result.FAILED}


def test_what_a_disk_holds_is_no_part_of_a_fix() -> None:
    for each in CHECKS:
        assert each.fix
        assert "{" not in each.fix.replace("{ Start-Sleep", "")
        assert each.source
