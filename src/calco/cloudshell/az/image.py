"""Managed images: their configuration is an object of the script's, and a capture is one PUT of it.

Sources: Azure/azure-powershell, Az.Compute's reference of each cmdlet; New-AzImageConfig sends zoneResilient and
hyperVGeneration whether or not they were given ("V1" then), as that module's source does.
"""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import LOCATION, TAG, Takes, cmdlet, mandatory, optional, piped, plain, switch
from calco.cloudshell.az.given import given, refer, tag_table
from calco.cloudshell.az.noun import STATUS, Noun, list_view, status
from calco.cloudshell.az.record import append, blank, child, items, sent
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.az.target import argument, target
from calco.cloudshell.cmdlet import Call, Module, Parameter
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Document

IMAGE = COMPUTE["PSImage"]
NOUN = Noun("Microsoft.Compute/images", IMAGE, "image", name="ImageName", aliases="Name", positional=True)

_OBJECT = piped("Image", "The image's configuration, of New-AzImageConfig.", IMAGE.type, 0, from_name=True)
_FROM: tuple[Parameter, ...] = (
    optional("DiskSizeGB", "How large the disk is made; its source's size otherwise.", kind=Takes.INT),
    optional("StorageAccountType", "The kind of storage, e.g. Standard_LRS."),
    optional("SnapshotId", "The id of the snapshot to take the disk from."),
    optional("ManagedDiskId", "The id of the managed disk to take the disk from."),
    optional("DiskEncryptionSetId", "The id of a disk encryption set."),
)
CACHING = "None ReadOnly ReadWrite"


def new_config(call: Call) -> Iterable[Value]:
    if not call.should("Image", "New"):
        return
    generation = call.text("HyperVGeneration") or "V1"
    image = blank(IMAGE, {**given(call, "Location"), "HyperVGeneration": generation, "Tags": tag_table(call)})
    storage = child(image, "StorageProfile")
    storage.members["ZoneResilient"] = call.switch("ZoneResilient")
    storage.members.update(given(call, "DataDisks=DataDisk"))
    if call.given("OsDisk"):
        storage.members["OsDisk"] = call.record("OsDisk")
    refer(call, image, "SourceVirtualMachine=SourceVirtualMachineId")
    yield image


def set_os_disk(call: Call) -> Iterable[Value]:
    image = call.record("Image")
    if not call.should("Image", "Set"):
        return
    disk = child(child(image, "StorageProfile"), "OsDisk")
    disk.members.update(given(call, "OsType OsState"))
    _fill(call, disk)
    yield image


def add_data_disk(call: Call) -> Iterable[Value]:
    image = call.record("Image")
    if not call.should("Image", "Add"):
        return
    disk = append(child(image, "StorageProfile"), "DataDisks", {"Lun": call.number("Lun") or 0})
    _fill(call, disk)
    yield image


def remove_data_disk(call: Call) -> Iterable[Value]:
    image = call.record("Image")
    storage = child(image, "StorageProfile")
    lun = call.number("Lun")
    kept = [each for each in items(storage, "DataDisks") if each.get("Lun") != lun]
    if len(kept) == len(items(storage, "DataDisks")):
        raise argument(f"The image has no data disk at LUN {lun}.")
    if call.should("Image", "Remove"):
        storage.members["DataDisks"] = [*kept]
        yield image


def _fill(call: Call, disk: Record) -> None:
    """What was given of a disk goes into it; what was not stays as it is."""
    disk.members.update(given(call, "BlobUri Caching DiskSizeGB StorageAccountType"))
    refer(call, disk, "Snapshot=SnapshotId ManagedDisk=ManagedDiskId DiskEncryptionSet=DiskEncryptionSetId")


def new(call: Call) -> Iterable[Value]:
    name, where = call.text("ImageName"), NOUN.path(call)
    if call.should(name, "New"):
        yield NOUN.read(change(call, f"New-AzImage {name}", "PUT", where, sent(call.record("Image"))).document)


def update(call: Call) -> Iterable[Value]:
    where = target(call, NOUN.type, name="ImageName", ids=("ResourceId",), objects=("Image",))
    name = where.rpartition("/")[2]
    held = call.record("Image").get("Tags") if call.given("Image") else None
    wanted = call.value("Tag") if call.given("Tag") else held
    body: Document = {}
    if isinstance(wanted, Hashtable):
        body["tags"] = {str(key): "" if each is None else str(each) for key, each in wanted.pairs()}
    if call.should(name, "Update"):
        yield NOUN.read(change(call, f"Update-AzImage {name}", "PATCH", where, body).document)


