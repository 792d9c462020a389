"""Managed images: their configuration is an object of the script's, and a capture is one PUT of it.

Sources: Azure/azure-powershell, Az.Compute's reference of each cmdlet; New-AzImageConfig sends zoneResilient and
hyperVGeneration whether or not they were given ("V1" then), as that module's source does.
"""

from collections.abc import Iterable

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.noun import STATUS, Noun, getter, list_view, remover, status
from calco.cloudshell.az.record import append, blank, child, items, reference, sent
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.az.target import argument, tags, target
from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Document

IMAGE = COMPUTE["PSImage"]
NOUN = Noun("Microsoft.Compute/images", IMAGE, "image", "images", name="ImageName", aliases=("Name",), positional=True)

_OBJECT = Parameter(
    "Image",
    Kind.RECORD,
    "The image's configuration, of New-AzImageConfig.",
    mandatory=True,
    position=0,
    from_pipeline=True,
    from_name=True,
    accepts=(IMAGE.type,),
)
_FROM: tuple[Parameter, ...] = (
    Parameter("DiskSizeGB", Kind.INT, "How large the disk is made; its source's size otherwise.", from_name=True),
    Parameter("StorageAccountType", help="The kind of storage, e.g. Standard_LRS.", from_name=True),
    Parameter("SnapshotId", help="The id of the snapshot to take the disk from.", from_name=True),
    Parameter("ManagedDiskId", help="The id of the managed disk to take the disk from.", from_name=True),
    Parameter("DiskEncryptionSetId", help="The id of a disk encryption set.", from_name=True),
)
CACHING = ("None", "ReadOnly", "ReadWrite")


def new_config(call: Call) -> Iterable[Value]:
    if not call.should("Image", "New"):
        return
    given = tags(call)
    image = blank(
        IMAGE,
        {
            "Location": call.value("Location"),
            "HyperVGeneration": call.text("HyperVGeneration") or "V1",
            "Tags": None if given is None else Hashtable.of(given),
        },
    )
    storage = child(image, "StorageProfile")
    storage.members["ZoneResilient"] = call.switch("ZoneResilient")
    if call.text("SourceVirtualMachineId"):
        reference(image, "SourceVirtualMachine", call.text("SourceVirtualMachineId"))
    if call.given("OsDisk"):
        storage.members["OsDisk"] = call.record("OsDisk")
    if call.given("DataDisk"):
        storage.members["DataDisks"] = call.value("DataDisk")
    yield image


def set_os_disk(call: Call) -> Iterable[Value]:
    image = call.record("Image")
    if not call.should("Image", "Set"):
        return
    disk = child(child(image, "StorageProfile"), "OsDisk")
    _fill(call, disk, "OsType", "OsState")
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


def _fill(call: Call, disk: Record, *more: str) -> None:
    """What was given of a disk goes into it; what was not stays as it is."""
    for name in (*more, "BlobUri", "Caching", "DiskSizeGB", "StorageAccountType"):
        if call.given(name):
            disk.members[name] = call.value(name)
    for name, parameter in (
        ("Snapshot", "SnapshotId"),
        ("ManagedDisk", "ManagedDiskId"),
        ("DiskEncryptionSet", "DiskEncryptionSetId"),
    ):
        if call.text(parameter):
            reference(disk, name, call.text(parameter))


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


