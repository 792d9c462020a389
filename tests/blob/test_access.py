"""What opens a disk, a blob of another account, and each kind of thing in an account; and that nothing else does."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from calco.model.access import Access
from calco.model.disk import CreateOption, NewDisk
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId
from calco.model.storage_account import Kind, NewStorageAccount, Sku
from calco.model.volume import MIB
from calco.work import access, blob, disk, storage_account
from tests.asgi import AsgiClient
from tests.blob.endpoint import NAME, Endpoint, code, sas, sign
from tests.world import GROUP, LOCATION, World

PAGE = b"p" * 512
WRITE = {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511", "content-length": "512"}


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    return Endpoint(World(tmp_path))


# --- disks -----------------------------------------------------------------------------------------------------------


def granted(world: World, id: ResourceId, level: Access, seconds: int = 600) -> str:
    operation = access.begin(world.cloud, id, level, seconds).operation
    assert operation is not None
    with world.records.read() as view:
        output: Document = access.output_of(world.cloud, view, operation) or {}
    return str(text_at(output, "accessSAS"))


def upload_disk(world: World) -> ResourceId:
    option, bytes = CreateOption.UPLOAD, 32 * MIB + 512
    wanted = NewDisk(
        world.id("disks", "upload"), LOCATION, None, option, None, None, None, None, {}, upload_bytes=bytes
    )
    world.done(disk.put(world.cloud, wanted))
    return wanted.id


def with_query(url: str, **changes: str) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **changes}
    return parts._replace(
        query=urlencode({name: each for name, each in query.items() if each}, quote_via=quote)
    ).geturl()


CHANGED: dict[str, Callable[[str], str]] = {
    "no signature": lambda url: with_query(url, sig=""),
    "another signature": lambda url: with_query(url, sig="A" * 43 + "="),
    "a signature cut short": lambda url: with_query(url, sig=dict(parse_qsl(urlsplit(url).query))["sig"][:-4]),
    "another grant": lambda url: with_query(url, si="00000000-0000-0000-0000-000000000000"),
    "another kind": lambda url: with_query(url, sr="c"),
    "another name": lambda url: url.replace("/abcd?", "/abce?"),
    "another container": lambda url: url.replace("/abcd?", "0/abcd?"),
    "another account": lambda url: url.replace("/md-", "/md-0"),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_a_disks_url_opens_it_and_no_changed_one_does(endpoint: Endpoint, change: Callable[[str], str]) -> None:
    url = granted(endpoint.world, endpoint.world.empty_disk("data"), Access.READ)

    right, wrong = endpoint.raw("GET", url, headers={"x-ms-range": "bytes=0-511"}), endpoint.raw("GET", change(url))

    assert (right.status_code, right.content) == (206, bytes(512))
    assert (wrong.status_code, code(wrong)) == (403, "AuthenticationFailed")


def test_a_url_that_has_run_out_or_was_taken_back_opens_nothing(endpoint: Endpoint) -> None:
    world, id = endpoint.world, endpoint.world.empty_disk("data")
    ended = granted(world, id, Access.READ)
    access.end(world.cloud, id)
    run_out = granted(world, id, Access.READ, 60)
    world.clock.move(timedelta(seconds=60))

    assert [endpoint.raw("HEAD", each).status_code for each in (ended, run_out)] == [403, 403]


def test_a_url_that_reads_does_not_write_and_one_that_writes_does(endpoint: Endpoint) -> None:
    world = endpoint.world
    reads = granted(world, world.empty_disk("data"), Access.READ)
    writes = granted(world, upload_disk(world), Access.WRITE)

    def put(url: str, headers: dict[str, str]) -> httpx.Response:
        return endpoint.raw("PUT", f"{url}&comp=page", content=PAGE, headers=headers)

    refused = [put(reads, WRITE), endpoint.raw("DELETE", reads), endpoint.raw("DELETE", writes)]

    assert [(each.status_code, code(each)) for each in refused] == [(403, "AuthorizationPermissionMismatch")] * 3
    assert endpoint.raw("GET", reads, headers={"x-ms-range": "bytes=0-511"}).content == bytes(512)
    assert put(writes, WRITE).status_code == 201
    assert endpoint.raw("GET", writes, headers={"x-ms-range": "bytes=0-511"}).content == PAGE


# --- accounts --------------------------------------------------------------------------------------------------------


def account_sas(endpoint: Endpoint, kinds: str) -> str:
    """From Azure's "Create an account SAS", version 2020-12-06 and later."""
    end = (endpoint.world.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {"sp": "rwdlac", "ss": "b", "srt": kinds, "st": "", "se": end, "sip": "", "spr": "", "sv": "2021-06-08"}
    text = "\n".join([NAME, *fields.values(), ""]) + "\n"
    return urlencode({**fields, "sig": sign(endpoint.key, text)}, quote_via=quote)


@pytest.mark.parametrize("kinds", ["s", "c", "o", "sco"])
def test_an_account_sas_is_good_for_the_kinds_it_names_alone(endpoint: Endpoint, kinds: str) -> None:
    path = endpoint.page_blob()
    of_kind = {"s": f"/{NAME}?comp=list", "c": f"/{NAME}/vhds?restype=container&comp=list", "o": f"/{NAME}{path}?"}

    for kind, asked in of_kind.items():
        answer = endpoint.raw("GET", f"{asked}&{account_sas(endpoint, kinds)}")
        if kind in kinds:
            assert answer.status_code == 200, answer.text
        else:
            assert (answer.status_code, code(answer)) == (403, "AuthorizationResourceTypeMismatch")


def test_a_key_copies_nothing_out_of_another_account(endpoint: Endpoint) -> None:
    source = endpoint.page_blob()
    endpoint.write(source, 0, PAGE)
    other = GROUP.sibling("Microsoft.Storage", "storageAccounts", f"{NAME}2")
    wanted = NewStorageAccount(other, LOCATION, None, Sku.STANDARD_LRS, Kind.STORAGE_V2)
    storage_account.put(endpoint.world.cloud, wanted)
    theirs = f"{endpoint.base}/{NAME}2/vhds/disk.vhd"

    refused = endpoint.call("PUT", "/vhds/copy.vhd", headers={"x-ms-copy-source": theirs})
    own = endpoint.call("PUT", "/vhds/copy.vhd", headers={"x-ms-copy-source": f"{endpoint.base}/{NAME}{source}"})

    assert (refused.status_code, code(refused)) == (403, "CannotVerifyCopySource")
    assert own.status_code == 202


# --- what changes while a body is on its way -------------------------------------------------------------------------


def test_pages_that_come_after_a_machine_has_taken_the_blob_are_not_written(endpoint: Endpoint) -> None:
    """A sender may take its time behind the headers."""
    path, world = endpoint.page_blob(), endpoint.world

    def lease() -> None:
        with world.records.write() as tx:
            found = blob.find(tx, world.cloud, f"{endpoint.base}/{NAME}{path}")
            assert found is not None
            blob.lease_to(world.cloud, tx, found.id, world.id("virtualMachines", "vm"))

    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        async def after_the_lease() -> Message:
            lease()
            return await receive()

        await endpoint.edge(scope, after_the_lease, send)

    query = sas(endpoint.key, "b", path, sp="rw", se="2999-01-01T00:00:00Z")
    url = f"/{NAME}{path}?{query}"

    answer = AsgiClient(slowly, endpoint.base).request("PUT", f"{url}&comp=page", content=PAGE, headers=WRITE)

    assert (answer.status_code, code(answer)) == (412, "LeaseIdMissing")
    assert endpoint.raw("GET", url, headers={"x-ms-range": "bytes=0-511"}).content == bytes(512)
