"""From a root file system in a tar archive to a disk that starts with BIOS and with UEFI.

No loop device, no mount, no boot loader's installer: a sparse file gets a GUID partition table, ``mke2fs -d`` fills a
file system in place, mtools fill the EFI partition, and GRUB's two images are made by grub-mkimage and written to where
the firmware looks. What grub-install would patch into them is patched here.

The disk, in sectors of 512 bytes; numbers as on Debian's own cloud images, the root last so that it can grow:

    0        boot sector                     (BIOS starts here)
    1        partition table
    2048     14  BIOS boot     1 MiB         GRUB's core image
    4096     15  EFI system   32 MiB         EFI/BOOT/BOOTX64.EFI
    69632     1  root          the rest      ext4, label "root"
    end      the table's second copy
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from calco.catalog.privilege import Privilege
from calco.catalog.progress import BuildFailed
from calco.tool import ToolFailed, run_tool

SECTOR = 512
MIB = 1 << 20
ALIGNED = MIB // SECTOR
BLOCK_SECTORS = 4096 // SECTOR
TABLE_COPY_SECTORS = 33
ROOT_NAME = "root-x86-64"
"""The partition's name as systemd-repart would set it."""
GRUB_FOLDER = Path("/usr/lib/grub")
TOOL_SECONDS_MAX = 900.0

GRUB_CONFIG = """\
search --no-floppy --label root --set=root
set prefix=($root)/boot/grub
configfile /boot/grub/grub.cfg
"""
GRUB_MODULES = (
    "part_gpt", "part_msdos", "ext2", "search", "search_label", "search_fs_uuid", "search_fs_file", "normal", "linux",
    "configfile", "echo", "test", "true", "ls", "cat", "loadenv", "serial", "terminal", "sleep", "boot", "minicmd",
    "reboot", "halt", "gzio", "regexp", "all_video", "gfxterm", "font", "gettext", "keystatus",
)  # fmt: skip
"""All that an update-grub inside the guest may ask for: the image has no folder of modules."""
BIOS_MODULES = ("biosdisk",)
EFI_MODULES = ("fat", "efifwsetup")

# GRUB 2.06, include/grub/i386/pc/boot.h: GRUB_BOOT_MACHINE_KERNEL_SECTOR, GRUB_BOOT_MACHINE_DRIVE_CHECK and
# GRUB_BOOT_MACHINE_PART_START (boot code ends there: the disk signature and a DOS partition table follow).
CORE_SECTOR_OFFSET = 0x5C
DRIVE_CHECK_OFFSET = 0x66
BOOT_CODE_BYTES = 440
NOP_NOP = b"\x90\x90"
# The first sector of a core image ends with its block list: start (64 bit), length (16 bit), segment (16 bit).
# Source: GRUB 2.06, struct grub_pc_bios_boot_blocklist, GRUB_BOOT_MACHINE_LIST_SIZE = 12.
BLOCK_LIST_OFFSET = SECTOR - 12


@dataclass(frozen=True)
class Partition:
    number: int
    type: str
    """sgdisk's code: ef02 BIOS boot, ef00 EFI system, 8304 root of x86-64 (systemd-repart finds it by that)."""
    start: int
    """In sectors."""
    sectors: int

    @property
    def end(self) -> int:
        """The last sector in it."""
        return self.start + self.sectors - 1


@dataclass(frozen=True)
class Layout:
    bios: Partition
    efi: Partition
    root: Partition


