"""Actions to view: one of every kind at least, and what people may type into them."""

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.model.machine import Generation
from calco.portal.view_as.action import (
    Action,
    ActOnMachines,
    CaptureImage,
    CreateGroup,
    CreateImage,
    CreateMachines,
    CreateSnapshot,
    Delete,
    ExportDisk,
    ImportDisk,
    MachineVerb,
    Place,
    SetTags,
)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PLACE = Place("https://localhost:8443", SUBSCRIPTION, "westeurope")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKkM9Xj2zqVvKOnR2aTgTt4DkJb1kG9qX0y5xWl0vZ3F me@home"
NASTY = 'it\'s "$(id)" `id` ${x} %{ if } \\ !! \u2019;\x1b[31m\n--yes'


def group(name: str = "lab") -> ResourceId:
    return ResourceId(SUBSCRIPTION, name)


def _of(type: str, name: str, group: str) -> ResourceId:
    return ResourceId(SUBSCRIPTION, group, "Microsoft.Compute", (type,), (name,))


def machine(name: str = "web1", group: str = "lab") -> ResourceId:
    return _of("virtualMachines", name, group)


def image(name: str = "golden", group: str = "lab") -> ResourceId:
    return _of("images", name, group)


def disk(name: str = "data", group: str = "lab") -> ResourceId:
    return _of("disks", name, group)


def snapshot(name: str = "taken", group: str = "lab") -> ResourceId:
    return _of("snapshots", name, group)


SUBNET = ResourceId(SUBSCRIPTION, "lab", "Microsoft.Network", ("virtualNetworks", "subnets"), ("net", "default"))
ADDRESS = ResourceId(SUBSCRIPTION, "lab", "Microsoft.Network", ("publicIPAddresses",), ("ip",))

CAPTURE = CaptureImage(
    machine(), image(group="images"), Generation.V2, zone_resilient=True, new_group=True, delete_machine=True,
    tags={"made by": "O'Hara"},
)  # fmt: skip
CREATE = CreateMachines(
    machine("web"), image(), "Standard_B1s", "azureuser", public_key=KEY, count=3, tags={"stage": "test"}
)
BY_PASSWORD = CreateMachines(
    machine("win"), image(), "Standard_B1s", "azureuser", os_type=OsType.WINDOWS, password=True, subnet=SUBNET,
    public_address=False,
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *(ActOnMachines(verb, (machine(),)) for verb in MachineVerb),
    *(ActOnMachines(verb, (machine(), machine("web2"))) for verb in MachineVerb),
    *(Delete((each,)) for each in (group(), machine(), image(), disk(), snapshot(), ADDRESS)),
    Delete((machine(), machine("web2"), image(), ADDRESS, disk("-rf", "-g"))),
    CAPTURE,
    CaptureImage(machine(), image(), deallocate=False, generalize=False),
    CreateImage(image(), disk(), generation=Generation.V2, new_group=True),
    CreateImage(image(), snapshot(), OsType.WINDOWS, zone_resilient=True, tags={"a": ""}),
    CreateImage(image(), "https://vhds.blob.localhost:8444/vhds/one.vhd"),
    CreateGroup(group("-lab"), {"a": "1"}),
    CreateSnapshot(snapshot(), disk(), {"a": "1"}),
    CREATE,
    CreateMachines(machine(), image(), "Standard_B1s", "azureuser", new_group=True, network="net"),
    CreateMachines(machine(), image(), "Standard_B1s", "azureuser", password=True),
    BY_PASSWORD,
    ExportDisk(disk(), "data.vhd"),
    ExportDisk(snapshot(), "-taken.vhd"),
    ImportDisk(disk(), "one disk.vhd", 20_972_032, OsType.LINUX, tags={"a": "1"}),
    ImportDisk(disk(), "small.vhd", 20_972_032, new_group=True),
    SetTags(machine(), {"a": "1", "b": NASTY}),
    SetTags(group(), {"file": "@/etc/hostname", "a=b": NASTY, "-c": "x"}),
    SetTags(group(), {}),
)


def with_names(text: str, tags: dict[str, str]) -> tuple[Action, ...]:
    """Every kind of action with this text wherever somebody may type one, and these tags."""
    own, other = _of("virtualMachines", text, text), _of("images", text, text)
    return (
        ActOnMachines(MachineVerb.START, (own,)),
        Delete((own, own, other, group(text))),
        CaptureImage(own, other, new_group=True, delete_machine=True, tags=tags),
        CreateImage(other, disk(text, text), tags=tags),
        CreateImage(other, snapshot(text, text), tags=tags),
        CreateGroup(group(text), tags),
        CreateSnapshot(snapshot(text, text), disk(text, text), tags),
        CreateMachines(own, other, text, text, network=text, count=2, tags=tags),
        ExportDisk(disk(text, text), text),
        ImportDisk(disk(text, text), text, 1_049_088, OsType.LINUX, tags=tags),
        SetTags(own, tags),
    )
