"""What Azure takes as a VHD: each check fails on a file with just that fault, and the command shown mends it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from calco.disk_file import DiskFormat, container, opened
from calco.inspection.check import run
from calco.inspection.checks_container import CHECKS, GIB, MIB, DiskFile
from calco.model.inspection import Container, Result
from tests.inspection import disks

BY_CODE = {each.code: each for each in CHECKS}


def failed(file: DiskFile) -> set[str]:
    return {each.code for each in run(CHECKS, file) if each.result is Result.FAILED}


def of(path: Path, format: str) -> DiskFile:
    if format == "appended":  # refused when it is opened as a file; a blob's bytes may yet come so
        return fixed(3 * MIB, path.stat().st_size)
    with opened(path, DiskFormat(format)) as disk:
        return DiskFile(container(path, DiskFormat(format)), disk.size_bytes)


def fixed(size_bytes: int, file_bytes: int | None = None) -> DiskFile:
    return DiskFile(Container("vpc", file_bytes or size_bytes + 512, True), size_bytes)


def test_a_fixed_vhd_of_whole_mebibytes_passes_every_check() -> None:
    assert failed(fixed(30 * GIB)) == set()


def _created(folder: Path, format: str, size: str, *options: str) -> Path:
    name = folder / f"disk.{'vhd' if format == 'vpc' else format}"
    disks.run("qemu-img", "create", "-q", "-f", format, *options, name, size)
    return name


def _dynamic(folder: Path) -> Path:
    return _created(folder, "vpc", "3M", "-o", "subformat=dynamic,force_size=on")


def _half(folder: Path) -> Path:
    return _created(folder, "vpc", "3584K", "-o", "subformat=fixed,force_size=on")


def _appended(folder: Path) -> Path:
    """Half a MiB between the disk and its footer, as a copy in whole pieces leaves it."""
    path = _created(folder, "vpc", "3M", "-o", "subformat=fixed,force_size=on")
    content = path.read_bytes()
    path.write_bytes(content[:-512] + bytes(512 << 10) + content[-512:])
    return path


FAULTS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "container.qcow2": ("qcow2", lambda folder: _created(folder, "qcow2", "3M")),
    "container.vhdx": ("vhdx", lambda folder: _created(folder, "vhdx", "3M")),
    "container.raw": ("raw", lambda folder: _created(folder, "raw", "3M")),
    "container.dynamic-vhd": ("vpc", _dynamic),
    "container.whole-mib": ("vpc", _half),
    "container.file-size": ("appended", _appended),
}
OF_SIZES = ("container.os-disk-size", "container.first-generation-size")
"""Raised by disks that are larger than a test writes; see below."""


@pytest.mark.slow
@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_raises_exactly_its_code_and_the_command_shown_mends_it(code: str, tmp_path: Path) -> None:
    format, make = FAULTS[code]
    path = make(tmp_path)

    assert failed(of(path, format)) == {code}

    subprocess.run(BY_CODE[code].fix, shell=True, check=True, cwd=tmp_path, timeout=60)  # noqa: S602  # as shown
    assert failed(of(tmp_path / "fixed.vhd", "vpc")) == set()


def test_a_file_with_something_between_the_disk_and_its_footer_is_not_as_long_as_it_should_be() -> None:
    assert failed(fixed(3 * MIB, 3 * MIB + 512 + 4096)) == {"container.file-size"}
    assert failed(fixed(3 * MIB, 3 * MIB + 511)) == {"container.file-size"}


@pytest.mark.parametrize(
    ("size", "codes"),
    [
        (2048 * GIB, set()),
        (2048 * GIB + MIB, {"container.first-generation-size"}),
        (4095 * GIB, {"container.first-generation-size"}),
        (4095 * GIB + MIB, {"container.first-generation-size", "container.os-disk-size"}),
        (MIB + 512, {"container.whole-mib"}),
    ],
    ids=lambda given: str(given) if isinstance(given, int) else " ".join(sorted(given)) or "fits",
)
def test_sizes_are_held_to_azures_limits(size: int, codes: set[str]) -> None:
    assert failed(fixed(size)) == codes


def test_a_file_that_is_converted_anyway_may_hold_any_size() -> None:
    assert failed(DiskFile(Container("raw", MIB + 512), MIB + 512)) == {"container.raw"}


@pytest.mark.slow
def test_a_disk_that_is_too_large_fits_once_it_was_shrunk_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    path.touch()
    os.truncate(path, 4200 * GIB)
    for code in OF_SIZES:
        assert code in failed(of(path, "raw"))
        command = BY_CODE[code].fix.splitlines()[-1]
        subprocess.run(command, shell=True, check=True, cwd=tmp_path, timeout=60)  # noqa: S602  # as shown
        assert code not in failed(of(path, "raw"))


def test_every_check_was_seen_to_fail() -> None:
    assert {*FAULTS, *OF_SIZES} == set(BY_CODE)
