"""Images and disks of a VHD that lies on another host, over HTTP: Azurite on loopback, read because it is listed."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from calco.model import vhd
from calco.model.document import Document
from calco.model.volume import MIB
from calco.storage import flat
from calco.storage.remote_blob import ListedBlobs
from calco.storage.volumes import Qcow2Store
from tests.arm.api import COMPUTE, Api
from tests.azurite import Account, azurite, needs_azurite
from tests.world import LOCATION, World

pytestmark = [pytest.mark.slow, needs_azurite]

SIZE = 16 * MIB
IMAGE, DISK, SNAPSHOT = f"{COMPUTE}/images/far", f"{COMPUTE}/disks/far", f"{COMPUTE}/snapshots/far"


@dataclass(frozen=True)
class Lab:
    api: Api
    world: World
    files: Qcow2Store
    account: Account
    uri: str

    def list(self, *, listed: bool) -> "Lab":
        remote = self.account.blobs() if listed else ListedBlobs([])
        self.world.cloud = replace(self.world.cloud, remote_blobs=remote)
        return replace(self, api=Api(self.world))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with azurite(tmp_path_factory.mktemp("azurite")) as made:
        yield made


@pytest.fixture
def lab(tmp_path: Path, account: Account) -> Lab:
    world = World(tmp_path)
    files = Qcow2Store(tmp_path / "files", world.clock)
    world.cloud = replace(world.cloud, disks=files)
    raw, file = tmp_path / "disk.raw", tmp_path / "disk.vhd"
    raw.write_bytes(os.urandom(MIB) + bytes(5 * MIB) + os.urandom(4096))
    os.truncate(raw, SIZE)
    options = "subformat=fixed,force_size=on"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", options, raw, file], check=True)
    length = SIZE + vhd.FOOTER_BYTES
    account.put("vhds/far.vhd", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(length)})
    with flat.view(file) as content:
        for each in content.extents(0, length):
            account.put_pages("vhds/far.vhd", each.offset, content.read(each.offset, each.length))
    return Lab(Api(world).with_group(), world, files, account, account.uri("vhds/far.vhd")).list(listed=True)


def same_as_the_file(lab: Lab, tmp_path: Path) -> None:
    (volume,) = lab.files.volumes()
    compare = ["qemu-img", "compare", "-f", "vpc", "-F", "vpc"]
    subprocess.run([*compare, tmp_path / "disk.vhd", lab.files.path(volume)], check=True, capture_output=True)


def image_body(uri: str) -> Document:
    os_disk: Document = {"osType": "Linux", "osState": "Generalized", "blobUri": uri}
    return {"location": LOCATION, "properties": {"storageProfile": {"osDisk": os_disk}}}


def import_body(uri: str) -> Document:
    return {"location": LOCATION, "properties": {"creationData": {"createOption": "Import", "sourceUri": uri}}}


@pytest.mark.parametrize("path", [IMAGE, DISK, SNAPSHOT], ids=["image", "disk", "snapshot"])
def test_what_is_made_of_a_far_vhd_holds_its_bytes(lab: Lab, tmp_path: Path, path: str) -> None:
    lab.api.put(path, image_body(lab.uri) if path == IMAGE else import_body(lab.uri))

    assert lab.api.get(path)["properties"]["provisioningState"] == "Succeeded"
    same_as_the_file(lab, tmp_path)


def test_a_host_that_is_not_listed_is_not_read(lab: Lab) -> None:
    unlisted = lab.list(listed=False)

    answer = unlisted.api.call("PUT", IMAGE, image_body(lab.uri))
    lab.world.drive()
    status = unlisted.api.get(answer.headers["Azure-AsyncOperation"])

    assert (status["status"], status["error"]["code"]) == ("Failed", "ImageBlobNotFound")
    assert "blob_hosts" in status["error"]["message"]
    assert "sig=" not in status["error"]["message"]
    assert lab.files.volumes() == set()
