"""Checks of a disk as such, whatever system is on it: its table, what is encrypted, what could not be read.

Sources: Azure, "Prepare a Windows VHD or VHDX to upload to Azure" and "Remove machine specific information by
generalizing a VM" (encrypted drives are not generalized); UEFI specification 2.10, chapter 5.
"""

from calco.inspection.check import Check, Found, failed, not_read, passed
from calco.inspection.files.volumes import Disk, Volume
from calco.model.inspection import Severity

READ = frozenset({"ext2", "ext3", "ext4", "xfs", "ntfs", "fat"})
HOLD_NO_FILES = frozenset({"swap", "reserved", "boot loader", "empty", "unknown"})
OF_WINDOWS = frozenset({"ntfs", "bitlocker", "refs", "reserved", "storage spaces", "dynamic disk"})
OF_LINUX = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "lvm", "luks", "raid", "f2fs", "swap"})

_GENERALIZE = 'Azure, "Remove machine specific information by generalizing a VM before creating an image"'


def _table(disk: Disk) -> Found:
    return failed(disk.trouble) if disk.trouble else passed(disk.table.upper() or "none: a bare file system")


def _bitlocker(disk: Disk) -> Found | None:
    if not _has(disk, OF_WINDOWS):
        return None
    return _none_of(disk, "bitlocker")


def _luks(disk: Disk) -> Found | None:
    if not _has(disk, OF_LINUX):
        return None
    return _none_of(disk, "luks")


def _damaged(disk: Disk) -> Found | None:
    damaged = [each for each in disk.volumes if each.content in READ and each.files is None]
    if not damaged:
        return passed("none") if _has(disk, READ) else None
    return failed(_named(damaged))


def _unread(disk: Disk) -> Found | None:
    """Neither good nor bad: what lies there had no say in anything else that is shown."""
    known = READ | HOLD_NO_FILES | {"bitlocker", "luks"}
    unread = [each for each in disk.volumes if each.content not in known]
    if not unread:
        return passed("none") if disk.volumes else None
    return not_read(_named(unread))


def _closed(disk: Disk) -> Found | None:
    read = [each for each in disk.volumes if each.files is not None]
    stale = [f"{each.name}: {each.files.stale}" for each in read if each.files is not None and each.files.stale]
    if stale:
        return failed("; ".join(stale))
    return passed("all of them") if read else None


def _has(disk: Disk, contents: frozenset[str]) -> bool:
    return any(each.content in contents for each in disk.volumes)


def _none_of(disk: Disk, content: str) -> Found:
    found = [each for each in disk.volumes if each.content == content]
    return failed(_named(found)) if found else passed("none")


def _named(volumes: list[Volume]) -> str:
    return "; ".join(f"{each.name}: {each.content}, {each.why}" for each in volumes)


CHECKS: tuple[Check[Disk], ...] = (
    Check(
        "disk.partition-table",
        Severity.BLOCKS_BOOT,
        "Partition table",
        "whole, with every partition inside of the disk and none over another",
        "The partition table is damaged or contradicts itself; what it misplaces was not read.",
        "sgdisk --verify /dev/sda\n"
        "# where it says that only one copy of a GPT is damaged:\n"
        "sgdisk --move-second-header /dev/sda",
        "UEFI specification 2.10, chapter 5",
        _table,
    ),
    Check(
        "disk.bitlocker",
        Severity.BLOCKS_BOOT,
        "BitLocker",
        "on no volume",
        "A volume is encrypted by BitLocker: sysprep refuses it, its key stays behind in the source's TPM, and nothing "
        "on it can be looked at.",
        'powershell -Command "Get-BitLockerVolume | Disable-BitLocker; while (Get-BitLockerVolume | Where-Object '
        "VolumeStatus -ne 'FullyDecrypted') { Start-Sleep -Seconds 10 }\"",
        _GENERALIZE,
        _bitlocker,
    ),
    Check(
        "disk.luks",
        Severity.BLOCKS_BOOT,
        "Encryption of a Linux disk",
        "no volume is encrypted by LUKS",
        "A volume is encrypted by LUKS: a machine in the cloud waits at boot for a passphrase that nobody types, all "
        "machines made of it share one key, and nothing on it can be looked at.",
        "# from a rescue system, with a copy of the disk at hand:\n"
        "cryptsetup reencrypt --decrypt --header /root/luks-header /dev/sda2\n"
        "# then take its line out of /etc/crypttab; Azure encrypts what it stores by itself",
        'Azure, "Azure Disk Encryption scenarios on Linux VMs"; cryptsetup-reencrypt(8)',
        _luks,
    ),
    Check(
        "disk.damaged-file-system",
        Severity.BLOCKS_BOOT,
        "File systems",
        "none is damaged",
        "A file system cannot be read, so nothing that is on it has a say in the verdict.",
        "# Linux, unmounted, from a rescue system; of XFS: xfs_repair /dev/sda1\n"
        "fsck -f -y /dev/sda1\n"
        "# Windows:\n"
        "chkdsk C: /f /r",
        "fsck(8), xfs_repair(8); Microsoft, chkdsk",
        _damaged,
    ),
    Check(
        "disk.unread-volume",
        Severity.ADVICE,
        "Volumes that are not read",
        "none",
        "A volume is of a kind that is not read here, so nothing that is on it has a say in the verdict.",
        "# look at it on the machine itself; Linux: lsblk --fs; Windows: Get-Volume",
        "what calco reads: ext2 to ext4, XFS, NTFS and FAT",
        _unread,
    ),
    Check(
        "disk.not-closed-cleanly",
        Severity.ADVICE,
        "File systems closed",
        "all of them",
        "A file system was in use when this was taken, or its system was not shut down: what is read may be older than "
        "what was written last, and the verdict is never that it is generalized.",
        "# take the disk when the machine is off; Linux:\n"
        "shutdown -h now\n"
        "# Windows, which hibernates else:\n"
        "powercfg /h off; shutdown /s /t 0",
        'Azure, "Prepare a Windows VHD or VHDX to upload to Azure"',
        _closed,
    ),
)
