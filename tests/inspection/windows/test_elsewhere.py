"""A Windows that is not where one looks first: what boots may be another than the one that is generalized."""

import pytest

from calco.inspection.files.nodes import folded
from calco.inspection.look import look
from calco.inspection.sighting import Sighting
from calco.inspection.windows.registry import open_hive
from calco.inspection.windows.system import find
from calco.model.inspection import Verdict
from tests.inspection.disks import Memory, Tree, ntfs
from tests.inspection.fake_files import FakeFiles, fake_disk
from tests.inspection.windows.disk import CONFIG, ready_windows
from tests.inspection.windows.test_verdict import in_use


def moved(tree: Tree, to: str) -> Tree:
    return {path.replace("/Windows/", to, 1): each for path, each in tree.items() if path.startswith("/Windows/")}


def used() -> Tree:
    windows = ready_windows()
    in_use(windows)
    return windows.tree()


def seen(tree: Tree) -> Sighting:
    return look(Memory(ntfs(tree)))


def test_another_windows_in_a_folder_of_another_name_makes_it_unknown() -> None:
    found = seen({**ready_windows().tree(), **moved(used(), "/WIN10/")})

    assert found.verdict is Verdict.UNKNOWN
    assert any("/WIN10" in each for each in found.evidence)


def test_what_an_upgrade_moved_away_does_not_boot() -> None:
    assert seen({**ready_windows().tree(), **moved(used(), "/Windows.old/Windows/")}).verdict is Verdict.GENERALIZED


def test_a_folder_that_only_python_takes_for_windows_is_another_one() -> None:
    found = seen({**used(), **moved(ready_windows().tree(), "/W\N{LATIN SMALL LETTER DOTLESS I}ndows/")})

    assert found.verdict is not Verdict.GENERALIZED
    assert "ImageState in the registry is IMAGE_STATE_COMPLETE." in found.evidence


@pytest.mark.parametrize(
    ("name", "same"), [("Windows", "WINDOWS"), ("straße", "STRAßE"), ("ı", "ı"), ("ſ", "ſ"), ("é", "É")]
)
def test_names_are_compared_letter_by_letter(name: str, same: str) -> None:
    assert folded(name) == same


@pytest.mark.parametrize("type", ["ntfs", "fat"])
def test_a_volume_where_another_windows_cannot_be_ruled_out_is_told(type: str) -> None:
    windows = FakeFiles(ready_windows().tree())
    other = FakeFiles({f"{CONFIG}/SYSTEM": b"regf"}, broken={CONFIG} if type == "ntfs" else ())
    windows.type, other.type = "ntfs", type

    found = find(fake_disk(windows, other), open_hive)

    assert found is not None
    assert any("partition 2" in each for each in found.others)
