"""``calco image import`` and ``calco image export``, by the real command line against a real service's HTTP."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from calco.cli.image_transfer import Format
from calco.disk_file import DiskFormat, opened
from calco.model.volume import MIB
from calco.page_transfer import digest_of
from tests.service_process import ServiceProcess, serving
from tests.test_disk_file import over_another

pytestmark = pytest.mark.slow

SIZE = 24 * MIB
KINDS = {
    "vpc": ["vpc", "-o", "subformat=fixed,force_size=on"],
    "vhdx": ["vhdx"],
    "qcow2": ["qcow2"],
    "raw": ["raw"],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("transfer") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def golden(service: ServiceProcess, tmp_path_factory: pytest.TempPathFactory) -> str:
    imported(service, disk_in(tmp_path_factory.mktemp("golden")), "golden", "raw")
    return "golden"


def disk_in(folder: Path, format: str = "raw", size: int = SIZE) -> Path:
    """A disk with something at its beginning, in its middle and at its very end."""
    raw = folder / "disk.raw"
    with raw.open("wb") as out:
        out.truncate(size)
        for at, word in ((0, b"first"), (9 * MIB + 513, b"middle" * 100_000), (size - 4, b"last")):
            out.seek(at)
            out.write(word)
    if format == "raw":
        return raw
    file = folder / f"disk.{format}"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", *KINDS[format], raw, file], check=True)
    return file


def guest_bytes(file: Path, format: str, folder: Path) -> bytes:
    """What a guest sees of a file, by QEMU's own tool."""
    raw = folder / "seen.raw"
    subprocess.run(["qemu-img", "convert", "-f", format, "-O", "raw", file, raw], check=True)
    return raw.read_bytes()


def leftovers(service: ServiceProcess) -> tuple[set[str], set[str]]:
    """Disks that are still there, and volumes."""
    disks = service.client.list(f"{service.client.subscription}/providers/Microsoft.Compute/disks")
    volumes = {each.name for each in (service.data.root / "volumes").iterdir() if each.suffix in (".qcow2", ".flat")}
    return {str(each["name"]) for each in disks}, volumes


def imported(service: ServiceProcess, file: Path, name: str, format: str, *more: str) -> dict[str, object]:
    words = ["--name", name, "--os-type", "Linux", "--generation", "V2", "--format", format, *more]
    said: dict[str, object] = json.loads(service.run("image", "import", str(file), *words, "-o", "json"))
    return said


@pytest.mark.parametrize(("format", "back"), [("vpc", "qcow2"), ("vhdx", "raw"), ("qcow2", "vhdx")])
def test_a_disk_goes_in_and_comes_out_as_it_was(
    service: ServiceProcess, tmp_path: Path, format: str, back: str
) -> None:
    file = disk_in(tmp_path, format)
    before = file.read_bytes()

    said = imported(service, file, f"in-{format}", format)

    image = said["image"]
    assert isinstance(image, dict)
    assert (image["properties"]["provisioningState"], said["virtualBytes"]) == ("Succeeded", SIZE)
    assert image["properties"]["hyperVGeneration"] == "V2"
    assert isinstance(said["sentBytes"], int)
    assert said["sentBytes"] < 3 * 4 * MIB
    out = tmp_path / f"out.{back}"
    told = json.loads(service.run("image", "export", f"in-{format}", str(out), "--format", back, "-o", "json"))
    with opened(disk_in(tmp_path), DiskFormat.RAW) as content:
        assert told["sha256"] == said["sha256"] == digest_of(content), "the same in every format"
    assert guest_bytes(out, back, tmp_path) == disk_in(tmp_path).read_bytes()
    assert file.read_bytes() == before
    disks, _ = leftovers(service)
    assert disks == set()
    assert {each.name for each in tmp_path.iterdir()} <= {"disk.raw", file.name, out.name, "seen.raw"}


