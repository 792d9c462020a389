"""Finds the Linux on a disk: the volume that is its root, and everything its fstab joins to it."""

from dataclasses import dataclass

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import FileSystem
from calco.inspection.files.volumes import Disk, Volume
from calco.inspection.linux.tree import Tree, joined

STANDS_ON = ("/etc/ssh", "/var/lib/waagent", "/usr/lib/os-release", "/etc/passwd")
"""What a verdict stands on."""

_OF_A_ROOT = ("/etc/os-release", "/etc/passwd", "/etc/fstab", "/etc/ssh")
NO_ROOTS = frozenset({"ntfs", "fat", "refs", "iso9660"})


@dataclass(frozen=True)
class Linux:
    """A Linux system as checks see it: ``files`` is its tree, ``bare`` its root without what is mounted over it.
    ``doubts``: why it may not be the one that boots, or not all that is written of it was found."""

    disk: Disk
    root: Volume
    files: Tree
    bare: Tree
    doubts: tuple[str, ...] = ()


def find(disk: Disk) -> Linux | None:
    """The system whose root is on the disk; None when there is none. Never raises for what is on it."""
    roots: list[tuple[Volume, FileSystem]] = []
    doubts: list[str] = []
    for volume in disk.volumes:
        if volume.files is None or volume.content in NO_ROOTS:
            continue
        try:
            if _is_root(volume.files):
                roots.append((volume, volume.files))
        except Unreadable as why:
            doubts.append(f"{volume.name} cannot be read: {why}")
            roots.append((volume, volume.files))
    if not roots:
        return None
    volume, files = roots[0]
    if len(roots) > 1:
        doubts.append(f"more than one volume may be the root: {', '.join(each.name for each, _ in roots)}")
    if files.entry("/ostree/deploy"):
        doubts.append("the system that boots is one of its OSTree deployments, not what lies in /etc and /usr")
    bare = Tree(files, {})
    try:
        return Linux(disk, volume, joined(disk, files, STANDS_ON), bare, tuple(doubts))
    except Unreadable as why:
        return Linux(disk, volume, bare, bare, (*doubts, f"fstab cannot be followed: {why}"))


def _is_root(files: FileSystem) -> bool:
    """A separate /usr has an os-release too, but no /etc; a root whose /usr is separate has a link to it."""
    return any(files.link(each) or files.entry(each) for each in _OF_A_ROOT)
