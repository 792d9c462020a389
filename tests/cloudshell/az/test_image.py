"""Images from the Cloud Shell: the bodies that Az sends, and what is printed."""

from textwrap import dedent

import pytest

from calco.cloudshell.api import Ended, Refused
from calco.cloudshell.az import image, virtual_machine
from calco.cloudshell.values import Record
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION, FakeApi, done

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/myResourceGroup"
IMAGE = f"{GROUP}/providers/Microsoft.Compute/images/myImage"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/myVM"
MADE: Document = {
    "id": IMAGE,
    "name": "myImage",
    "type": "Microsoft.Compute/images",
    "location": "eastus",
    "properties": {
        "sourceVirtualMachine": {"id": MACHINE},
        "storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized"}, "zoneResilient": False},
        "provisioningState": "Succeeded",
        "hyperVGeneration": "V1",
    },
}


@pytest.fixture
def bench() -> Bench:
    return Bench((image.MODULE, virtual_machine.MODULE))


def test_a_machine_is_captured_with_what_az_sends_unasked(bench: Bench) -> None:
    bench.api.when("PUT", IMAGE, MADE)
    config = bench.one("New-AzImageConfig", Location="EastUS", SourceVirtualMachineId=MACHINE)

    made = bench.one("New-AzImage", Image=config, ImageName="myImage", ResourceGroupName="myResourceGroup")

    (asked,) = bench.api.asked
    assert (asked.method, asked.path) == ("PUT", IMAGE)
    assert asked.body == {
        "location": "EastUS",
        "properties": {
            "sourceVirtualMachine": {"id": MACHINE},
            "storageProfile": {"zoneResilient": False},
            "hyperVGeneration": "V1",
        },
    }
    shown = """
        ResourceGroupName    : myResourceGroup
        SourceVirtualMachine : Microsoft.Azure.Management.Compute.Models.SubResource
        StorageProfile       : Microsoft.Azure.Management.Compute.Models.ImageStorageProfile
        ProvisioningState    : Succeeded
        HyperVGeneration     : V1
        Id                   : ID
        Name                 : myImage
        Type                 : Microsoft.Compute/images
        Location             : eastus
        ExtendedLocation     :
        Tags                 : {}
    """
    bench.host.width = 250
    lines = [line.rstrip() for line in bench.shown(made).strip().splitlines()]
    assert lines == dedent(shown).strip().replace("ID", IMAGE).splitlines()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"ManagedDiskId": "disk"}, {"managedDisk": {"id": "disk"}}),
        ({"SnapshotId": "snapshot"}, {"snapshot": {"id": "snapshot"}}),
        (
            {"BlobUri": "https://a.blob.core.windows.net/c/b.vhd"},
            {"blobUri": "https://a.blob.core.windows.net/c/b.vhd"},
        ),
    ],
)
def test_an_os_disk_comes_from_a_disk_a_snapshot_or_a_blob(
    bench: Bench, given: dict[str, str], sent: dict[str, object]
) -> None:
    config = bench.one("New-AzImageConfig", Location="EastUS")

    same = bench.one("Set-AzImageOsDisk", Image=config, OsState="generalized", OsType="WINDOWS", **given)
    bench.run("New-AzImage", "myResourceGroup", "myImage", same)

    assert same is config, "the object itself is changed, so that a script need not keep what comes back"
    assert bench.api.asked[-1].body == {
        "location": "EastUS",
        "properties": {
            "storageProfile": {
                "osDisk": {"osType": "Windows", "osState": "Generalized", **sent},
                "zoneResilient": False,
            },
            "hyperVGeneration": "V1",
        },
    }


def test_data_disks_are_added_and_taken_out_again(bench: Bench) -> None:
    config = bench.one("New-AzImageConfig", "eastus", table(a="b", n=None), HyperVGeneration="v2", ZoneResilient=True)
    for lun in (0, 1):
        bench.run("Add-AzImageDataDisk", Lun=lun, ManagedDiskId=f"d{lun}", Caching="readonly", input=[config])
    bench.run("Remove-AzImageDataDisk", config, 0)
    bench.run("New-AzImage", "myResourceGroup", "myImage", config)

    assert bench.api.asked[-1].body == {
        "location": "eastus",
        "tags": {"a": "b", "n": ""},
        "properties": {
            "storageProfile": {
                "dataDisks": [{"lun": 1, "managedDisk": {"id": "d1"}, "caching": "ReadOnly"}],
                "zoneResilient": True,
            },
            "hyperVGeneration": "V2",
        },
    }
    assert bench.run("Remove-AzImageDataDisk", config, 7) == []
    assert [each.message for each in bench.reported] == ["The image has no data disk at LUN 7."]