def test_a_vhd_that_was_exported_is_one_by_its_footer(service: ServiceProcess, golden: str, tmp_path: Path) -> None:
    out = tmp_path / "golden.vhd"
    service.run("image", "export", golden, str(out), "--format", "vpc")
    assert out.stat().st_size == SIZE + 512
    assert out.read_bytes()[-512:-504] == b"conectix"
    assert out.stat().st_blocks * 512 < SIZE, "zeros take no room"


def test_a_small_and_odd_disk_gets_zeros_behind_it(service: ServiceProcess, tmp_path: Path) -> None:
    file = tmp_path / "small.raw"
    file.write_bytes(b"x" * 1000)
    assert imported(service, file, "small", "raw")["virtualBytes"] == 20 * MIB


def test_of_an_empty_disk_of_127_gib_nothing_is_sent(service: ServiceProcess, tmp_path: Path) -> None:
    file = tmp_path / "empty.raw"
    with file.open("wb") as out:
        out.truncate(127 * 1024 * MIB)
    said = imported(service, file, "empty", "raw")
    assert (said["sentBytes"], said["virtualBytes"]) == (0, 127 * 1024 * MIB)


@pytest.mark.parametrize(
    ("format", "make", "words"),
    [("raw", lambda _: None, "cannot be read"), ("qcow2", over_another, "secret.raw', which was not read")],
    ids=["missing", "backing file"],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_left(
    service: ServiceProcess, tmp_path: Path, format: str, make: object, *, words: str
) -> None:
    file, before = tmp_path / "disk", leftovers(service)
    make(file)  # type: ignore[operator]

    done = service.try_run(
        "image", "import", str(file), "--name", "bad", "--os-type", "Linux", "--generation", "V1", "--format", format,
        "-g", "made-for-nothing",
    )  # fmt: skip

    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert leftovers(service) == before
    groups = service.client.list(f"{service.client.subscription}/resourceGroups")
    assert "made-for-nothing" not in {each["name"] for each in groups}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "a/b"], "Resource name"),
        (["--name", "GOLDEN"], "there is an image 'GOLDEN' already"),
        (["--name", "far", "-g", "far", "--location", "moon"], "moon"),
    ],
)
def test_a_mistake_is_told_before_anything_is_sent(
    service: ServiceProcess, golden: str, tmp_path: Path, *, words: list[str], said: str
) -> None:
    assert golden
    before = leftovers(service)
    rest = ["--os-type", "Linux", "--generation", "V1", "--format", "raw"]
    done = service.try_run("image", "import", str(disk_in(tmp_path)), *words, *rest)
    assert done.returncode == 1
    assert said in done.stderr
    assert "make a disk" not in done.stderr
    assert leftovers(service) == before


def test_what_fails_on_the_way_takes_disk_and_group_back(service: ServiceProcess, tmp_path: Path) -> None:
    """Only the service knows that an OS disk may not be so large, and says so when all is uploaded."""
    file, before = tmp_path / "huge.raw", leftovers(service)
    with file.open("wb") as out:
        out.truncate(5000 * 1024 * MIB)
    words = ["--name", "huge", "--os-type", "Linux", "--generation", "V1", "--format", "raw", "-g", "made-for-nothing"]

    done = service.try_run("image", "import", str(file), *words)

    assert done.returncode == 1
    assert "VHDSizeInvalid" in done.stderr
    assert leftovers(service) == before
    groups = service.client.list(f"{service.client.subscription}/resourceGroups")
    assert "made-for-nothing" not in {each["name"] for each in groups}


def test_an_export_never_replaces_a_file(service: ServiceProcess, golden: str, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.write_text("mine")
    done = service.try_run("image", "export", golden, str(out), "--format", "raw")
    assert (done.returncode, out.read_text()) == (1, "mine")
    done = service.try_run("image", "export", golden, str(tmp_path / "other"), "--format", "raw", "--lun", "5")
    assert done.returncode == 1
    assert "LUN" in done.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"mine"}
    assert leftovers(service)[0] == set()


def test_every_format_of_the_command_is_one_that_files_can_have() -> None:
    assert {each.value for each in Format} == {each.value for each in DiskFormat}
