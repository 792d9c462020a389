"""Reading a page blob of a real blob endpoint that is not ours: Azurite, on loopback, where the list names it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from calco.model.blob_host import read_hosts
from calco.model.vhd import FOOTER_BYTES, footer, guest_bytes_of
from calco.model.volume import GIB, MIB, Format, Volume
from calco.ports import BlobAbsent, BlobOfOtherType, BlobUnreadable, HostRefused
from calco.storage.remote_blob import ListedBlobs
from calco.storage.volumes import Qcow2Store
from tests.azurite import Account, azurite, needs_azurite
from tests.storage.stores import BASE

SIZE = 127 * GIB

pytestmark = [pytest.mark.slow, needs_azurite]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with azurite(tmp_path_factory.mktemp("azurite")) as made:
        yield made


@pytest.fixture(scope="module")
def large(account: Account) -> Account:
    """A fixed VHD of 127 GiB with a little in it, at ``vhds/large.vhd``."""
    blob = "vhds/large.vhd"
    account.put(blob, {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(SIZE + FOOTER_BYTES)})
    account.put_pages(blob, 0, b"\x01" * 4 * MIB)
    account.put_pages(blob, 100 * GIB, b"\x02" * 512)
    account.put_pages(blob, SIZE, footer(SIZE, BASE, datetime(2026, 11, 22, tzinfo=UTC)))
    return account


def test_a_vhd_is_fetched_page_by_page_and_nothing_else_is(large: Account, files: Qcow2Store) -> None:
    blobs = large.blobs()

    blob = blobs.look(large.uri("vhds/large.vhd"))
    total, pages = blobs.pages(blob)
    files.receive(Volume(BASE, blob.length, frozen=True, format=Format.FLAT), pages)

    assert guest_bytes_of(blob.footer, blob.length, "os", blob.uri) == SIZE
    assert total == 4 * MIB + 512 + FOOTER_BYTES
    assert files.used_bytes(BASE) < 5 * MIB
    with files.view(BASE) as view:
        assert view.size_bytes == SIZE + FOOTER_BYTES
        assert view.read(4 * MIB - 1, 2) == b"\x01\0"
        assert view.read(100 * GIB, 512) == b"\x02" * 512
        assert view.read(SIZE, FOOTER_BYTES) == blob.footer


def test_without_a_signature_nothing_is_read(large: Account) -> None:
    for uri in (large.plain("vhds/large.vhd"), large.uri("vhds/large.vhd", permissions="w")):
        with pytest.raises(BlobUnreadable, match="SAS"):
            large.blobs().look(uri)


def test_a_block_blob_is_named_as_one(account: Account) -> None:
    account.put("vhds/block.vhd", {"x-ms-blob-type": "BlockBlob"}, b"words")

    with pytest.raises(BlobOfOtherType, match="BlockBlob"):
        account.blobs().look(account.uri("vhds/block.vhd"))


def test_a_blob_that_is_not_there_is_absent(account: Account) -> None:
    for name in ("vhds/none.vhd", "none/none.vhd"):
        with pytest.raises(BlobAbsent):
            account.blobs().look(account.uri(name))


def test_a_blob_that_changes_under_way_is_not_taken_for_whole(account: Account, files: Qcow2Store) -> None:
    size = 16 * MIB
    account.put("vhds/busy.vhd", {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size)})
    for at in range(0, size, 4 * MIB):
        account.put_pages("vhds/busy.vhd", at, b"\x01" * 4 * MIB)
    blobs = account.blobs()
    blob = blobs.look(account.uri("vhds/busy.vhd"))
    _, pages = blobs.pages(blob)

    def interrupted() -> Iterator[tuple[int, bytes]]:
        yield next(pages)
        account.put_pages("vhds/busy.vhd", 8 * MIB, b"\x02" * 512)
        yield from pages

    with pytest.raises(BlobUnreadable, match="changed"):
        files.receive(Volume(BASE, size, format=Format.FLAT), interrupted())

    with pytest.raises(FileNotFoundError):
        files.sync(BASE)


def test_loopback_is_closed_unless_it_is_listed(large: Account) -> None:
    for hosts in ([], ["127.0.0.1"], [f"localhost:{large.port}"], [f"127.0.0.1:{large.port ^ 1}"]):
        blobs = ListedBlobs(read_hosts(hosts))
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(HostRefused):
                blobs.look(large.uri("vhds/large.vhd").replace("127.0.0.1", host))