def test_an_image_that_was_read_can_be_put_again_without_what_only_the_api_says(bench: Bench) -> None:
    bench.api.put(IMAGE, MADE)
    read = bench.one("Get-AzImage", "myResourceGroup", "myImage")

    bench.run("New-AzImage", "myResourceGroup", "copy", read)

    body = bench.api.asked[-1].body
    assert isinstance(body, dict)
    assert set(body) == {"location", "properties"}
    assert "provisioningState" not in str(body)


def test_images_are_listed_by_group_and_by_pattern(bench: Bench) -> None:
    for group, name in (("a", "web1"), ("a", "db"), ("b", "Web2")):
        id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/images/{name}"
        bench.api.put(id, {"properties": {}})

    def names(*given: str, **named: str) -> list[str]:
        return [str(each.get("Name")) for each in bench.run("Get-AzImage", *given, **named) if isinstance(each, Record)]

    assert names() == ["web1", "db", "Web2"]
    assert names("A") == ["web1", "db"]
    assert names(ImageName="WEB*") == ["web1", "Web2"]
    assert names("[b-z]", "w*") == ["Web2"]
    assert names("a", "db") == ["db"]


def test_tags_are_replaced_by_parameter_or_by_what_a_script_made_of_the_object(bench: Bench) -> None:
    bench.api.put(IMAGE, {**MADE, "tags": {"old": "1"}})
    read = bench.one("Get-AzImage", "myResourceGroup", "myImage")
    tags = read.get("Tags")
    assert tags is not None

    bench.run("Update-AzImage", input=[read], Tag=table(new="2"))
    read.members["Tags"] = table(mine="3")
    bench.run("Update-AzImage", input=[read])
    bench.run("Update-AzImage", ResourceId=IMAGE, Tag=table())

    patches = [each.body for each in bench.api.asked if each.method == "PATCH"]
    assert patches == [{"tags": {"new": "2"}}, {"tags": {"mine": "3"}}, {"tags": {}}]


def test_an_image_is_removed_only_when_someone_says_so(bench: Bench) -> None:
    bench.api.put(IMAGE, MADE)
    bench.host.answers = ["n"]

    assert bench.run("Remove-AzImage", "myResourceGroup", "myImage") == []
    assert bench.api.changes() == []

    gone = bench.one("Remove-AzImage", "myResourceGroup", "myImage", Force=True)
    assert bench.api.changes() == [("DELETE", IMAGE)]
    assert gone.get("Status") == "Succeeded"


def test_what_if_tells_and_does_nothing(bench: Bench) -> None:
    config = bench.one("New-AzImageConfig", Location="eastus")

    assert bench.run("New-AzImage", "myResourceGroup", "myImage", config, WhatIf=True) == []

    assert 'What if: Performing the operation "New" on target "myImage".' in bench.host.text
    assert bench.api.asked == []


class Warns(FakeApi):
    """Whatever is done goes well, and yet."""

    def change(self, *_args: object, **_named: object) -> Ended:
        return done(MADE, warnings=("Nobody looked.",))


def test_what_a_capture_warns_of_is_a_warning_and_a_refusal_an_error(bench: Bench) -> None:
    config = bench.one("New-AzImageConfig", Location="eastus")
    bench.api.when("PUT", IMAGE, Refused(409, "OperationNotAllowed", "It is not generalized."))
    assert bench.run("New-AzImage", "myResourceGroup", "myImage", config) == []
    assert bench.reported[0].code == "OperationNotAllowed"
    assert "ErrorMessage: It is not generalized." in bench.reported[0].message

    bench.api = Warns()
    assert bench.one("New-AzImage", "myResourceGroup", "myImage", config).get("Name") == "myImage"
    assert bench.host.warnings == ["Nobody looked."]


def test_a_name_that_is_no_name_never_reaches_the_api(bench: Bench) -> None:
    config = bench.one("New-AzImageConfig", Location="eastus")
    for name in ("../../x", "a/b", "a?b", "..", "a#b"):
        assert bench.run("New-AzImage", "myResourceGroup", name, config) == []
        assert "cannot be a resource's name" in bench.reported[-1].message
    assert bench.api.asked == []
