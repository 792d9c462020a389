"""The capture of a machine whose disks are blobs: each VHD once more, and a template that makes machines of them.

Azure's way from before there were images. The copies hold the blobs' own volumes, so no byte moves: their files are
locked first, for anyone with a key may be writing them. The template is in the operation's result.
Sources: recordings xplat-vm-stop-generalize-capture, ruby-vm-generalize-and-capture.
"""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from calco.model import blob as blob_model
from calco.model import errors
from calco.model.disk import OsType
from calco.model.document import Document, object_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.model.operation import Operation, Status
from calco.operations.plan import Act, Change, Job, Plan, no_change, nothing
from calco.ports import Resource, Writer
from calco.work import blob, capture_verdict, machine_blobs
from calco.work.capture_verdict import Foresight
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, found, hand_over, told
from calco.work.machine_state import BLOBS, blobs_of, claims_of, condition_of

CONTAINER = "system"
FOLDER = "Microsoft.Compute/Images"
"""Where captures go: ``machine_blobs.CAPTURED`` tells them by it."""
SCHEMA = "http://schema.management.azure.com/schemas/2014-04-01-preview/VM_IP.json"


@dataclass(frozen=True)
class CaptureWish:
    """A POST of ``capture``, read. ``version`` is the api-version the template is to be for."""

    machine: ResourceId
    prefix: str
    container: str
    version: str


@dataclass(frozen=True)
class Copied:
    """A blob, and the address at which it is to be there once more."""

    blob: str
    uri: str


@dataclass(frozen=True)
class Capturing:
    """``template`` is the result, put together when the request was accepted."""

    machine: str
    copies: tuple[Copied, ...]
    template: dict[str, object]
    verdict: Foresight = field(default_factory=Foresight)


def capture(cloud: Cloud, wish: CaptureWish) -> Accepted:
    """Copy a generalized machine's VHDs. Raises Azure's refusals."""
    if capture_verdict.is_required(cloud):
        with cloud.records.read() as view:
            os_disk = _os_disk(found(view, wish.machine))
        capture_verdict.look_first(cloud, os_disk)
    with cloud.records.write() as tx:
        machine = found(tx, wish.machine)
        os_disk = _os_disk(machine)
        claims = claims_of(machine)
        check_free(tx, claims, lambda _: errors.machine_busy("capture", machine.id.name))
        copies, template = _copies(cloud, machine, wish)
        verdict = capture_verdict.foresee(cloud, tx, os_disk, _see_all(machine.id))
        params = Capturing(str(machine.id), copies, {**template}, verdict)
        operation = hand_over(cloud, tx, CAPTURE, params, subject=machine, claims=claims)
    return told(cloud, Accepted(machine, operation))


def _os_disk(machine: Resource) -> ResourceId | None:
    """The blob that a machine which may be captured boots from. Raises ApiError."""
    blobs = blobs_of(machine)
    if not blobs:
        raise errors.refused(
            "The Capture action is only supported on a Virtual Machine with blob based disks. Please use the "
            "'Image' resource APIs to create an Image from a managed Virtual Machine."
        )
    if not condition_of(machine).is_generalized:
        raise errors.refused("Capture operation cannot be completed because the VM is not generalized.")
    return blobs.get(None)


def _copies(cloud: Cloud, machine: Resource, wish: CaptureWish) -> tuple[tuple[Copied, ...], Document]:
    if not blob_model.is_container_name(wish.container):
        raise errors.invalid("destinationContainerName", "A container's name is expected.")
    guid, new = cloud.chance.guid(), cloud.chance.guid()
    profile = object_at(machine.properties, "storageProfile")
    documents = {each.get("lun"): each for each in [object_at(profile, "osDisk"), *objects_at(profile, "dataDisks")]}
    copies: list[Copied] = []
    disks: list[Document] = []
    for note in objects_at(machine.internal, BLOBS):
        lun, uri = note.get("lun"), text_at(note, "uri") or ""
        kind = "osDisk" if lun is None else f"dataDisk-{lun}"
        name = f"{wish.prefix}-{kind}.{guid}.vhd"
        if not blob_model.is_blob_name(f"{FOLDER}/{wish.container}/{name}"):
            raise errors.invalid("vhdPrefix")
        home = _endpoint(cloud, uri)
        there = f"{home}/{CONTAINER}/{FOLDER}/{wish.container}/{name}"
        copies.append(Copied(text_at(note, "id") or "", there))
        disks.append(_disk(documents.get(lun, {}), name, there, f"{home}/vmcontainer{new}/{kind}.{new}.vhd"))
    return tuple(copies), _template(machine, wish, disks)


