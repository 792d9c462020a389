"""What work does its work with: the ports, the rules a person may set, and the runner that carries slow work on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from calco.model.catalogue import ImageAlias
from calco.model.document import Document
from calco.model.host import HostView
from calco.model.ids import ResourceId
from calco.model.inspection import Container, Report, Verdict
from calco.model.operation import NOBODY, Cause, Operation
from calco.ports import (
    BaseImages,
    Chance,
    Clock,
    DiskStore,
    Host,
    HostRefused,
    Hypervisor,
    Inspector,
    ProvisioningMedia,
    Records,
    RemoteBlob,
    RemoteBlobs,
    Resource,
    Sealer,
    VirtualNetwork,
    VolumeView,
)
from calco.work.ticket import Tickets

THREE_ZONES = MappingProxyType({"eastus": ("1", "2", "3"), "westeurope": ("1", "2", "3")})


@dataclass(frozen=True)
class Rules:
    """The settings that decide about work. Seconds are wall time."""

    subscription: str
    locations: tuple[str, ...] = ("eastus", "westeurope", "westus")
    provisioning_seconds: float = 2400
    boots_at_once: int = 4
    power_off_grace_seconds: float = 60
    cores_max: int = 2
    memory_mib_max: int = 2048
    public_range: str = "100.64.0.0/16"
    public_ports: tuple[int, ...] = (22,)
    cores_per_region: int = 350
    """How many cores the machines of a region may have together."""
    image_aliases: tuple[ImageAlias, ...] = ()
    """What names of platform images stand for, the first that fits."""
    dns_suffix: str = "cloudapp.azure.com"
    """Behind the label and the region of a public address's full name."""
    trash_days: int = 7
    blob_url: str = "https://localhost:10000"
    """Where this service's blob endpoint answers; an account's address is this, a slash and its name."""
    origins: tuple[str, ...] = ()
    """Where pages of this service's own come from: scheme, host and port, as browsers write them in ``Origin``. Only
    they may use the blob endpoint, and type into consoles, from a browser."""
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(THREE_ZONES))
    """Availability zones by region (``eastus`` has ``1``, ``2``, ``3``); a region that is missing has none."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """What a GiB costs a month, by storage type; for estimates."""
    deployments_at_once: int = 20
    """How many deployments of one managed image may be under way. Source: Azure, "Create a managed image"."""
    strict: bool = False
    """Whether a deployment that waits too long for its turn fails as Azure's does."""
    looks: bool = False
    """Whether disks are looked at unasked, when a machine is generalized or captured. Not where machines are simulated:
    their disks hold nothing."""
    require_generalized: bool = False
    """Whether a capture of what does not look generalized is refused."""
    owner: str = ""
    """The object id of who owns everything here, whatever roles say; empty: whoever calls does, as tests like it."""


class NoHosts:
    """``ports.RemoteBlobs`` where the list of hosts is empty: nothing leaves this machine."""

    def lists(self, uri: str) -> bool:  # noqa: ARG002 - as the port has it
        return False

    def look(self, uri: str) -> RemoteBlob:  # noqa: ARG002
        raise HostRefused("no host is listed")

    def pages(self, blob: RemoteBlob) -> tuple[int, Iterator[tuple[int, bytes]]]:  # noqa: ARG002
        raise HostRefused("no host is listed")


class NoInspector:
    """``ports.Inspector`` where nobody looks at disks: the blob endpoint's process, and tests of other things."""

    def inspect(self, disk: VolumeView, container: Container | None = None) -> Report:  # noqa: ARG002
        return Report(Verdict.UNKNOWN, ("Nobody looks at disks here.",), ended=False)


class NoHost:
    """``ports.Host`` where nobody asks: the blob endpoint's process."""

    def look(self) -> HostView:
        raise NotImplementedError


@dataclass(frozen=True)
class Submitted:
    """What came of asking the API for something: the body it answered and the operation that goes on, if one does."""

    body: Document
    operation: str | None = None


class Front(Protocol):
    """The API itself, as work asks it for what takes many requests: the same rights, locks and rules as for a request
    of ``cloud.cause.caller``. What is refused raises ApiError."""

    def put(self, cloud: "Cloud", id: ResourceId, version: str, body: Document) -> Submitted:
        """Ask for a resource as a PUT does."""

    def get(self, cloud: "Cloud", id: ResourceId, version: str) -> Document:
        """A resource as a GET shows it."""

    def post(self, cloud: "Cloud", id: ResourceId, verb: str, version: str, body: Document) -> Submitted:
        """An action: what it answers at once (``listKeys``), or goes on with (``deallocate``)."""

    def delete(self, cloud: "Cloud", id: ResourceId, version: str) -> Submitted:
        """Ask for a resource's end as a DELETE does; of one that is not there nothing goes on."""


class NoFront:
    """``Front`` where there is no API: the blob endpoint's process."""

    def put(self, cloud: "Cloud", id: ResourceId, version: str, body: Document) -> Submitted:
        raise NotImplementedError

    def get(self, cloud: "Cloud", id: ResourceId, version: str) -> Document:
        raise NotImplementedError

    def post(self, cloud: "Cloud", id: ResourceId, verb: str, version: str, body: Document) -> Submitted:
        raise NotImplementedError

    def delete(self, cloud: "Cloud", id: ResourceId, version: str) -> Submitted:
        raise NotImplementedError


@dataclass(frozen=True)
class Cloud:
    """One service's world. ``accepted`` tells the runner of a committed operation; ``wake`` that one may go on."""

    records: Records
    disks: DiskStore
    hypervisor: Hypervisor
    networks: VirtualNetwork
    media: ProvisioningMedia
    base_images: BaseImages
    clock: Clock
    chance: Chance
    rules: Rules
    accepted: Callable[[str], None]
    wake: Callable[[str], None]
    sealer: Sealer
    remote_blobs: RemoteBlobs = field(default_factory=NoHosts)
    inspector: Inspector = field(default_factory=NoInspector)
    front: Front = field(default_factory=NoFront)
    tickets: Tickets = field(default_factory=Tickets)
    """To serial consoles; of this process alone."""
    host: Host = field(default_factory=NoHost)
    trial: bool = False
    """Whether nothing of what is asked for will be kept: then there is nothing to tell anybody."""
    cause: Cause = NOBODY
    """Why this cloud is asked for something: whoever hands it on says so with ``replace``."""


@dataclass(frozen=True)
class Accepted:
    """The answer to a request that changes things: the resource as it stands now, the operation that goes on (None when
    all is done already), and whether the resource is new."""

    resource: Resource | None
    operation: Operation | None
    created: bool = False
