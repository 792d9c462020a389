"""A system's fstab, and which volumes of the disk it speaks of. Source: fstab(5), util-linux."""

import re
import struct
from dataclasses import dataclass
from posixpath import normpath

from calco.inspection.blocks import Unreadable
from calco.inspection.files.volumes import Disk, Volume

LINES_MAX = 500
UNREAD = frozenset({"lvm", "luks", "btrfs", "raid", "zfs", "unknown"})
"""What a volume may hold, and we cannot look into for the file system that is asked for."""

_NOT_OF_A_DISK = frozenset(
    (
        "autofs", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "hugetlbfs",
        "binfmt_misc", "fusectl", "mqueue", "nfsd", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs",
        "sysfs", "tmpfs", "tracefs", "usbfs",
        "9p", "ceph", "cifs", "glusterfs", "nfs", "nfs4", "smb3", "virtiofs", "iso9660", "udf", "ignore",
    )
)  # fmt: skip
_FIRST_DISK = re.compile(r"/dev/(?:(?:sd|vd|xvd|hd)a(\d*)|(?:nvme0n1|mmcblk0)(?:p(\d+))?)$")
_OTHER_DISK = re.compile(
    r"/dev/(?:(?:sd|vd|xvd|hd)[a-z]+\d*|nvme\d+n\d+(?:p\d+)?|sr\d+|fd\d+|cdrom|disk/(?:cloud|azure)/.*)$"
)


@dataclass(frozen=True)
class Line:
    """``what`` is mounted (as written), ``where``, the file system's ``type`` and the ``options``."""

    what: str
    where: str
    type: str
    options: frozenset[str]

    @property
    def is_swap(self) -> bool:
        return self.type == "swap"

    @property
    def is_needed(self) -> bool:
        """Whether a boot waits for it. Source: systemd.mount(5)."""
        return not self.options & {"nofail", "noauto"}

    @property
    def is_part(self) -> bool:
        """Whether only a folder of it is mounted. Source: mount(8)."""
        return any(each.lower().startswith("x-mount.subdir") for each in self.options)

    @property
    def is_of_a_disk(self) -> bool:
        """With ``bind`` the type says nothing, and what FUSE shows may be another folder of the disk."""
        is_bound = not self.options.isdisjoint({"bind", "rbind"})
        return is_bound or (not self.is_swap and self.type not in _NOT_OF_A_DISK)


def read(content: str) -> list[Line]:
    """Lines that make no sense are left out, as mount(8) leaves them out. Raises Unreadable when there are too many."""
    found = []
    for line in _bounded(content):
        fields = [_unescaped(each) for each in line.split()]
        if len(fields) < 3 or fields[0].startswith("#"):
            continue
        where = normpath("/" + fields[1].lstrip("/")) if fields[1].startswith("/") else fields[1]
        options = frozenset(fields[3].split(",")) if len(fields) > 3 else frozenset[str]()
        found.append(Line(fields[0].strip('"'), where, fields[2], options))
    return found


def read_unit(content: str) -> Line | None:
    """What a mount unit mounts; None when it says too little. Source: systemd.mount(5). Raises Unreadable."""
    told: dict[str, str] = {}
    for line in _bounded(content):
        name, equals, value = line.partition("=")
        if equals and name.strip() in {"What", "Where", "Type", "Options"}:
            told[name.strip()] = value.strip().strip("\"'")
    if not {"What", "Where"} <= told.keys() or not told["Where"].startswith("/"):
        return None
    options = frozenset(told.get("Options", "").split(","))
    return Line(told["What"], normpath(told["Where"]), told.get("Type", "auto"), options)


def _bounded(content: str) -> list[str]:
    lines = content.split("\n")
    if len(lines) > LINES_MAX:
        raise Unreadable(f"what is to be mounted takes more than {LINES_MAX} lines")
    return lines


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8) & 0xFF), field)


def volumes(what: str, disk: Disk) -> list[Volume]:
    """The volumes that may be meant, among those that can be told: more than one when a label is given twice."""
    tag, equals, value = what.partition("=")
    if equals and tag in {"UUID", "LABEL", "PARTUUID"}:
        return _tagged(tag, value.strip('"'), disk)
    for folder, its_tag in (("uuid", "UUID"), ("label", "LABEL"), ("partuuid", "PARTUUID")):
        if what.startswith(f"/dev/disk/by-{folder}/"):
            return _tagged(its_tag, what.rpartition("/")[2], disk)
    if found := _FIRST_DISK.match(what):
        number = int(found[1] or found[2] or 0)
        return [each for each in disk.volumes if each.number == number]
    return []


def _tagged(tag: str, value: str, disk: Disk) -> list[Volume]:
    value = value.casefold() if tag != "LABEL" else value
    return [each for each in disk.volumes if value and value in _tags(tag, each, disk)]


def _tags(tag: str, volume: Volume, disk: Disk) -> tuple[str, ...]:
    if tag == "PARTUUID":
        return (volume.uuid.casefold(), _mbr_uuid(volume, disk))
    if volume.files is None:
        return ()
    return (volume.files.label,) if tag == "LABEL" else (volume.files.uuid.casefold(),)


def _mbr_uuid(volume: Volume, disk: Disk) -> str:
    """As the kernel names a partition of an MBR: the disk's signature and the number."""
    if disk.table != "mbr":
        return ""
    (signature,) = struct.unpack("<I", disk.blocks.read(440, 4).ljust(4, b"\0"))
    return f"{signature:08x}-{volume.number:02x}"


def is_elsewhere(what: str, disk: Disk) -> bool:
    """Whether ``what`` can only be on another disk."""
    if volumes(what, disk):
        return False
    if _FIRST_DISK.match(what) or _OTHER_DISK.match(what):
        return not _FIRST_DISK.match(what)
    tag = what.partition("=")[0]
    known = tag in {"UUID", "LABEL", "PARTUUID"} or re.match(r"/dev/disk/by-(uuid|label|partuuid)/", what)
    return bool(known) and not any(each.content in UNREAD for each in disk.volumes if not _is_small(each))


def _is_small(volume: Volume) -> bool:
    """A BIOS boot partition and the like: unknown content, but no room for a file system that is mounted."""
    return volume.content == "unknown" and volume.size_bytes <= 32 << 20
