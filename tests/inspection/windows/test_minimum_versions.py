"""Which binaries are too old for Azure, as its table has it."""

import re

import pytest

from calco.inspection.windows.minimum_versions import BINARIES, BUILDS, too_old
from tests.inspection.windows.binary import binary
from tests.inspection.windows.disk import VERSION, WindowsDisk, ready_windows

TWO_BRANCHES = "6.2.9200.17638 / 6.2.9200.21757 KB3137061"


@pytest.mark.parametrize(
    ("found", "least"),
    [
        ((6, 2, 9200, 17638), ""),
        ((6, 2, 9200, 17637), "6.2.9200.17638, KB3137061"),
        ((6, 2, 9200, 21756), "6.2.9200.21757, KB3137061"),
        ((6, 2, 9200, 21757), ""),
        ((6, 3, 9600, 16384), ""),
        ((6, 1, 7601, 24000), "6.2.9200.21757, KB3137061"),
    ],
)
def test_a_version_is_held_against_that_of_its_own_branch(found: tuple[int, int, int, int], least: str) -> None:
    assert too_old(found, TWO_BRANCHES) == least


def test_a_version_without_an_update_is_told_alone() -> None:
    assert too_old((10, 0, 15063, 0), "10.0.15063.332") == "10.0.15063.332"


def test_the_table_is_whole() -> None:
    assert len(BINARIES) == 29
    assert len({each.file for each in BINARIES}) == len(BINARIES)
    pattern = r"-|\d+\.\d+\.\d+\.\d+( / \d+\.\d+\.\d+\.\d+)?( KB\d{7})?"
    for each in BINARIES:
        assert len(each.versions) <= len(BUILDS)
        assert all(re.fullmatch(pattern, version) for version in each.versions), each
    listed = [sum(bool(each.least(build)) for each in BINARIES) for build in BUILDS]
    assert listed == [27, 23, 22, 20, 18, 1, 0]


def test_drivers_lie_in_a_folder_of_their_own_but_for_one() -> None:
    paths = {each.file: each.path for each in BINARIES}

    assert paths["tcpip.sys"] == "drivers/tcpip.sys"
    assert {path for path in paths.values() if "/" not in path} == {
        *("iologmsg.dll", "fveapi.dll", "fveapibase.dll", "rdpcorets.dll", "termsrv.dll", "rdpdd.dll"),
        *("ntoskrnl.exe", "win32k.sys"),
    }


def old_windows(build: int, **files: bytes) -> WindowsDisk:
    machine = ready_windows()
    machine.software[VERSION].update({"CurrentBuild": str(build), "CurrentBuildNumber": str(build)})
    machine.files.update({f"/Windows/System32/{path.replace('__', '.')}": content for path, content in files.items()})
    return machine


def test_every_binary_that_is_too_old_is_named_with_what_it_should_be_at_least() -> None:
    machine = old_windows(9600, termsrv__dll=binary("6.3.9600.16384"), rdpcorets__dll=binary("6.3.9600.16384"))
    found = {each.code: each.found for each in machine.seen().seen}

    assert found["windows.old-remote-desktop"] == (
        "rdpcorets.dll 6.3.9600.16384 (at least 6.3.9600.18619, KB4022726); "
        "termsrv.dll 6.3.9600.16384 (at least 6.3.9600.17415, KB3000850)"
    )
    assert machine.failing() == {"windows.old-remote-desktop"}


def test_a_binary_that_is_recent_enough_or_absent_is_no_finding() -> None:
    assert old_windows(9600, termsrv__dll=binary("6.3.9600.17415")).failing() == set()


def test_a_binary_without_a_version_leaves_its_component_unread() -> None:
    seen = {each.code: each for each in old_windows(9600, termsrv__dll=b"MZ").seen().seen}

    assert seen["windows.old-remote-desktop"].found.startswith("termsrv.dll: ")
    assert seen["windows.old-remote-desktop"].result.value == "notRead"
    assert seen["windows.old-network"].result.value == "passed"


def test_a_windows_that_azure_lists_nothing_for_reads_no_binary() -> None:
    seen = {each.code: each for each in old_windows(20348, termsrv__dll=binary("6.0.0.0")).seen().seen}

    assert seen["windows.old-remote-desktop"].found == "none is listed for build 20348"
