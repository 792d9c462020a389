"""Whatever is wrong with a VHD is said in Azure's code and a sentence that mends it, and nothing is opened to find out.

Each file is put into a container through the blob endpoint and named in a PUT of an image, and of a disk, over HTTP.
"""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from calco.model import vhd
from calco.model.document import Document
from calco.model.volume import GIB, MIB
from calco.storage import flat
from calco.storage.volumes import Qcow2Store
from tests.arm.api import COMPUTE, Api
from tests.blob.endpoint import NAME, Endpoint
from tests.world import LOCATION, World

pytestmark = pytest.mark.slow

GUID = "01234567-89ab-4cde-8f01-23456789abcd"
SIZE = 8 * MIB
TOO_LARGE = 4096 * GIB
"""For an OS disk."""
SECRET = b"secret of this machine"


@dataclass(frozen=True)
class Folder:
    """Where a malformed file is made."""

    path: Path

    @property
    def file(self) -> Path:
        return self.path / "disk.vhd"

    def qemu_img(self, *words: str | Path) -> None:
        subprocess.run(["qemu-img", *words], check=True, capture_output=True)

    def good(self, size: int = SIZE) -> Path:
        """As qemu-img writes it, with something in it."""
        raw = self.path / "disk.raw"
        raw.write_bytes(b"something".ljust(512))
        os.truncate(raw, size)
        options = "subformat=fixed,force_size=on"
        self.qemu_img("convert", "-f", "raw", "-O", "vpc", "-o", options, raw, self.file)
        return self.file

    def with_footer(self, change: Callable[[bytearray], None], *, sign: bool) -> Path:
        """A good one whose footer is changed, signed anew or not."""
        file = self.good()
        with file.open("r+b") as opened:
            opened.seek(-vhd.FOOTER_BYTES, os.SEEK_END)
            raw = bytearray(opened.read())
            change(raw)
            if sign:
                raw[64:68] = bytes(4)
                raw[64:68] = (~sum(raw) & 0xFFFFFFFF).to_bytes(4)
            opened.seek(-vhd.FOOTER_BYTES, os.SEEK_END)
            opened.write(raw)
        return file


def dynamic(folder: Folder) -> Path:
    folder.qemu_img("convert", "-f", "vpc", "-O", "vpc", "-o", "subformat=dynamic", folder.good(), folder.path / "dyn")
    return folder.path / "dyn"


def differencing(folder: Folder) -> Path:
    """Its kind says that it lies over another; where that is would be told in a header that is never read."""
    return folder.with_footer(lambda raw: raw.__setitem__(slice(60, 64), (4).to_bytes(4)), sign=True)


def unaligned(folder: Folder) -> Path:
    return folder.good(SIZE + 512)


def wrong_cookie(folder: Folder) -> Path:
    return folder.with_footer(lambda raw: raw.__setitem__(slice(0, 8), b"connectX"), sign=True)


def wrong_checksum(folder: Folder) -> Path:
    return folder.with_footer(lambda raw: raw.__setitem__(70, raw[70] ^ 1), sign=False)


def other_length(folder: Folder) -> Path:
    """A footer that tells of a MiB less than there is."""
    return folder.with_footer(lambda raw: raw.__setitem__(slice(48, 56), (SIZE - MIB).to_bytes(8)), sign=True)


def too_large(folder: Folder) -> Path:
    """Said by the footer; the blob is as long, and empty but for that."""
    with folder.file.open("wb") as opened:
        opened.write(bytes(512))
        opened.write(vhd.footer(TOO_LARGE, GUID, World(folder.path).clock.now()))
    return folder.file


def over_a_foreign_file(folder: Folder) -> Path:
    """A qcow2 file, called a VHD, that names a file of this machine as its backing."""
    (folder.path / "secret").write_bytes(SECRET.ljust(SIZE, b"\0"))
    folder.qemu_img("create", "-f", "qcow2", "-b", folder.path / "secret", "-F", "raw", folder.file)
    return folder.file


