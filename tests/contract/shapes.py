"""The recordings without request bodies, one row each: what stands there before, and what was sent where no answer
shows it. The recorded questions are then asked in order, and the answers compared."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from calco.model.guest import Agent, Health, Report, Subject
from calco.model.machine import Machine
from tests.arm.api import Api
from tests.contract.given import PASSWORD, CannotBuild, Document, Lab, answer, in_scope, sent
from tests.contract.recorded import Exchange, exchanges
from tests.contract.replay import Difference, Guest, Replay
from tests.world import World, ready_guest


@dataclass(frozen=True)
class Shape:
    build: Callable[[Api], None] = lambda _api: None
    bodies: Mapping[int, Document] = field(default_factory=dict)
    guest: Guest | None = None


def play(replay: Replay, name: str) -> None:
    """The recording's questions over the state they need. State that cannot be had is a difference of the first."""
    shape, recorded = SHAPES[name], exchanges(name)
    try:
        shape.build(replay.api)
    except CannotBuild as lacking:
        replay.differences.append(Difference(recorded[0], f"its state cannot be built: {lacking}"))
    replay.play([_with_body(each, shape) for each in recorded])


def _with_body(each: Exchange, shape: Shape) -> Exchange:
    body = shape.bodies.get(each.index) or sent(each)
    text = "" if body is None else _text(body)
    return replace(each, request=text, body=in_scope(each.body))


def _text(body: Document) -> str:

    return json.dumps(body)


# --- states ----------------------------------------------------------------------------------------------------------

BLOB_MACHINE = "xplat-vm-deallocate-generalize"


def _blob_machine(api: Api) -> str:
    """A machine whose disk is a blob, deallocated."""
    lab = Lab(api, "xplatTstPvmGCreate9744", "southeastasia")
    machine = lab.machine(answer(BLOB_MACHINE))
    lab.post(f"{machine}/deallocate")
    return machine


def _running_blob_machine(api: Api) -> None:
    Lab(api, "xplatTstPvmGCreate9744", "southeastasia").machine(answer(BLOB_MACHINE))


def _generalized_blob_machine(api: Api) -> None:
    machine = _blob_machine(api)
    Lab(api, "xplatTstPvmGCreate9744", "southeastasia").post(f"{machine}/generalize")


def _image(name: str, index: int) -> Callable[[Api], None]:
    """The image that an answer shows, made from the machine or the blob it names."""

    def build(api: Api) -> None:
        _generalized_blob_machine(api)
        shown = answer(name, index)
        lab = Lab(api, "xplatTstPvmGCreate9744", "southeastasia")
        lab.put("Microsoft.Compute/images", shown["name"], {"properties": shown["properties"]})

    return build


def _empty_account(api: Api) -> None:
    Lab(api, "xplatTstPvmGCreate7114", "westus").account("xplatteststorage11612")


def _failed_image(api: Api) -> None:
    _empty_account(api)
    shown = answer("xplat-image-failed-state-show-list")
    lab = Lab(api, "xplatTstPvmGCreate7114", "westus")
    try:
        lab.put("Microsoft.Compute/images", shown["name"], {"properties": shown["properties"]})
    except CannotBuild as failed:
        if "ImageBlobNotFound" not in str(failed):
            raise


def _groups(api: Api) -> None:
    for each in answer("xplat-vm-409-ConflictingUserInput")["value"]:
        api.put(each["id"], {name: each[name] for name in ("location", "tags") if name in each})
    Lab(api, "xplatTestVMQCreate3552", "southeastasia")


def _generalized_windows(api: Api) -> None:
    lab = Lab(api, "PSLIBTEST87421", "southeastasia")
    machine = lab.machine(answer("xplat-vm-instanceview-OSState-generalized"))
    lab.post(f"{machine}/deallocate")
    lab.post(f"{machine}/generalize")


CAPTURE = "xplat-vm-stop-generalize-capture"


def _capture_source(api: Api) -> None:
    Lab(api, "xplatTestGVMCreate4763", "southeastasia").machine(answer(CAPTURE), "xplattestip")


def _disks(name: str) -> Callable[[Api], None]:
    """The disks of a subscription's list, as they came to be: OS disks with a machine, others by themselves."""

    def build(api: Api) -> None:
        shown = answer(name)["value"]
        for each in shown:
            if not _came_with_a_machine(each):
                _group_of(api, each).put("Microsoft.Compute/disks", each["name"], _sent(each, SENT_OF_DISKS))
        for each in shown:
            if _came_with_a_machine(each):
                _os_disk(api, each, [it for it in shown if "managedBy" in it and it is not each])

    return build


def _came_with_a_machine(shown: Document) -> bool:
    return "managedBy" in shown and "osType" in shown["properties"]


def _group_of(api: Api, shown: Document) -> Lab:
    return Lab(api, shown["id"].split("/")[4], shown["location"])


def _sent(shown: Document, names: Iterable[str]) -> Document:
    return {name: shown[name] for name in names if name in shown}