_CONFIG = Cmdlet(
    "New-AzImageConfig",
    "Begins the configuration of an image, an object that New-AzImage then sends.",
    new_config,
    (
        Parameter("Location", help="The region.", position=0, from_name=True, completes="locations"),
        Parameter("Tag", Kind.HASHTABLE, 'Tags, as a table: @{team="lab"}.', position=1, from_name=True),
        Parameter(
            "SourceVirtualMachineId",
            help="The id of the generalized machine to capture, with all its disks.",
            position=2,
            from_name=True,
        ),
        Parameter("OsDisk", Kind.RECORD, "An OS disk's settings, of another configuration.", position=3),
        Parameter("DataDisk", Kind.RECORDS, "Data disks' settings, of another configuration."),
        Parameter(
            "HyperVGeneration",
            help="V1 (BIOS) or V2 (UEFI); V1 is sent when nothing is said.",
            choices=("V1", "V2"),
            from_name=True,
        ),
        Parameter("ZoneResilient", Kind.SWITCH, "Keep the image on zone-redundant storage."),
    ),
    output=IMAGE.type,
    confirms=True,
    examples=(
        Example(
            "Configure the image of a generalized machine.",
            "$image = New-AzImageConfig -Location EastUS -SourceVirtualMachineId $vm.Id",
        ),
    ),
)
_SET_OS_DISK = Cmdlet(
    "Set-AzImageOsDisk",
    "Says what an image's OS disk is taken from: a managed disk, a snapshot or a VHD blob.",
    set_os_disk,
    (
        _OBJECT,
        Parameter("OsType", help="What is on it.", position=1, choices=("Windows", "Linux"), from_name=True),
        Parameter(
            "OsState",
            help="Whether it was generalized (sysprep, waagent -deprovision).",
            position=2,
            choices=("Generalized", "Specialized"),
            from_name=True,
        ),
        Parameter("BlobUri", help="The address of the VHD blob to take the disk from.", position=3, from_name=True),
        Parameter("Caching", help="How the host caches it.", choices=CACHING, from_name=True),
        *_FROM,
    ),
    output=IMAGE.type,
    confirms=True,
    examples=(
        Example(
            "Take the OS disk from a snapshot.",
            "$image = Set-AzImageOsDisk -Image $image -OsState Generalized -OsType Linux -SnapshotId $snapshot.Id",
        ),
    ),
)
_ADD_DATA_DISK = Cmdlet(
    "Add-AzImageDataDisk",
    "Adds a data disk to an image's configuration.",
    add_data_disk,
    (
        _OBJECT,
        Parameter("Lun", Kind.INT, "Where machines of the image find it.", position=1, from_name=True),
        Parameter("BlobUri", help="The address of the VHD blob to take the disk from.", position=2, from_name=True),
        Parameter("Caching", help="How the host caches it.", position=3, choices=CACHING, from_name=True),
        *_FROM,
    ),
    output=IMAGE.type,
    confirms=True,
    examples=(
        Example("Add a disk at LUN 0.", "$image = Add-AzImageDataDisk -Image $image -Lun 0 -ManagedDiskId $disk.Id"),
    ),
)
_REMOVE_DATA_DISK = Cmdlet(
    "Remove-AzImageDataDisk",
    "Takes a data disk out of an image's configuration.",
    remove_data_disk,
    (_OBJECT, Parameter("Lun", Kind.INT, "Where it is.", mandatory=True, position=1, from_name=True)),
    output=IMAGE.type,
    confirms=True,
    examples=(Example("Leave the disk at LUN 0 out.", "$image = Remove-AzImageDataDisk -Image $image -Lun 0"),),
)
_NEW = Cmdlet(
    "New-AzImage",
    "Makes an image: of a generalized machine, of a managed disk, of a snapshot or of a VHD blob.",
    new,
    (
        *NOUN.named(),
        Parameter(
            "Image",
            Kind.RECORD,
            "The configuration, of New-AzImageConfig.",
            mandatory=True,
            position=2,
            from_pipeline=True,
            accepts=(IMAGE.type,),
        ),
    ),
    output=IMAGE.type,
    confirms=True,
    as_job=True,
    examples=(
        Example(
            "Capture what is configured.",
            "New-AzImage -ResourceGroupName myResourceGroup -ImageName myImage -Image $image",
        ),
    ),
)


def _update() -> Cmdlet:
    group, name = NOUN.named(sets=("DefaultParameter",))
    return Cmdlet(
        "Update-AzImage",
        "Replaces the tags of an image.",
        update,
        (
            group,
            name,
            Parameter(
                "ResourceId",
                help="The id of the image.",
                sets=("ResourceIdParameter",),
                mandatory=True,
                position=0,
                from_name=True,
            ),
            Parameter(
                "Image",
                Kind.RECORD,
                "The image, as Get-AzImage gives it; its tags are sent unless -Tag is given.",
                sets=("ObjectParameter",),
                mandatory=True,
                position=0,
                from_pipeline=True,
                accepts=(IMAGE.type,),
            ),
            Parameter("Tag", Kind.HASHTABLE, "All tags it has from then on.", from_name=True),
        ),
        default_set="DefaultParameter",
        output=IMAGE.type,
        confirms=True,
        as_job=True,
        examples=(Example("Tag an image.", 'Get-AzImage lab golden | Update-AzImage -Tag @{team="lab"}'),),
    )


MODULE = Module(
    (
        _CONFIG,
        _SET_OS_DISK,
        _ADD_DATA_DISK,
        _REMOVE_DATA_DISK,
        _NEW,
        getter(
            NOUN,
            "Get-AzImage",
            "Gives images: one by group and name, those of a group, or all.",
            Example("Show one.", "Get-AzImage -ResourceGroupName myResourceGroup -ImageName myImage"),
            Example("Show those whose names begin with web.", "Get-AzImage -ImageName web*"),
        ),
        _update(),
        remover(
            NOUN,
            "Remove-AzImage",
            "Removes an image. Machines that were made from it stay.",
            Example(
                "Remove one without being asked.", "Remove-AzImage -ResourceGroupName lab -ImageName golden -Force"
            ),
            question="Are you sure you want to remove the image '{}'?",
            gives=lambda _call, ended: (status(ended),),
            output=STATUS,
        ),
    ),
    (list_view(IMAGE),),
)
