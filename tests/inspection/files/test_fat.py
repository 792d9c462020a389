"""FAT of every size is read; a lost folder is unreadable."""

from collections.abc import Sequence

import pytest

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import Kind
from tests.inspection.disks import Tree, fat, files_of

TREE: Tree = {"/EFI/Microsoft/Boot/BCD": b"regf" * 1000, "/EFI/debian/a long name.cfg": b"search", "/startup.nsh": b"x"}


@pytest.mark.parametrize(
    ("size_mib", "options"), [(2, ()), (16, ()), (40, ("-F", "32"))], ids=["FAT12", "FAT16", "FAT32"]
)
def test_a_tree_is_read_as_it_was_written(size_mib: int, options: Sequence[str]) -> None:
    files = files_of(fat(TREE, size_mib=size_mib, options=(*options, "-n", "ESP", "-i", "1234ABCD")))

    assert (files.type, files.uuid, files.label, files.stale) == ("fat", "1234-ABCD", "ESP", "")
    assert {each.name for each in files.list("/") or []} >= {"EFI", "startup.nsh"}
    assert [each.name for each in files.list("/efi/DEBIAN") or []] == ["a long name.cfg"]
    assert files.tail("/EFI/microsoft/boot/bcd", 4) == b"regf"
    found = files.entry("/EFI/Microsoft/Boot/BCD")
    assert found is not None
    assert (found.kind, found.size_bytes, found.mode, found.owner) == (Kind.FILE, 4000, 0, 0)
    assert files.entry("/EFI/Microsoft/Boot/nothing") is None


def test_a_folder_that_was_lost_is_unreadable_and_never_empty() -> None:
    disk = fat(TREE)
    at = disk.index(b"BCD        ") & ~511

    files = files_of(disk[:at] + bytes(512) + disk[at + 512 :])

    with pytest.raises(Unreadable, match="begin with itself"):
        files.list("/EFI/Microsoft/Boot")


@pytest.mark.parametrize(("options", "at"), [((), 0x25), (("-F", "32"), 0x41)], ids=["FAT16", "FAT32"])
def test_a_volume_that_is_in_use_says_so(options: Sequence[str], at: int) -> None:
    disk = fat(TREE, size_mib=40, options=options)

    files = files_of(disk[:at] + b"\x01" + disk[at + 1 :])

    assert files.stale == "it was not unmounted"