MODULE = Module(
    (
        cmdlet(
            "New-AzImageConfig",
            "Begins the configuration of an image, an object that New-AzImage then sends.",
            new_config,
            replace(LOCATION, position=0),
            replace(TAG, position=1),
            optional("SourceVirtualMachineId", "The id of the generalized machine to capture, with all its disks.", 2),
            plain("OsDisk", "An OS disk's settings, of another configuration.", 3, Takes.RECORD),
            plain("DataDisk", "Data disks' settings, of another configuration.", kind=Takes.RECORDS),
            optional("HyperVGeneration", "V1 (BIOS) or V2 (UEFI); V1 is sent when nothing is said.", choices="V1 V2"),
            switch("ZoneResilient", "Keep the image on zone-redundant storage."),
            output=IMAGE.type,
            confirms=True,
            examples={
                "Configure the image of a generalized machine.": "$image = New-AzImageConfig -Location EastUS "
                "-SourceVirtualMachineId $vm.Id"
            },
        ),
        cmdlet(
            "Set-AzImageOsDisk",
            "Says what an image's OS disk is taken from: a managed disk, a snapshot or a VHD blob.",
            set_os_disk,
            _OBJECT,
            optional("OsType", "What is on it.", 1, choices="Windows Linux"),
            optional(
                "OsState",
                "Whether it was generalized (sysprep, waagent -deprovision).",
                2,
                choices="Generalized Specialized",
            ),
            optional("BlobUri", "The address of the VHD blob to take the disk from.", 3),
            optional("Caching", "How the host caches it.", choices=CACHING),
            *_FROM,
            output=IMAGE.type,
            confirms=True,
            examples={
                "Take the OS disk from a snapshot.": "$image = Set-AzImageOsDisk -Image $image -OsState Generalized "
                "-OsType Linux -SnapshotId $snapshot.Id"
            },
        ),
        cmdlet(
            "Add-AzImageDataDisk",
            "Adds a data disk to an image's configuration.",
            add_data_disk,
            _OBJECT,
            optional("Lun", "Where machines of the image find it.", 1, Takes.INT),
            optional("BlobUri", "The address of the VHD blob to take the disk from.", 2),
            optional("Caching", "How the host caches it.", 3, choices=CACHING),
            *_FROM,
            output=IMAGE.type,
            confirms=True,
            examples={
                "Add a disk at LUN 0.": "$image = Add-AzImageDataDisk -Image $image -Lun 0 -ManagedDiskId $disk.Id"
            },
        ),
        cmdlet(
            "Remove-AzImageDataDisk",
            "Takes a data disk out of an image's configuration.",
            remove_data_disk,
            _OBJECT,
            mandatory("Lun", "Where it is.", 1, Takes.INT),
            output=IMAGE.type,
            confirms=True,
            examples={"Leave the disk at LUN 0 out.": "$image = Remove-AzImageDataDisk -Image $image -Lun 0"},
        ),
        cmdlet(
            "New-AzImage",
            "Makes an image: of a generalized machine, of a managed disk, of a snapshot or of a VHD blob.",
            new,
            *NOUN.named(),
            piped("Image", "The configuration, of New-AzImageConfig.", IMAGE.type, 2),
            output=IMAGE.type,
            confirms=True,
            as_job=True,
            examples={
                "Capture what is configured.": "New-AzImage -ResourceGroupName myResourceGroup -ImageName myImage "
                "-Image $image"
            },
        ),
        NOUN.getter(
            "Get-AzImage",
            "Gives images: one by group and name, those of a group, or all.",
            {
                "Show one.": "Get-AzImage -ResourceGroupName myResourceGroup -ImageName myImage",
                "Show those whose names begin with web.": "Get-AzImage -ImageName web*",
            },
        ),
        cmdlet(
            "Update-AzImage",
            "Replaces the tags of an image.",
            update,
            *NOUN.named(sets="DefaultParameter"),
            mandatory("ResourceId", "The id of the image.", 0, sets="ResourceIdParameter"),
            piped(
                "Image",
                "The image, as Get-AzImage gives it; its tags are sent unless -Tag is given.",
                IMAGE.type,
                0,
                sets="ObjectParameter",
            ),
            optional("Tag", "All tags it has from then on.", kind=Takes.HASHTABLE),
            default_set="DefaultParameter",
            output=IMAGE.type,
            confirms=True,
            as_job=True,
            examples={"Tag an image.": 'Get-AzImage lab golden | Update-AzImage -Tag @{team="lab"}'},
        ),
        NOUN.remover(
            "Remove-AzImage",
            "Removes an image. Machines that were made from it stay.",
            {"Remove one without being asked.": "Remove-AzImage -ResourceGroupName lab -ImageName golden -Force"},
            question="Are you sure you want to remove the image '{}'?",
            gives=lambda _call, ended: (status(ended),),
            output=STATUS,
        ),
    ),
    (list_view(IMAGE),),
)