def _os_disk(api: Api, shown: Document, data: list[Document]) -> None:
    """An OS disk comes with its machine, and stays when that goes."""
    lab, image = _group_of(api, shown), shown["properties"]["creationData"]["imageReference"]["id"].split("/")
    part = {word.lower(): image[at + 1] for at, word in enumerate(image[:-1])}
    attached = [{"lun": at, "createOption": "Attach", "managedDisk": {"id": it["id"]}} for at, it in enumerate(data)]
    machine = {
        "name": shown["name"].partition("_")[0],
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {
                    "publisher": part["publishers"],
                    "offer": part["offers"],
                    "sku": part["skus"],
                    "version": part["versions"],
                },
                "osDisk": {"name": shown["name"], "createOption": "FromImage"},
                "dataDisks": attached if "managedBy" in shown else [],
            },
            "osProfile": {"computerName": "machine", "adminUsername": "azureuser"},
            "networkProfile": {"networkInterfaces": [{"id": f"{lab.root}/providers/{NIC}/nic"}]},
        },
    }
    id = lab.machine(machine)
    if "managedBy" not in shown:
        lab.delete(id)
    lab.patch(f"{lab.root}/providers/Microsoft.Compute/disks/{shown['name']}", _sent(shown, ("tags", "sku")))


NIC = "Microsoft.Network/networkInterfaces"
SENT_OF_DISKS = ("sku", "properties", "tags", "zones")
UBUNTU = "/Publishers/Canonical/ArtifactTypes/VMImage/Offers/ubuntu-24_04-lts/Skus/server/Versions/latest"


def _snapshot(api: Api) -> None:
    shown = answer("c7n-snapshot-delete-2024-signed-operation-url", 3)
    lab = Lab(api, "JAMISON-POLICY-TESTING", "eastus")
    source = shown["properties"]["creationData"]["sourceResourceId"]
    disk = {
        "id": source,
        "name": source.rpartition("/")[2],
        "location": "eastus",
        "managedBy": "its machine",
        "properties": {"creationData": {"imageReference": {"id": UBUNTU}}},
    }
    _os_disk(api, disk, [])
    wanted = {name: value for name, value in shown["properties"].items() if name != "encryption"}
    lab.put("Microsoft.Compute/snapshots", shown["name"], {"sku": shown["sku"], "tags": {}, "properties": wanted})


def _talking_guest(world: World) -> Callable[[Machine], None]:
    """A guest whose agent tells what it is, as the recorded one does."""

    def boot(machine: Machine) -> None:
        ready_guest(world.directory.heard)(machine)
        status = Report(
            Agent.WAAGENT,
            Health.READY,
            agent_version="2.2.54.2",
            subject=Subject.AGENT,
            computer_name="vmmilaytvhe7nwq",
            os_name="ubuntu",
            os_version="16.04",
        )
        world.directory.heard(machine.vm_id, status)

    return boot


def _machine_with_extension(api: Api) -> None:
    shown = answer("c7n-vm-instanceview-extensions")["value"][0]
    Lab(api, "TEST_VM", "southcentralus").machine(shown)


# --- rows ------------------------------------------------------------------------------------------------------------


def _other_account() -> Document:
    """A machine whose source blob lies in one account and whose disk is to lie in another."""
    uri = "https://{}.blob.core.windows.net/vhds/{}.vhd"
    disk = {
        "name": "clia73dde9855da25f0-os-1496418574771",
        "createOption": "FromImage",
        "osType": "Linux",
        "image": {"uri": uri.format("sto0wrn09dzgb6l", "source")},
        "vhd": {"uri": uri.format("clisto460354952vm51713", "clia73dde9855da25f0-os-1496418574771")},
    }
    nic = answer("xplat-vm-409-ConflictingUserInput", 40)["id"]
    return {
        "location": "southeastasia",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_DS1"},
            "storageProfile": {"osDisk": disk},
            "osProfile": {"computerName": "vm51713", "adminUsername": "azureuser", "adminPassword": PASSWORD},
            "networkProfile": {"networkInterfaces": [{"id": nic}]},
        },
    }


ACCOUNT: Document = {"location": "southeastasia", "sku": {"name": "Standard_LRS"}, "kind": "Storage", "tags": {}}
PREMIUM: Document = {**ACCOUNT, "sku": {"name": "Premium_LRS"}}

SHAPES: Mapping[str, Shape] = {
    "c7n-disk-2024-03-02-attached": Shape(_disks("c7n-disk-2024-03-02-attached")),
    "c7n-disk-2024-03-02-unattached": Shape(_disks("c7n-disk-2024-03-02-unattached")),
    "c7n-snapshot-delete-2024-signed-operation-url": Shape(_snapshot),
    "c7n-vm-instanceview-extensions": Shape(_machine_with_extension, guest=_talking_guest),
    "java-vm-404-ResourceNotFound": Shape(),
    "xplat-image-create-blob": Shape(_generalized_blob_machine),
    "xplat-image-create-failed-ImageBlobNotFound": Shape(_empty_account),
    "xplat-image-create-from-vm": Shape(_generalized_blob_machine),
    "xplat-image-delete": Shape(_image("xplat-image-create-from-vm", 6)),
    "xplat-image-failed-state-show-list": Shape(_failed_image),
    "xplat-image-show-list": Shape(_image("xplat-image-show-list", 0)),
    "xplat-vm-409-ConflictingUserInput": Shape(_groups, {8: PREMIUM, 44: ACCOUNT, 50: _other_account()}),
    BLOB_MACHINE: Shape(_running_blob_machine),
    "xplat-vm-instanceview-OSState-generalized": Shape(_generalized_windows),
    CAPTURE: Shape(_capture_source, {12: {"vhdPrefix": "xplatvm3", "destinationContainerName": "vhds"}}),
}
