"""What a form or a command of the portal does, as values: one frozen record for each kind of action.

Each tool has a table of its own from these kinds to the text it takes. Nothing here is checked: names that the API
would refuse are shown as they were typed, quoted, and refused by the tool as by the form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.model.machine import Generation

ACCESS_SECONDS = 3600
"""How long an address of a disk's bytes is good for, unless the action says otherwise."""


@dataclass(frozen=True)
class Place:
    """Where it is done. ``endpoint`` is the API's own address, ``https://localhost:8443``; ``location`` is the region
    that new things go to."""

    endpoint: str
    subscription: str
    location: str


class MachineVerb(StrEnum):
    """What is done to a machine as it stands: the last segment of the request's path."""

    START = "start"
    RESTART = "restart"
    DEALLOCATE = "deallocate"
    GENERALIZE = "generalize"


@dataclass(frozen=True)
class ActOnMachines:
    """One verb for one or several machines."""

    verb: MachineVerb
    machines: tuple[ResourceId, ...]


@dataclass(frozen=True)
class Delete:
    """Machines, images, disks, snapshots, groups, or anything else that has an id."""

    resources: tuple[ResourceId, ...]


@dataclass(frozen=True)
class CaptureImage:
    """A machine becomes an image. The steps before and after are those that the page announces: ``deallocate`` and
    ``generalize`` are false for a machine that has this behind it."""

    machine: ResourceId
    image: ResourceId
    generation: Generation = Generation.V1
    zone_resilient: bool = False
    new_group: bool = False
    deallocate: bool = True
    generalize: bool = True
    delete_machine: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateImage:
    """An image of a disk, a snapshot, or a blob (``source`` is its URL then)."""

    image: ResourceId
    source: ResourceId | str
    os_type: OsType = OsType.LINUX
    generation: Generation = Generation.V1
    zone_resilient: bool = False
    new_group: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateGroup:
    group: ResourceId
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateSnapshot:
    """A full snapshot of a disk or of another snapshot."""

    snapshot: ResourceId
    source: ResourceId
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateMachines:
    """One or ``count`` machines from an image, which brings its data disks along.

    ``machine`` names them: itself when ``count`` is 1, else with 0, 1, ... behind it, as az does. ``public_key`` is a
    line of OpenSSH's; anything else, a private key above all, is never shown. With ``password`` there is no key, and
    each tool asks for the password or names its place. ``subnet`` None: a new network with one subnet, ``network`` by
    name or by the machine's.
    """

    machine: ResourceId
    image: ResourceId
    size: str
    user: str
    os_type: OsType = OsType.LINUX
    password: bool = False
    public_key: str = field(default="", repr=False)
    subnet: ResourceId | None = None
    network: str = ""
    public_address: bool = True
    count: int = 1
    new_group: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportDisk:
    """A disk's or a snapshot's bytes as a VHD in ``file``."""

    source: ResourceId
    file: str
    seconds: int = ACCESS_SECONDS


@dataclass(frozen=True)
class ImportDisk:
    """A fixed VHD in ``file``, ``bytes`` long with its footer, becomes a disk. ``os_type`` None: a data disk."""

    disk: ResourceId
    file: str
    bytes: int
    os_type: OsType | None = None
    generation: Generation = Generation.V1
    sku: str = "Standard_LRS"
    seconds: int = 24 * ACCESS_SECONDS
    new_group: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SetTags:
    """``tags`` are all there are afterwards, on a group or a resource."""

    resource: ResourceId
    tags: Mapping[str, str]


Action = (
    ActOnMachines
    | Delete
    | CaptureImage
    | CreateImage
    | CreateGroup
    | CreateSnapshot
    | CreateMachines
    | ExportDisk
    | ImportDisk
    | SetTags
)
