"""Managed images over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from calco.model.volume import Volume, VolumeId
from calco.ports import DiskStore
from tests.arm.api import COMPUTE, SUB, Api, image_body, machine_body
from tests.world import World

GOLDEN = f"{COMPUTE}/images/golden"
WEB = f"{COMPUTE}/virtualMachines/web"


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network().generalized("web")
    return api


def test_an_image_takes_all_disks_and_is_shown_as_recorded(lab: Api) -> None:
    answer = lab.put(GOLDEN, image_body(WEB) | {"tags": {}})
    shown = lab.get(GOLDEN)

    first, last = answer.json()["properties"], shown["properties"]
    assert list(shown) == ["name", "id", "type", "location", "tags", "properties"]
    assert list(last) == ["sourceVirtualMachine", "storageProfile", "provisioningState", "hyperVGeneration"]
    assert (first["provisioningState"], last["provisioningState"]) == ("Creating", "Succeeded")
    assert "diskSizeGB" not in first["storageProfile"]["osDisk"]
    assert list(last["storageProfile"]["osDisk"]) == [
        "osType",
        "osState",
        "diskSizeGB",
        "managedDisk",
        "caching",
        "storageAccountType",
    ]
    assert [each["lun"] for each in last["storageProfile"]["dataDisks"]] == [3]


def test_the_source_keeps_its_authors_casing(lab: Api) -> None:
    source = WEB.replace("web", "WEB")

    lab.put(GOLDEN, image_body(source))

    assert lab.get(GOLDEN)["properties"]["sourceVirtualMachine"]["id"] == source


def test_only_tags_of_an_image_change(lab: Api) -> None:
    lab.put(GOLDEN, image_body(WEB))
    shown = lab.get(GOLDEN)

    patched = lab.call("PATCH", GOLDEN, {"tags": {"a": "b"}})
    put_back = lab.call("PUT", GOLDEN, shown | {"tags": {"c": "d"}})
    refused = lab.call("PATCH", GOLDEN, {"properties": {"sourceVirtualMachine": {"id": WEB}}})

    assert patched.status_code == put_back.status_code == 200
    assert lab.get(GOLDEN)["tags"] == {"c": "d"}
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "PropertyChangeNotAllowed")
    assert lab.get(GOLDEN)["properties"] == shown["properties"]


def test_versions_before_2019_know_no_generation(lab: Api) -> None:
    lab.put(GOLDEN, image_body(WEB))

    assert "hyperVGeneration" not in lab.get(GOLDEN, version="2018-10-01")["properties"]
    assert lab.get(GOLDEN, version="2019-03-01")["properties"]["hyperVGeneration"] == "V1"


def test_images_are_listed_in_their_group_and_everywhere(lab: Api) -> None:
    lab.put(GOLDEN, image_body(WEB))

    (here,) = lab.get(f"{COMPUTE}/images")["value"]
    (anywhere,) = lab.get(f"{SUB}/providers/Microsoft.Compute/images")["value"]

    assert here["id"] == GOLDEN
    assert anywhere["id"] == GOLDEN.replace("/lab/", "/LAB/")


def test_machines_come_out_of_an_image_that_outlives_its_source(lab: Api) -> None:
    lab.put(GOLDEN, image_body(WEB))
    lab.delete(WEB)

    clone = f"{COMPUTE}/virtualMachines/clone"
    lab.put(clone, machine_body("clone", lab.nic("clone-nic"), {"id": GOLDEN}))

    disks = lab.get(clone)["properties"]["storageProfile"]["dataDisks"]
    assert [(each["lun"], each["createOption"]) for each in disks] == [(3, "FromImage")]


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({}, "sourceVirtualMachine"),
        ({"sourceVirtualMachine": {}}, "sourceVirtualMachine.id"),
        ({"sourceVirtualMachine": {"id": WEB}, "hyperVGeneration": "V3"}, "properties.hyperVGeneration"),
        ({"storageProfile": {}}, "storageProfile.osDisk"),
        ({"storageProfile": {"osDisk": {"osState": "Generalized"}}}, "osDisk.osType"),
        ({"storageProfile": {"osDisk": {"osType": "Linux"}}}, "osDisk.osState"),
        ({"storageProfile": {"osDisk": {"osType": "Linux", "osState": "Generalized"}}}, "osDisk"),
        ({"storageProfile": {"zoneResilient": "maybe"}}, "properties.storageProfile.zoneResilient"),
    ],
)
def test_a_body_that_names_no_source_is_refused(lab: Api, properties: Any, target: str) -> None:
    answer = lab.call("PUT", GOLDEN, {"location": "eastus", "properties": properties})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (400, "InvalidParameter", target)
    assert lab.call("GET", GOLDEN).status_code == 404


def test_an_image_from_a_disk_is_shown_as_recorded(lab: Api) -> None:
    disk = lab.get(WEB)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    profile = {"osDisk": {"osType": "linux", "osState": "generalized", "managedDisk": {"id": disk}}}

    answer = lab.put(GOLDEN, {"location": "eastus", "properties": {"storageProfile": profile}})

    shown = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": disk}, "caching": "None"}
    shown |= {"storageAccountType": "Standard_LRS"}
    assert answer.status_code == 201
    assert answer.json()["properties"]["storageProfile"] == {"osDisk": shown, "dataDisks": []}
    sized = {"osDisk": shown | {"diskSizeGB": 4}, "dataDisks": []}
    assert lab.get(GOLDEN)["properties"]["storageProfile"] == sized


def test_a_machine_that_is_not_generalized_is_no_source(lab: Api) -> None:
    live = lab.machine("live")

    answer = lab.call("PUT", GOLDEN, image_body(live))

    assert (answer.status_code, answer.json()["error"]["message"]) == (
        409,
        "The operation 'Create Image' requires the Virtual Machine 'live' to be Generalized.",
    )
    assert lab.call("GET", GOLDEN).status_code == 404


def test_new_tags_are_told_as_an_update_that_has_ended(lab: Api) -> None:
    lab.put(GOLDEN, image_body(WEB))

    answer = lab.call("PATCH", GOLDEN, {"tags": {"a": "b"}})

    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert "location" not in answer.headers
    assert lab.get(answer.headers["azure-asyncoperation"])["status"] == "Succeeded"
    assert lab.get(GOLDEN)["properties"]["provisioningState"] == "Succeeded"


def test_what_an_image_takes_is_told_beside_it(lab: Api) -> None:
    lab.put(GOLDEN, image_body(WEB))
    disk = lab.get(GOLDEN)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]

    told = lab.get(f"{GOLDEN}/providers/Calco/usages/current")

    assert (told["type"], told["name"]) == ("Calco/usages", "current")
    first, second = told["properties"]["disks"]
    assert (first["managedDisk"]["id"], first["sizeBytes"], first["pools"]) == (disk, 4 * 1024**3, ["regional"])
    assert second["lun"] == 3
    assert told["properties"]["usedBytes"] == 0 < told["properties"]["sharedBytes"]
    assert "estimatedMonthlyPrice" not in told["properties"]  # this world has no table of prices
    assert lab.call("GET", f"{COMPUTE}/images/none/providers/Calco/usages/current").status_code == 404


DISK = f"{COMPUTE}/disks/one"


@pytest.mark.parametrize(
    ("changes", "data_disks", "target"),
    [
        ({"snapshot": {"id": DISK.replace("disks", "snapshots")}}, [], "osDisk"),
        ({"blobUri": "https://a.example/c/b.vhd"}, [], "osDisk"),
        ({"diskEncryptionSet": {"id": DISK}}, [], "osDisk.diskEncryptionSet"),
        ({"diskSizeGB": 5000}, [], "osDisk.diskSizeGB"),
        ({"storageAccountType": "UltraSSD_LRS"}, [], "osDisk.storageAccountType"),
        ({"managedDisk": {"id": GOLDEN}}, [], "properties.osDisk.managedDisk.id"),
        ({}, [{"lun": 1, "managedDisk": {"id": DISK}}, {"lun": 1, "managedDisk": {"id": DISK}}], "dataDisk.lun"),
        ({}, [{"lun": 64, "managedDisk": {"id": DISK}}], "dataDisks[0].lun"),
        ({}, [{"lun": 1}], "dataDisks[0]"),
    ],
)
def test_a_profile_that_azure_would_not_take_is_refused(lab: Api, changes: Any, data_disks: Any, target: str) -> None:
    os_disk = {"osType": "Linux", "osState": "Generalized", "managedDisk": {"id": DISK}} | changes
    profile = {"osDisk": os_disk, "dataDisks": data_disks}

    answer = lab.call("PUT", GOLDEN, {"location": "eastus", "properties": {"storageProfile": profile}})

    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] in ("InvalidParameter", "NotSupported", "LinkedInvalidPropertyId")
    assert target.partition(".")[0] in error.get("target", "")
    assert lab.call("GET", GOLDEN).status_code == 404


@dataclass
class SlowCopies:
    """A store that takes eight seconds for each copy; ``look`` is called at each quarter."""

    world: World
    look: Callable[[], None]

    def copy(self, volume: Volume, source: VolumeId, moved: Callable[[int, int], None]) -> None:
        for quarters in range(5):
            moved(quarters, 4)
            self.look()
            self.world.clock.move(timedelta(seconds=2))
        self.world.disks.copy(volume, source, lambda _done, _total: None)

    def __getattr__(self, name: str) -> object:
        return getattr(self.world.disks, name)


@pytest.mark.slow
def test_a_slow_copy_tells_growing_percents_to_whoever_polls_and_a_hundred_to_nobody(lab: Api) -> None:
    body = image_body(WEB)
    body["properties"] |= {"storageProfile": {"zoneResilient": True}}  # type: ignore[operator]
    poll = lab.call("PUT", GOLDEN, body).headers["Azure-AsyncOperation"]
    told: list[int] = []
    slow = SlowCopies(lab.world, lambda: told.append(lab.get(poll)["percentComplete"]))

    before = lab.get(poll)
    lab.world.drive(replace(lab.world.cloud, disks=cast("DiskStore", slow)))
    after = lab.get(poll)

    assert told[:6] == [0, 4, 8, 12, 16, 16], "the first of six copies: two disks into three zones"
    assert told == sorted(told)
    assert (len(told), told[-1]) == (6 * 5, 99)
    assert not {"percentComplete"} & (before.keys() | after.keys())
    assert after["status"] == "Succeeded"


def test_zone_resilience_is_shown_and_its_copying_is_told_while_it_goes_on(lab: Api) -> None:
    body = image_body(WEB)
    body["properties"] |= {"storageProfile": {"zoneResilient": True}}  # type: ignore[operator]

    answer = lab.call("PUT", GOLDEN, body)
    poll = answer.headers["Azure-AsyncOperation"]
    (going_on,) = lab.world.unfinished()
    with lab.world.records.write() as tx:
        tx.progress(going_on.id, {"says": "Copying disk 'os' to pool 'eastus-1'."})
    meanwhile = lab.get(poll)
    lab.world.drive()

    assert answer.json()["properties"]["storageProfile"]["zoneResilient"] is True
    assert (meanwhile["status"], meanwhile["properties"]["statusMessage"][:7]) == ("InProgress", "Copying")
    assert "percentComplete" not in meanwhile, "its work did not say how far it is"
    assert (lab.get(poll)["status"], "properties" in lab.get(poll)) == ("Succeeded", False)
    assert "zoneResilient" not in lab.get(GOLDEN, version="2017-03-30")["properties"]["storageProfile"]