def _endpoint(cloud: Cloud, uri: str) -> str:
    """The account's address in the form that the machine's disk has it."""
    parts, place = urlsplit(uri), blob.place_of(cloud, uri)
    account = "" if place is None or ".blob." in (parts.hostname or "") else f"/{place.account}"
    return f"{parts.scheme}://{parts.netloc}{account}"


def _disk(shown: Document, name: str, image: str, vhd: str) -> Document:
    disk: Document = {} if "lun" not in shown else {"lun": shown["lun"]}
    if "lun" not in shown:
        disk["osType"] = text_at(shown, "osType") or OsType.LINUX.value
    return {
        **disk,
        "name": name,
        "createOption": "FromImage",
        "image": {"uri": image},
        "vhd": {"uri": vhd},
        "caching": text_at(shown, "caching") or "None",
    }


def _template(machine: Resource, wish: CaptureWish, disks: list[Document]) -> Document:
    profile: Document = {"osDisk": disks[0]}
    if disks[1:]:
        profile["dataDisks"] = [*disks[1:]]
    size = text_at(machine.properties, "hardwareProfile", "vmSize") or ""
    diagnostics = object_at(machine.properties, "diagnosticsProfile")
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            "vmName": {"type": "string"},
            "vmSize": {"type": "string", "defaultValue": size},
            "adminUserName": {"type": "string"},
            "adminPassword": {"type": "securestring"},
            "networkInterfaceId": {"type": "string"},
        },
        "resources": [
            {
                "apiVersion": wish.version,
                "properties": {
                    "hardwareProfile": {"vmSize": "[parameters('vmSize')]"},
                    "storageProfile": profile,
                    "osProfile": {
                        "computerName": "[parameters('vmName')]",
                        "adminUsername": "[parameters('adminUsername')]",
                        "adminPassword": "[parameters('adminPassword')]",
                    },
                    "networkProfile": {"networkInterfaces": [{"id": "[parameters('networkInterfaceId')]"}]},
                    **({"diagnosticsProfile": diagnostics} if diagnostics else {}),
                    "provisioningState": 0,
                },
                "type": "Microsoft.Compute/virtualMachines",
                "location": machine.location,
                "name": "[parameters('vmName')]",
            }
        ],
    }


def output_of(operation: Operation) -> Document | None:
    """The template, once the capture has succeeded; None for every other operation."""
    if operation.plan != CAPTURE.name or operation.status is not Status.SUCCEEDED:
        return None
    return object_at(operation.params, "template")


# --- the plan --------------------------------------------------------------------------------------------------------


def _blobs(job: Job[Capturing]) -> list[ResourceId]:
    return [ResourceId.parse(each.blob) for each in job.params.copies]


def _lock(cloud: Cloud, job: Job[Capturing]) -> None:
    machine_blobs.lock(cloud, _blobs(job))
    if job.params.verdict.required:
        capture_verdict.hold(cloud, ResourceId.parse(job.params.machine))


def _unlock(cloud: Cloud, job: Job[Capturing]) -> None:
    machine_blobs.unlock(cloud, _blobs(job))


def _publish(cloud: Cloud, tx: Writer, job: Job[Capturing]) -> None:
    for each in job.params.copies:
        row = tx.volume(machine_blobs.held(tx, ResourceId.parse(each.blob)))
        if row is None:
            raise errors.internal()
        blob.create_page_blob(cloud, tx, each.uri, replace(row, frozen=True))


def _look(cloud: Cloud, job: Job[Capturing]) -> None:
    machine = ResourceId.parse(job.params.machine)
    capture_verdict.tell(cloud, job.id, machine, _see_all(machine))


def _see_all(machine: ResourceId) -> str:
    return f"calco vm check {machine.name} -g {machine.group}"


CAPTURE: Plan[Cloud, Capturing] = Plan(
    "machine.capture",
    Capturing,
    (
        Act("lock files", _lock, _unlock),
        Change("publish", _publish, no_change),
        Act("look at disk", _look, nothing, needed=lambda job: job.params.verdict.look),
    ),
)
