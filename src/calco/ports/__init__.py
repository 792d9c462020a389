"""What the work needs of the world. Each protocol states its cost, its failures and what repeating it means.

Drivers implement these; ``service`` plugs them together; ``work`` knows nothing else of them. The files here are for
readers: everybody imports from this package.
"""

from calco.ports.disks import (
    Beginning,
    BlobAbsent,
    BlobOfOtherType,
    BlobUnreadable,
    DiskStore,
    Extent,
    HostRefused,
    NoRemoteBlob,
    PoolGone,
    RemoteBlob,
    RemoteBlobs,
    StoreFull,
    VolumeFrozen,
    VolumeView,
)
from calco.ports.inspection import Inspector
from calco.ports.machines import (
    BaseImages,
    FabricSocket,
    FabricSockets,
    GuestDirectory,
    Hypervisor,
    NetworkCapabilities,
    NoGuestAgent,
    NoRoom,
    ProvisioningMedia,
    RunLost,
    VirtualNetwork,
)
from calco.ports.records import Entry, Event, Logged, Reader, Records, Resource, Writer
from calco.ports.world import Chance, Clock, Host, Sealer

__all__ = [
    "BaseImages",
    "Beginning",
    "BlobAbsent",
    "BlobOfOtherType",
    "BlobUnreadable",
    "Chance",
    "Clock",
    "DiskStore",
    "Entry",
    "Event",
    "Extent",
    "FabricSocket",
    "FabricSockets",
    "GuestDirectory",
    "Host",
    "HostRefused",
    "Hypervisor",
    "Inspector",
    "Logged",
    "NetworkCapabilities",
    "NoGuestAgent",
    "NoRemoteBlob",
    "NoRoom",
    "PoolGone",
    "ProvisioningMedia",
    "Reader",
    "Records",
    "RemoteBlob",
    "RemoteBlobs",
    "Resource",
    "RunLost",
    "Sealer",
    "StoreFull",
    "VirtualNetwork",
    "VolumeFrozen",
    "VolumeView",
    "Writer",
]
