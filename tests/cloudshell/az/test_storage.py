"""Storage accounts, and their blobs by the real endpoint: what is signed here is checked there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calco.cloudshell.az import storage_account, storage_blob, storage_container, storage_context
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import Record, Value
from tests.blob.endpoint import NAME, Endpoint
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.az.blobs import ACCOUNT, InMemory, with_account

pytestmark = pytest.mark.slow  # the endpoint is real, over files
MIB = 1024 * 1024


@pytest.fixture
def bench() -> Bench:
    modules = (storage_account.MODULE, storage_blob.MODULE, storage_container.MODULE, storage_context.MODULE)
    return Bench(modules)


@pytest.fixture
def endpoint(bench: Bench, tmp_path: Path) -> Endpoint:
    return with_account(bench, tmp_path)


@pytest.fixture
def context(bench: Bench, endpoint: Endpoint) -> Record:
    return bench.one("New-AzStorageContext", StorageAccountName=NAME, StorageAccountKey=endpoint.key)


def names(values: list[Value]) -> list[Value]:
    return [each.get("Name") for each in values if isinstance(each, Record)]


# --- accounts --------------------------------------------------------------------------------------------------------


def test_an_account_is_made_of_positions_as_azure_has_them(bench: Bench) -> None:
    bench.run("New-AzStorageAccount", "lab", NAME, "Standard_LRS", "eastus", Tag=table(team="lab"),
              EnableHttpsTrafficOnly=False)  # fmt: skip
    (asked,) = bench.api.asked
    assert (asked.method, asked.path) == ("PUT", ACCOUNT)
    assert asked.body == {
        "location": "eastus",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": {"team": "lab"},
        "properties": {"supportsHttpsTrafficOnly": False},
    }


def test_accounts_print_as_a_table_and_keys_do(bench: Bench, endpoint: Endpoint) -> None:
    shown = bench.shown(*bench.run("Get-AzStorageAccount"))
    assert shown.split()[:5] == ["StorageAccountName", "ResourceGroupName", "PrimaryLocation", "SkuName", "Kind"]
    assert "Standard_LRS" in shown
    key = bench.one("Get-AzStorageAccountKey", "lab", NAME)
    assert (key.get("KeyName"), key.get("Value")) == ("key1", endpoint.key)


def test_the_key_of_an_account_is_asked_for_only_when_it_is_needed(bench: Bench, endpoint: Endpoint) -> None:
    account = bench.one("Get-AzStorageAccount", "lab", NAME)
    assert bench.api.changes() == []
    bench.run("New-AzStorageContainer", Name="vhds", Context=account.get("Context"))
    assert ("POST", f"{ACCOUNT}/listKeys") in bench.api.changes()


# --- containers ------------------------------------------------------------------------------------------------------


def test_containers_are_made_listed_and_removed(bench: Bench, context: Record) -> None:
    for name in ("vhds", "logs"):
        bench.run("New-AzStorageContainer", Name=name, Context=context)
    assert names(bench.run("Get-AzStorageContainer", Context=context)) == ["logs", "vhds"]
    assert names(bench.run("Get-AzStorageContainer", Prefix="v", Context=context)) == ["vhds"]
    assert bench.run("Remove-AzStorageContainer", Name="logs", Force=True, PassThru=True, Context=context) == [True]
    assert names(bench.run("Get-AzStorageContainer", Name="*", Context=context)) == ["vhds"]


def test_nobody_reads_a_container_without_a_signature(bench: Bench, context: Record) -> None:
    assert bench.run("New-AzStorageContainer", Name="open", Permission="Blob", Context=context) == []
    (fault,) = bench.reported
    assert (fault.status, fault.code) == (409, "PublicAccessNotPermitted")
    assert bench.run("Get-AzStorageContainer", Context=context) == []


def test_a_wrong_key_opens_nothing(bench: Bench, endpoint: Endpoint) -> None:
    wrong = bench.one("New-AzStorageContext", NAME, "d3Jvbmc=")
    assert bench.run("Get-AzStorageContainer", Context=wrong) == []
    none = bench.one("New-AzStorageContext", NAME, "not a key")
    assert bench.run("Get-AzStorageContainer", Context=none) == []
    refused, wrong_key = bench.reported
    assert (refused.status, refused.code) == (403, "AuthenticationFailed")
    assert "The account's key is not valid base64" in wrong_key.message


def test_without_a_context_the_current_account_is_meant_and_without_that_it_is_said(
    bench: Bench, endpoint: Endpoint
) -> None:
    assert bench.run("Get-AzStorageContainer") == []
    assert bench.reported[0].message.startswith("Could not get the storage context.")
    bench.run("Set-AzCurrentStorageAccount", ResourceGroupName="lab", Name=NAME)
    bench.run("New-AzStorageContainer", "vhds")
    assert names(bench.run("Get-AzStorageContainer")) == ["vhds"]


# --- blobs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", ["Page", "Block"])
def test_a_file_goes_up_and_comes_back_the_same(bench: Bench, context: Record, tmp_path: Path, type: str) -> None:
    sent = bytes(5 * MIB) + b"end" * 512
    (tmp_path / "disk.vhd").write_bytes(sent)
    bench.run("New-AzStorageContainer", Name="vhds", Context=context)

    made = bench.one("Set-AzStorageBlobContent", File="disk.vhd", Container="vhds", BlobType=type, Context=context)
    got = bench.one("Get-AzStorageBlobContent", Blob="disk.vhd", Container="vhds", Destination="back.vhd",
                    Context=context)  # fmt: skip

    assert (made.get("BlobType"), made.get("Length"), got.get("Name")) == (f"{type}Blob", len(sent), "disk.vhd")
    assert (tmp_path / "back.vhd").read_bytes() == sent
    assert names(bench.run("Get-AzStorageBlob", Container="vhds", Blob="*.vhd", Context=context)) == ["disk.vhd"]
    assert bench.host.finished[-1] == "Download blob disk.vhd"


def test_nothing_is_replaced_without_asking(bench: Bench, context: Record, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(b"one")
    (tmp_path / "two.txt").write_bytes(b"two")
    bench.run("New-AzStorageContainer", Name="logs", Context=context)
    asked: dict[str, Value] = {"Container": "logs", "Blob": "log", "Context": context}
    bench.run("Set-AzStorageBlobContent", File="one.txt", **asked)
    bench.host.answers = ["n"]
    assert bench.run("Set-AzStorageBlobContent", File="two.txt", **asked) == []
    bench.run("Get-AzStorageBlobContent", **asked, Destination="two.txt")
    assert "is there already" in bench.reported[0].message
    assert (tmp_path / "two.txt").read_bytes() == b"two"
    bench.run("Get-AzStorageBlobContent", **asked, Destination="two.txt", Force=True)
    assert (tmp_path / "two.txt").read_bytes() == b"one"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.txt", "two.txt", "world"]


def test_a_blob_is_copied_and_what_became_of_it_is_told(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    endpoint.page_blob()
    copied = bench.one("Start-AzStorageBlobCopy", SrcBlob="disk.vhd", SrcContainer="vhds", DestContainer="vhds",
                       DestBlob="copy.vhd", Context=context)  # fmt: skip
    state = bench.one("Get-AzStorageBlobCopyState", WaitForComplete=True, input=[copied])
    assert (copied.get("Name"), state.get("Status"), state.get("TotalBytes")) == ("copy.vhd", "Success", MIB)
    assert "sig" not in str(state.get("Source")), "where it came from is told without what opens it"


def test_blobs_are_removed_as_they_come_along_the_pipeline(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    for name in ("one.vhd", "two.vhd"):
        endpoint.page_blob(name)
    found = bench.run("Get-AzStorageBlob", Container="vhds", Context=context)
    bench.run("Remove-AzStorageBlob", input=found)
    assert bench.run("Get-AzStorageBlob", Container="vhds", Context=context) == []


def test_what_scripts_take_the_address_from_is_there(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    endpoint.page_blob()
    found = bench.one("Get-AzStorageBlob", Blob="disk.vhd", Container="vhds", Context=context)
    cloud = found.get("ICloudBlob")
    assert isinstance(cloud, Record)
    uri = cloud.get("Uri")
    assert isinstance(uri, Record)
    assert to_text(uri) == uri.get("AbsoluteUri") == f"https://localhost:10000/{NAME}/vhds/disk.vhd"


def test_a_missing_blob_is_an_error_with_its_code(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    endpoint.container()
    assert bench.run("Get-AzStorageBlob", Blob="no.vhd", Container="vhds", Context=context) == []
    assert (bench.reported[0].status, bench.reported[0].code) == (404, "BlobNotFound")


# --- signatures ------------------------------------------------------------------------------------------------------


def test_a_signature_for_a_time_that_is_none_is_refused(bench: Bench, context: Record) -> None:
    latest = datetime.max.replace(tzinfo=UTC)
    assert bench.run("New-AzStorageBlobSASToken", "vhds", "x", StartTime=latest, Context=context) == []
    assert "too near the end of all times" in bench.reported[0].message


@pytest.mark.parametrize("cmdlet", ["New-AzStorageBlobSASToken", "New-AzStorageContainerSASToken"])
def test_a_signature_opens_what_it_says_and_nothing_else(
    bench: Bench, context: Record, endpoint: Endpoint, cmdlet: str
) -> None:
    path = endpoint.page_blob("a%20b.vhd")
    where: tuple[Value, ...] = ("vhds", "a b.vhd") if "Blob" in cmdlet else ("vhds",)
    (token,) = bench.run(cmdlet, *where, Permission="r", Context=context)
    blob = InMemory(endpoint, f"{endpoint.base}/{NAME}{path}?{token}")
    assert blob.ask("HEAD").status == 200
    assert not str(token).startswith("?")
    assert endpoint.raw("DELETE", blob.url).status_code == 403
    endpoint.world.clock.move(timedelta(hours=1, seconds=1))
    assert endpoint.raw("HEAD", blob.url).status_code == 403


@pytest.mark.parametrize("where", [("BlobSASToken", "vhds", "disk.vhd"), ("ContainerSASToken", "vhds")])
def test_no_signature_is_made_under_whatif(bench: Bench, context: Record, where: tuple[str, ...]) -> None:
    assert bench.run(f"New-AzStorage{where[0]}", *where[1:], Permission="r", Context=context, WhatIf=True) == []
    assert bench.host.text == f'What if: Performing the operation "Generate SAS" on target "{where[-1]}".\n'


def test_a_whole_address_can_be_had(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    endpoint.page_blob()
    (url,) = bench.run("New-AzStorageBlobSASToken", "vhds", "disk.vhd", Permission="r", FullUri=True, Context=context)
    assert InMemory(endpoint, str(url)).ask("HEAD").status == 200


def test_a_context_of_a_signature_does_what_that_allows(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    endpoint.page_blob()
    services: dict[str, Value] = {"Service": "Blob", "ResourceType": ["Container", "Object"], "Permission": "rl"}
    (token,) = bench.run("New-AzStorageAccountSASToken", **services, Context=context)
    other = bench.one("New-AzStorageContext", StorageAccountName=NAME, SasToken=f"?{token}")
    assert names(bench.run("Get-AzStorageBlob", Container="vhds", Context=other)) == ["disk.vhd"]
    assert bench.run("Remove-AzStorageBlob", "disk.vhd", "vhds", PassThru=True, Context=other) == []
    assert bench.run("New-AzStorageBlobSASToken", "vhds", "disk.vhd", Permission="r", Context=other) == []
    assert [each.code for each in bench.reported][:1] == ["AuthorizationPermissionMismatch"]
    assert "has no account key" in bench.reported[1].message


def test_no_key_is_ever_in_what_is_shown(bench: Bench, context: Record, endpoint: Endpoint) -> None:
    assert endpoint.key not in bench.shown(context) + repr(context)


# --- where there are no files ----------------------------------------------------------------------------------------


def test_without_files_a_cmdlet_that_wants_one_says_so(bench: Bench, tmp_path: Path) -> None:
    with_account(bench, tmp_path, files=False)
    context = bench.one("New-AzStorageContext", NAME)
    bench.run("New-AzStorageContainer", Name="vhds", Context=context)
    assert bench.run("Set-AzStorageBlobContent", File="/etc/passwd", Container="vhds", Context=context) == []
    assert "There are no files in this session" in bench.reported[0].message
