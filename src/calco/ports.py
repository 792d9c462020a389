"""What the work needs of the world. Each protocol states its cost, its failures and what repeating it means.

Drivers implement these; ``service`` plugs them together; ``work`` knows nothing else of them.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from calco.model.disk import OsType
from calco.model.document import Document
from calco.model.guest import Guest, Provisioning, Report
from calco.model.ids import ResourceId
from calco.model.machine import Drive, Generation, Link, Machine, MachineState
from calco.model.operation import Cause, Failure, NewOperation, Operation, OperationEnd, StepEvent
from calco.model.run_command import Ran, Script
from calco.model.subnet import Port, Subnet
from calco.model.volume import Volume, VolumeId


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def now(self) -> datetime:
        """UTC, aware."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class Chance(Protocol):
    """Randomness, injected so that tests can repeat it."""

    def guid(self) -> str:
        """A new random GUID in lower case."""

    def token(self, bytes: int) -> str:
        """URL-safe text of that many random bytes."""


# --- records ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """What is kept of things that are no resource of a group: role assignments, locks, users. ``id`` is unique in any
    case and keeps its first casing. ``scope`` is the ARM scope it hangs on, without which it goes (a subscription's,
    group's or resource's id; empty: nothing's); ``subject`` is what else it is looked up by, a principal's object id
    say. Kind and scope come back in lower case: what is shown of them belongs into the document."""

    id: str
    kind: str
    scope: str
    document: Document
    subject: str = ""


@dataclass(frozen=True)
class Event:
    """Something that was done at once, or refused: what leaves no operation behind. ``resource`` is the scope it was
    asked of, ``failure`` why it was refused with HTTP ``status``."""

    at: datetime
    resource: str
    cause: Cause
    status: int
    failure: Failure | None = None


@dataclass(frozen=True)
class Resource:
    """One resource as it is kept. ``properties`` and the other top-level members are what clients see; ``internal`` is
    ours alone (volume names, MAC addresses, secrets until they are used) and is never shown."""

    id: ResourceId
    location: str
    properties: Document
    tags: Mapping[str, str] | None = None
    internal: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)
    """Other top-level members: ``sku``, ``zones``, ``identity``, ``plan``, ``managedBy``..."""


class Reader(Protocol):
    """One consistent view of the records. Single look-ups cost microseconds; lists are O(result)."""

    def resource(self, id: ResourceId) -> Resource | None: ...

    def resources(self, kind: str, *, group: ResourceId | None = None) -> list[Resource]:
        """All resources of a type (``Microsoft.Compute/images``, any case), in order of creation."""

    def tally(self, kind: str, *path: str) -> Mapping[tuple[str, str], int]:
        """How many resources of a type there are by location and by the text at ``path`` in their properties; those
        that have none there are left out. Microseconds a resource: none is brought out of the records."""

    def in_group(self, group: ResourceId) -> list[Resource]:
        """Every resource in the group, in order of creation; the group itself is not among them."""

    def children(self, parent: ResourceId) -> list[Resource]:
        """Resources nested in ``parent``, at any depth."""

    def volume(self, id: VolumeId) -> Volume | None: ...

    def volumes(self) -> list[Volume]: ...

    def held(self, holder: ResourceId) -> dict[str, VolumeId]:
        """Which volumes ``holder`` uses, by slot (``os``, ``0``, ``disk``...)."""

    def holders(self, volume: VolumeId) -> list[tuple[ResourceId, str]]:
        """Who uses ``volume`` directly; volumes over it are not counted here: see ``is_used``."""

    def is_used(self, volume: VolumeId) -> bool:
        """Whether any resource holds ``volume`` or any volume lies over it. Counted by query, never stored."""

    def operation(self, id: str) -> Operation | None: ...

    def claims(self, key: ResourceId) -> list[str]:
        """Unfinished operations that claim ``key``, oldest first."""

    def is_claimed_alone(self, key: ResourceId) -> bool:
        """Whether an unfinished operation claims ``key`` for itself alone."""

    def line(self, queue: str) -> list[str]:
        """The operations that stand in ``queue``, in the order they were accepted; O(result)."""

    def steps(self, operation: str) -> list[tuple[str, StepEvent]]:
        """The operation's log, oldest first."""

    def unfinished(self) -> list[Operation]:
        """Operations that have not ended, in the order they were accepted."""

    def asked_by(self, operation: str) -> list[Operation]:
        """Operations that another one asked for (``Cause.parent``), in the order they were accepted."""

    def operations_between(self, since: datetime, until: datetime) -> list[Operation]:
        """Operations that somebody asked for and that were accepted or ended in that time, newest first; O(result)."""

    def events_between(self, since: datetime, until: datetime) -> list[Event]:
        """Events of that time, newest first; O(result)."""

    def entry(self, id: str) -> Entry | None:
        """The entry of that id in any case."""

    def entries(self, kind: str, *, subject: str | None = None) -> list[Entry]:
        """Entries of a kind (in any case), all or those about ``subject`` (its exact spelling), oldest first."""

    def entries_on(self, scope: str) -> list[Entry]:
        """Entries of any kind that hang on that very scope, oldest first."""

    def entries_below(self, scope: str) -> list[Entry]:
        """Entries of any kind that hang on what lies below that scope, oldest first."""

    def note(self, name: str) -> str | None:
        """A small fact kept beside the resources: allocated ports, the schema's version, keys' ids."""


class Writer(Reader, Protocol):
    """A view that may change things. Everything becomes durable together when the block ends, or nothing does."""

    def put(self, resource: Resource) -> None:
        """Create or replace by id. A replaced resource keeps the casing of its first id and its place in lists."""

    def delete(self, id: ResourceId) -> None:
        """Forget a resource, what it holds, and the entries on and below it; absent is fine."""

    def put_volume(self, volume: Volume) -> None: ...

    def delete_volume(self, id: VolumeId) -> None:
        """Forget a volume's row; absent is fine. The file is another matter: row first, then file."""

    def hold(self, holder: ResourceId, slot: str, volume: VolumeId) -> None:
        """Record that ``holder`` uses ``volume``; replaces what the slot held."""

    def release(self, holder: ResourceId, slot: str | None = None) -> None:
        """Undo ``hold`` for one slot, or for all of them; absent is fine."""

    def accept(self, operation: NewOperation) -> Operation:
        """Write a new operation, give it the next sequence number and record its claims."""

    def log(self, operation: str, step: str, event: StepEvent) -> None:
        """Append to the operation's log."""

    def progress(self, operation: str, document: Document) -> None:
        """Replace what the operation keeps for itself between steps (never secrets)."""

    def end(self, operation: str, end: OperationEnd) -> None:
        """Close the operation and drop its claims and places."""

    def take_place(self, queue: str, operation: str, limit: int) -> bool:
        """Stand in ``queue`` and answer whether the operation is among the first ``limit`` by acceptance that have not
        left. Repeating it changes nothing."""

    def leave_place(self, queue: str, operation: str) -> None:
        """Leave ``queue``; absent is fine."""

    def put_note(self, name: str, value: str | None) -> None: ...

    def put_entry(self, entry: Entry) -> None:
        """Create or replace by id; a replaced entry keeps its place and its first casing."""

    def delete_entry(self, id: str) -> None:
        """Forget an entry; absent is fine."""

    def tell(self, event: Event) -> None:
        """Add to the log of events."""


class Records(Protocol):
    """All that is known, durable: a committed write survives kill -9 and power loss (one fsync each)."""

    def read(self) -> AbstractContextManager[Reader]: ...

    def write(self) -> AbstractContextManager[Writer]: ...


class Sealer(Protocol):
    """Keeps secrets out of the records: what is sealed may lie anywhere. A seal costs microseconds."""

    def seal(self, text: str) -> str:
        """The text, readable by ``unseal`` of this data directory alone; never twice the same."""

    def unseal(self, sealed: str) -> str:
        """What was sealed. Raises ValueError for anything else."""


# --- volumes ---------------------------------------------------------------------------------------------------------


class StoreFull(Exception):
    """No room for a volume; what was begun may half exist until ``delete``."""


class PoolGone(Exception):
    """The storage pool that was asked for, or one that a volume lies over, is not there; ``pools`` names it, or those
    that it may be."""

    def __init__(self, said: str, *pools: str) -> None:
        super().__init__(said)
        self.pools = pools


class VolumeFrozen(Exception):
    """A flat volume that was to be written is frozen."""


@dataclass(frozen=True)
class Extent:
    """A range of bytes that holds data; what no extent names reads as zeros."""

    offset: int
    length: int


class VolumeView(Protocol):
    """The bytes of one volume, what lies below included, as one reads them now. Not for several threads at once."""

    size_bytes: int
    """Of a qcow2 volume what the guest sees, of a flat one the length of its file."""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly those bytes. Raises ValueError outside the volume, OSError when they cannot be read."""

    def extents(self, offset: int, length: int) -> Iterator[Extent]:
        """Where that range holds data, in order, each extent within it; O(metadata)."""


class DiskStore(Protocol):
    """Copy-on-write volumes. Every method may be repeated with the same arguments and then does nothing more.

    When a method that makes something returns, it is on disk: file and folder are fsynced. Volumes lie in pools that
    may be gone one by one; what has to do with a pool that is gone raises PoolGone, everything else goes on.
    """

    def create(self, volume: Volume) -> None:
        """Make an empty volume (flat: all zeros), or an overlay when ``volume.backing`` is set; O(metadata). Raises
        StoreFull, PoolGone."""

    def copy(self, volume: Volume, source: VolumeId, moved: Callable[[int, int], None]) -> None:
        """Make ``volume`` a whole copy of ``source`` and everything below it, in the format and pool of ``volume``;
        O(data), by reflink where it can be. qcow2 to flat ends with a VHD footer, flat to qcow2 leaves that out.
        ``moved`` hears bytes done and bytes in all, and may raise to stop. Raises StoreFull, PoolGone."""

    def view(self, volume: VolumeId) -> AbstractContextManager[VolumeView]:
        """Read the bytes of a volume that nobody writes (flat ones may be written meanwhile); nothing is copied. For a
        qcow2 volume it costs a process while it is open. Raises FileNotFoundError, PoolGone."""

    def write(self, volume: VolumeId, offset: int, data: bytes | memoryview) -> None:
        """Write into a flat volume; on disk when it returns. Raises VolumeFrozen, ValueError outside it, StoreFull."""

    def clear(self, volume: VolumeId, offset: int, length: int) -> None:
        """Make a range of a flat volume zeros and give its room back. Raises VolumeFrozen, ValueError outside it."""

    def thaw(self, volume: VolumeId) -> None:
        """Undo ``freeze`` for a volume whose row never said frozen; absent is fine."""

    def pools(self) -> set[str]:
        """The pools that are there: the regional one always, a zone's from the first thing that was made in it."""

    def receive(self, volume: Volume, pages: Iterable[tuple[int, bytes]]) -> None:
        """Make a flat volume of ``pages``, each an offset and the bytes there, zeros elsewhere. What they raise ends
        it, and nothing is there then. Raises StoreFull, PoolGone, ValueError for a page outside the volume."""

    def import_base(self, volume: Volume, source: Path, format: str) -> None:
        """Make ``volume`` from an image file of a stated format (``qcow2``, ``raw``); hard-linked where it can be,
        else copied, O(data)."""

    def grow(self, volume: VolumeId, size_bytes: int) -> None:
        """Make what the guest sees larger (of a flat volume the file); O(metadata). Never shrinks."""

    def freeze(self, volume: VolumeId) -> None:
        """Take write permission off the file, a second lock beside the row; absent is fine. When it returns no
        ``write`` or ``clear`` of it is under way and none will begin until ``thaw``."""

    def sync(self, volume: VolumeId) -> None:
        """fsync the volume: called when its last writer has closed it."""

    def delete(self, volume: VolumeId) -> None:
        """Drop the file; absent is fine."""

    def trash(self, volume: VolumeId) -> None:
        """Move the file to the trash, where it is kept for a while; absent is fine."""

    def empty_trash(self, older_than: datetime) -> list[VolumeId]:
        """Remove what was moved to the trash before then; answers what went."""

    def volumes(self) -> set[VolumeId]:
        """Every volume that has a file here, half-made ones included."""

    def path(self, volume: VolumeId) -> Path:
        """Where the file is, for QEMU."""

    def used_bytes(self, volume: VolumeId) -> int:
        """Bytes the file takes on disk; 0 when absent."""


@dataclass(frozen=True)
class RemoteBlob:
    """A page blob of another host, as it was when it was looked at."""

    uri: str
    length: int
    etag: str
    footer: bytes
    """Its last 512 bytes, fewer when it is shorter."""


class NoRemoteBlob(Exception):
    """A remote blob cannot be had: one of the kinds below. Says why; names no secret."""


class HostRefused(NoRemoteBlob):
    """A URI's host is not on the list, or its address is one that the list does not open."""


class BlobAbsent(NoRemoteBlob):
    """The host has no such blob."""


class BlobOfOtherType(NoRemoteBlob):
    """The blob is no page blob; the message is its type."""


class BlobUnreadable(NoRemoteBlob):
    """The host did not answer as a blob endpoint does, or not at all."""


class RemoteBlobs(Protocol):
    """Page blobs of other hosts, read only where a list names the host. All raise NoRemoteBlob."""

    def lists(self, uri: str) -> bool:
        """Whether the list names the URI's host and port; nothing is looked up."""

    def look(self, uri: str) -> RemoteBlob:
        """Two requests, no content but the footer."""

    def pages(self, blob: RemoteBlob) -> tuple[int, Iterator[tuple[int, bytes]]]:
        """How many bytes its page ranges hold, and those, in order, in pieces; nothing else is transferred. Raises
        BlobUnreadable too when the blob is not what ``look`` saw any more."""


# --- machines --------------------------------------------------------------------------------------------------------


class NoRoom(Exception):
    """The host cannot run another machine of that size."""


class NoGuestAgent(Exception):
    """Nothing in the guest takes commands from outside now: no agent is installed, it does not run yet or any more, or
    it does not do what it was asked. Says why."""


class RunLost(Exception):
    """A script that was handed to a guest may have run, and nobody can say how far it came."""


class Hypervisor(Protocol):
    """Runs machines. They outlive the service; nothing here relies on remembered events, only on asking.

    Every method may be repeated with the same arguments.
    """

    def start(self, machine: Machine) -> None:
        """Power on; returns when firmware runs. A machine of that vm_id that already runs is left alone, one that
        stands shut down or crashed is replaced. Raises NoRoom, ToolFailed."""

    def stop(self, vm_id: str, *, grace_seconds: float) -> None:
        """Power off: ask the guest, wait up to ``grace_seconds``, then pull the plug. When it returns the process is
        gone and its drives are closed. Absent is fine."""

    def reset(self, vm_id: str) -> None:
        """Press the reset button; a shut-down guest boots again."""

    def state(self, vm_id: str) -> MachineState: ...

    def plug(self, vm_id: str, drive: Drive) -> None:
        """Give a running machine one more data disk, at once; one that is absent or has it is left alone. Raises
        ToolFailed when QEMU refuses."""

    def unplug(self, vm_id: str, lun: int) -> None:
        """Take a data disk away from a running machine; when it returns the volume's file is closed. Absent is fine.
        Raises ToolFailed when the guest does not let go in time."""

    def switch(self, vm_id: str, drive: Drive) -> None:
        """Let the running machine write ``drive.volume`` from now on, an overlay that was made over the volume it has
        written at that LUN so far. All disks of the guest go on meanwhile; what was written before is in the old
        volume. Absent is fine. Raises ToolFailed."""

    def writes(self, vm_id: str) -> Mapping[int | None, VolumeId]:
        """Which volume each drive of a machine writes now, by LUN, asked of the machine itself; empty when absent."""

    def machines(self) -> set[str]:
        """vm_ids of every machine with a process or a run directory here."""

    def forget(self, vm_id: str) -> None:
        """Remove console log and run files of a machine that is absent; absent is fine."""

    def guest_boot(self, vm_id: str) -> str:
        """Which boot of its system a machine's guest lives in: a GUID, another one after each. Asks an agent in the
        guest: some 10 ms, seconds when nobody answers. Raises NoGuestAgent."""

    def run(self, vm_id: str, boot: str, script: Script) -> Ran | None:
        """Run the script in the guest, as root; None while it runs, so it is asked for again until it has ended. A run
        of one id is begun once, in that boot or not at all. Costs as ``guest_boot``. Raises NoGuestAgent, then it may
        have begun; RunLost."""

    def forget_run(self, vm_id: str, id: str) -> None:
        """Take away what the guest keeps of a run that has ended; absent is fine. Raises NoGuestAgent."""

    def console_log(self, vm_id: str) -> bytes:
        """What the serial console printed (the last MiB); empty when there is none."""

    def screenshot(self, vm_id: str) -> bytes | None:
        """The screen as PNG; None when the machine has no screen now."""


@dataclass(frozen=True)
class NetworkCapabilities:
    """What one network driver can do and another cannot.

    ``waagent``: the guest gets the route and DHCP options waagent looks for; without them only cloud-init is satisfied.
    ``between_machines``: machines of one network reach each other. ``routed_addresses``: ``publish`` may be given an
    address that is not a loopback one, and then nothing is bound on this machine.
    """

    waagent: bool
    between_machines: bool
    routed_addresses: bool


@dataclass(frozen=True)
class FabricSocket:
    """A listening socket at which guests of one network ask the fabric. Whoever is given it closes it.

    ``service`` is ``imds``, ``wireserver`` or ``hostplugin``. ``caller`` is the private address of the only guest that
    can reach this socket; None when the source address of each connection says who is asking.
    """

    service: str
    socket: socket.socket
    caller: str | None


class FabricSockets(Protocol):
    """Where the fabric's services listen. Guests that ask while the service is away wait."""

    def listeners(self, network: str) -> Sequence[FabricSocket]:
        """All that there are now: ask again after each ``plug``, for a driver may have one set for each machine.
        Duplicates: closing them ends nothing. Raises OSError when the network is not open."""


class VirtualNetwork(Protocol):
    """Virtual networks as this machine can make them. They outlive the service.

    ``network`` is a virtual network's GUID. Every method may be repeated with the same arguments. All raise ToolFailed
    or OSError when this machine does not let them; what was begun is then taken back.
    """

    @property
    def capabilities(self) -> NetworkCapabilities: ...

    def open(self, network: str, subnets: Sequence[Subnet]) -> None:
        """Make the network and its subnets exist; a subnet that is new is added, one that is gone is removed."""

    def close(self, network: str) -> None:
        """End the network; absent is fine."""

    def networks(self) -> set[str]: ...

    def plug(self, port: Port) -> Link:
        """Give the NIC its place: tap, DHCP lease, guarded address. Answers how QEMU reaches it."""

    def unplug(self, port: Port) -> None:
        """Take the NIC's place away; absent is fine."""

    def dial(self, port: Port, tcp_port: int, *, timeout_seconds: float) -> socket.socket:
        """A connection from this machine to the guest's ``tcp_port``. Raises OSError."""

    def publish(self, port: Port, address: str, tcp_ports: Sequence[int]) -> Mapping[int, tuple[str, int]]:
        """Make ``address`` reach the NIC from this machine where it can; answers for each TCP port the (host, port)
        where it really answers."""

    def unpublish(self, address: str) -> None:
        """Undo ``publish``; absent is fine."""


class ProvisioningMedia(Protocol):
    """The DVD on which a guest finds its ovf-env.xml. 0600; O(1 MB)."""

    @property
    def provisions(self) -> frozenset[OsType]:
        """The systems whose guests it can set up."""

    def make(self, vm_id: str, provisioning: Provisioning) -> Path: ...

    def delete(self, vm_id: str) -> None:
        """Absent is fine."""


class GuestDirectory(Protocol):
    """Tells the metadata service who is asking, and hears what guests report. Implemented by ``work``."""

    def who(self, network: str, address: str) -> Guest | None:
        """The machine that has ``address`` in ``network``; None for a stranger."""

    def heard(self, vm_id: str, report: Report) -> None:
        """A guest reported its health. Durable when it returns."""


class BaseImages(Protocol):
    """The platform images this machine has or can build. A URN's version is ``latest`` or what ``version`` tells."""

    def names(self) -> Sequence[str]:
        """``publisher:offer:sku`` of each, in Azure's spelling."""

    def version(self, urn: str) -> str | None:
        """The version that ``latest`` stands for; None when there is none here yet, or never will be."""

    def path(self, urn: str) -> tuple[Path, str] | None:
        """File and format (``qcow2``) of ``publisher:offer:sku:version``; None when it is not built here."""

    def size_bytes(self, urn: str) -> int | None:
        """Virtual size of the image, None when the URN is unknown."""

    def generation(self, urn: str) -> Generation | None:
        """The firmware that Azure sells the image for, None when the URN is unknown."""