def layout(disk_bytes: int) -> Layout:
    """Where the partitions are on a disk of that many bytes, a whole number of MiB and at least 256.

    Raises ValueError otherwise. The root ends with the last whole 4 KiB before the table's second copy (33 sectors):
    as far as systemd-repart would enlarge it, so that a first boot finds nothing to change.
    """
    if disk_bytes % MIB or disk_bytes < 256 * MIB:
        raise ValueError(f"{disk_bytes} bytes are not 256 MiB or more, in whole MiB")
    bios = Partition(14, "ef02", ALIGNED, ALIGNED)
    efi = Partition(15, "ef00", bios.end + 1, 32 * ALIGNED)
    root_start = efi.end + 1
    usable = (disk_bytes // SECTOR - TABLE_COPY_SECTORS) // BLOCK_SECTORS * BLOCK_SECTORS
    return Layout(bios, efi, Partition(1, "8304", root_start, usable - root_start))


def boot_sector(boot_image: bytes, core_start: int) -> bytes:
    """GRUB's boot.img made to load a core image at sector ``core_start``: the code only, without a partition table.

    The two bytes of the drive check become no-ops: with them the code trusts the drive number the BIOS hands over, as
    grub-bios-setup does for every disk that is no floppy. Raises ValueError when this is no boot.img.
    """
    if len(boot_image) != SECTOR or boot_image[-2:] != b"\x55\xaa":
        raise ValueError("not a boot sector")
    code = bytearray(boot_image[:BOOT_CODE_BYTES])
    struct.pack_into("<Q", code, CORE_SECTOR_OFFSET, core_start)
    code[DRIVE_CHECK_OFFSET : DRIVE_CHECK_OFFSET + 2] = NOP_NOP
    return bytes(code)


def core_image(core: bytes, core_start: int, room_sectors: int) -> bytes:
    """A core image that finds its own second sector and all after it behind ``core_start``.

    grub-mkimage wrote length and segment already. Raises ValueError when it does not fit in ``room_sectors``.
    """
    if not SECTOR < len(core) <= room_sectors * SECTOR:
        raise ValueError(f"a core image of {len(core)} bytes does not fit")
    patched = bytearray(core)
    struct.pack_into("<Q", patched, BLOCK_LIST_OFFSET, core_start + 1)
    return bytes(patched)


def make_disk_image(
    archive: Path,
    target: Path,
    *,
    size_bytes: int,
    privilege: Privilege,
    scratch: Path,
    tell: Callable[[str, float], None],
) -> None:
    """Make the qcow2 ``target`` from the root file system in ``archive``; O(data), half a minute.

    ``scratch`` is a folder with room for the data twice. ``tell`` hears (step, fraction). Raises BuildFailed.
    """
    where = layout(size_bytes)
    disk = scratch / "disk.raw"
    step = "unpack the root file system"
    try:
        tell(step, 0.0)
        tree = _unpack(archive, scratch, privilege)
        tell(step := "make the partition table", 0.35)
        _partition(disk, size_bytes, where)
        tell(step := "make the root file system", 0.4)
        _fill_root(disk, where.root, tree, scratch, privilege)
        tell(step := "make it start", 0.7)
        _write_bios_grub(disk, where.bios, scratch)
        _write_efi(disk, where.efi, scratch)
        tell(step := "write the image", 0.75)
        _run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-W", "-m", "4", disk, target)
    except (ToolFailed, OSError, ValueError) as failed:
        raise BuildFailed(step, str(failed)) from failed


def _run(*argv: str | os.PathLike[str]) -> None:
    run_tool(argv, timeout_seconds=TOOL_SECONDS_MAX, env=_path_with_sbin())


def _path_with_sbin() -> dict[str, str]:
    """A plain user's PATH often lacks the folders of mke2fs, sgdisk and mkfs.vfat."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def _unpack(archive: Path, scratch: Path, privilege: Privilege) -> Path:
    """The archive as a tree. Device nodes stay out: only real root may make them, and devtmpfs covers /dev anyway.

    Extended attributes do too: fakeroot forgets the type of a file that is given one, and a capability set in a user
    namespace names that namespace's root. The setup script makes up for the only one there is.
    """
    tree = scratch / "tree"
    tree.mkdir()
    _run(
        *privilege.owning(os.fspath(scratch / "owners"), first=True),
        "tar", "--extract", "--file", archive, "--directory", tree, "--exclude=./dev/*",
        "--numeric-owner", "--preserve-permissions",
    )  # fmt: skip
    return tree


def _partition(disk: Path, size_bytes: int, where: Layout) -> None:
    with disk.open("xb") as file:
        file.truncate(size_bytes)
    words: list[str] = []
    for part in (where.bios, where.efi, where.root):
        words += ["-n", f"{part.number}:{part.start}:{part.end}", "-t", f"{part.number}:{part.type}"]
    _run("sgdisk", "-a", "1", *words, "-c", f"{where.root.number}:{ROOT_NAME}", disk)


def _fill_root(disk: Path, root: Partition, tree: Path, scratch: Path, privilege: Privilege) -> None:
    """``assume_storage_prezeroed``: the file is new and sparse, so the guest need not zero inode tables later."""
    _run(
        *privilege.owning(os.fspath(scratch / "owners"), first=False),
        "mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-d", tree,
        "-E", f"offset={root.start * SECTOR},assume_storage_prezeroed=1",
        disk, f"{root.sectors * SECTOR // 1024}k",
    )  # fmt: skip


def _write_bios_grub(disk: Path, bios: Partition, scratch: Path) -> None:
    core = _grub_image("i386-pc", (*GRUB_MODULES, *BIOS_MODULES), scratch)
    sector = boot_sector((GRUB_FOLDER / "i386-pc" / "boot.img").read_bytes(), bios.start)
    with disk.open("r+b") as file:
        file.write(sector)
        file.seek(bios.start * SECTOR)
        file.write(core_image(core.read_bytes(), bios.start, bios.sectors))


def _write_efi(disk: Path, efi: Partition, scratch: Path) -> None:
    """``@@`` is mtools' word for a file system that begins inside a file. Source: mtools(1), "Drive letters"."""
    loader = _grub_image("x86_64-efi", (*GRUB_MODULES, *EFI_MODULES), scratch)
    inside = f"{disk}@@{efi.start * SECTOR}"
    # The size of the FAT is stated: mkfs.vfat would choose it by the whole file, not by the partition.
    _run("mkfs.vfat", "-F", "16", "-n", "EFI", "--offset", str(efi.start), disk, str(efi.sectors * SECTOR // 1024))
    _run("mmd", "-i", inside, "::EFI", "::EFI/BOOT")
    _run("mcopy", "-i", inside, loader, "::EFI/BOOT/BOOTX64.EFI")


def _grub_image(platform: str, modules: tuple[str, ...], scratch: Path) -> Path:
    config, made = scratch / "grub.cfg", scratch / f"{platform}.img"
    config.write_text(GRUB_CONFIG)
    _run("grub-mkimage", "-O", platform, "-c", config, "-p", "/boot/grub", "-o", made, *modules)
    return made