def cut_short(folder: Folder) -> Path:
    file = folder.good()
    os.truncate(file, SIZE // 2)
    return file


def of_another_format(folder: Folder) -> Path:
    folder.qemu_img("convert", "-f", "vpc", "-O", "vhdx", folder.good(), folder.path / "disk.vhdx")
    return folder.path / "disk.vhdx"


@dataclass(frozen=True)
class Case:
    """``make`` is None for no blob at all. ``says`` and ``mends`` are in the sentence."""

    what: str
    make: Callable[[Folder], Path] | None
    code: str
    says: str
    mends: str
    as_block_blob: bool = False


CONVERT = "`qemu-img convert -O vpc -o subformat=fixed,force_size=on`"
CASES = (
    Case("dynamic", dynamic, "InvalidVhd", "is of Dynamic VHD type. Please retry with fixed VHD type.", CONVERT),
    Case("differencing", differencing, "InvalidVhd", "is of Differencing VHD type.", CONVERT),
    Case("not a whole MiB", unaligned, "InvalidParameter", f"virtual size of {SIZE + 512} bytes", "`qemu-img resize`"),
    Case("wrong cookie", wrong_cookie, "InvalidVhd", "expected to have cookie value 'conectix'", CONVERT),
    Case("wrong checksum", wrong_checksum, "InvalidVhd", "does not match the footer", "upload it again"),
    Case("another length", other_length, "InvalidVhd", f"where {SIZE - MIB + 512} are", "Upload the whole file"),
    Case("block blob", Folder.good, "Incorrect{}BlobType", "of type 'BlockBlob'", "page blob", as_block_blob=True),
    Case("missing", None, "{}BlobNotFound", "Unable to find VHD blob with URI", "Upload"),
    Case("too large", too_large, "VHDSizeInvalid", "Disk size must be between", "Shrink"),
    Case("foreign backing file", over_a_foreign_file, "InvalidVhd", "cookie value 'conectix'", CONVERT),
    Case("cut short", cut_short, "InvalidVhd", "cookie value 'conectix'", "upload the whole file"),
    Case("VHDX", of_another_format, "InvalidVhd", "cookie value 'conectix'", CONVERT),
)


@dataclass(frozen=True)
class Lab:
    """Both edges of one service, on real files."""

    world: World
    api: Api
    blobs: Endpoint
    files: Qcow2Store

    def upload(self, file: Path, *, as_block_blob: bool) -> None:
        """Only what the file holds; up to a whole number of pages, as clients pad it."""
        self.blobs.container()
        if as_block_blob:
            headers = {"x-ms-blob-type": "BlockBlob"}
            answer = self.blobs.call("PUT", "/vhds/disk.vhd", content=file.read_bytes(), headers=headers)
            assert answer.status_code == 201, answer.text
            return
        length = -(-file.stat().st_size // 512) * 512
        end = TOO_LARGE + 512 if length == 1024 else length
        path = self.blobs.page_blob("disk.vhd", end)
        with flat.view(file) as content:
            for each in content.extents(0, content.size_bytes):
                for at in range(each.offset, each.offset + each.length, 4 * MIB):
                    data = content.read(at, min(4 * MIB, each.offset + each.length - at))
                    where = at if end == length else end - 1024 + at
                    assert self.blobs.write(path, where, data.ljust(-(-len(data) // 512) * 512, b"\0")).is_success

    def refusal(self, path: str, body: Document) -> tuple[str, str]:
        """Of the request, or of its operation: code and sentence."""
        answer = self.api.call("PUT", path, body)
        if answer.status_code >= 400:
            error = answer.json()["error"]
        else:
            self.world.drive()
            status = self.api.get(answer.headers["Azure-AsyncOperation"])
            assert status["status"] == "Failed", status
            error = status["error"]
        return str(error["code"]), str(error["message"])


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    world = World(tmp_path)
    files = Qcow2Store(tmp_path / "files", world.clock)
    world.cloud = replace(world.cloud, disks=files)
    blobs = Endpoint(world)
    return Lab(world, Api(world).with_group(), blobs, files)


URI = f"https://{NAME}.blob.core.windows.net/vhds/disk.vhd"
IMAGE, DISK = f"{COMPUTE}/images/golden", f"{COMPUTE}/disks/data"


def image_body() -> Document:
    os_disk: Document = {"osType": "Linux", "osState": "Generalized", "blobUri": URI}
    return {"location": LOCATION, "properties": {"storageProfile": {"osDisk": os_disk}}}


def disk_body() -> Document:
    creation: Document = {"createOption": "Import", "sourceUri": URI}
    return {"location": LOCATION, "properties": {"osType": "Linux", "creationData": creation}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
@pytest.mark.parametrize("noun", ["image", "disk"])
def test_a_malformed_vhd_is_refused_with_a_way_to_mend_it(lab: Lab, tmp_path: Path, case: Case, noun: str) -> None:
    if case.make is not None:
        lab.upload(case.make(Folder(tmp_path)), as_block_blob=case.as_block_blob)
    before = lab.files.volumes()
    path, body = (IMAGE, image_body()) if noun == "image" else (DISK, disk_body())

    code, sentence = lab.refusal(path, body)

    assert code == case.code.format(noun.capitalize())
    assert case.says in sentence
    assert case.mends in sentence
    assert lab.files.volumes() == before
    assert lab.api.get(path)["properties"]["provisioningState"] == "Failed"
    if case.make is not None and not case.as_block_blob:
        assert lab.blobs.write("/vhds/disk.vhd", 0, bytes(512)).is_success  # nobody keeps it locked


def test_a_file_that_a_vhd_names_is_never_read(lab: Lab, tmp_path: Path) -> None:
    """A good footer behind a qcow2 file: a fixed VHD whose guest sees a qcow2 file, and nothing of what that names."""
    inner = over_a_foreign_file(Folder(tmp_path)).read_bytes()
    outer = tmp_path / "outer.vhd"
    outer.write_bytes(inner.ljust(SIZE, b"\0") + vhd.footer(SIZE, GUID, lab.world.clock.now()))
    lab.upload(outer, as_block_blob=False)

    lab.api.put(DISK, disk_body())

    (volume,) = lab.files.volumes()
    with lab.files.view(volume) as content:
        seen = content.read(0, content.size_bytes)
    assert seen.startswith(inner)
    assert SECRET not in seen


def test_the_good_one_is_taken(lab: Lab, tmp_path: Path) -> None:
    lab.upload(Folder(tmp_path).good(), as_block_blob=False)

    lab.api.put(IMAGE, image_body())
    lab.api.put(DISK, disk_body())

    assert lab.api.get(IMAGE)["properties"]["provisioningState"] == "Succeeded"
    assert lab.api.get(DISK)["properties"]["diskSizeBytes"] == SIZE
    assert len(lab.files.volumes()) == 1
