"""Blobs: where a URI leads in this service's own storage accounts, and what other nouns need of what is there.

A page blob is a flat volume, and so is the lowest volume of a disk: an image, disk or snapshot from a blob holds the
blob's own volume, and no byte is copied. What is known of a blob is a resource; its pages are in the file alone, whose
time of change is the blob's, so that writing a page changes no record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from calco.model import blob as model
from calco.model import lease as leases
from calco.model import storage_account as account_model
from calco.model.blob import BlobType, Use
from calco.model.conditions import Version
from calco.model.document import Document, number_at, object_at, text_at
from calco.model.ids import ResourceId
from calco.model.vhd import DATA_DISK_MAX_BYTES, FOOTER_BYTES, guest_bytes_of
from calco.model.volume import Volume, VolumeId
from calco.ports import Reader, Resource, Writer
from calco.work.cloud import Cloud
from calco.work.common import found, with_properties

KIND = f"{account_model.KIND}/blobServices/containers/blobs"
CONTAINER_KIND = f"{account_model.KIND}/blobServices/containers"
SLOT = "blob"
PUBLIC_SUFFIX = ".blob.core.windows.net"


@dataclass(frozen=True)
class Blob:
    """A blob as other nouns need it. ``uri`` is its address here; ``length`` is that of the whole blob, a VHD's footer
    included."""

    id: ResourceId
    uri: str
    volume: VolumeId
    length: int
    is_page: bool


@dataclass(frozen=True)
class Vhd:
    """A page blob that is a fixed VHD; ``guest_bytes``: without its footer."""

    blob: Blob
    guest_bytes: int


@dataclass(frozen=True)
class Place:
    """Where a URI points: names only, none of which need exist."""

    account: str
    container: str
    name: str


# --- names and ids ---------------------------------------------------------------------------------------------------


def account_note(name: str) -> str:
    """The note that leads from an account's name to its id."""
    return f"storage/{name.lower()}"


def account_id(view: Reader, name: str) -> ResourceId | None:
    """The account of that name, in whichever group; one look-up."""
    known = view.note(account_note(name))
    return None if known is None else ResourceId.parse(known)


def account(view: Reader, id: ResourceId) -> Resource:
    """The account's record. Raises ApiError 404 in Azure's words."""
    return found(view, id)


def container_id(account: ResourceId, name: str) -> ResourceId:
    return account.child("blobServices", "default").child("containers", name)


def blob_id(container: ResourceId, name: str) -> ResourceId:
    return container.child("blobs", model.key_of(name))


def uri_of(cloud: Cloud, id: ResourceId) -> str:
    """A blob's address at this service's endpoint."""
    account, _, container, key = id.names
    return f"{cloud.rules.blob_url}/{account}/{container}/{model.name_of(key)}"


# --- where a URI leads -----------------------------------------------------------------------------------------------


def is_ours(view: Reader, cloud: Cloud, uri: str) -> bool:
    """Whether ``uri`` is an address of this service's endpoint, or Azure's own of an account that exists here."""
    place = place_of(cloud, uri)
    if place is None:
        return False
    at_endpoint = not (urlsplit(uri).hostname or "").lower().endswith(PUBLIC_SUFFIX)
    return at_endpoint or account_id(view, place.account) is not None


def find(view: Reader, cloud: Cloud, uri: str) -> Blob | None:
    """The blob at ``uri``; None when there is none, or the address is not ours. No name is ever looked up."""
    place = place_of(cloud, uri)
    account = None if place is None else account_id(view, place.account)
    if place is None or account is None:
        return None
    return at(view, cloud, blob_id(container_id(account, place.container), place.name))


def at(view: Reader, cloud: Cloud, id: ResourceId) -> Blob | None:
    """The blob of that id, if there is one with content."""
    resource = view.resource(id)
    held = view.held(id).get(SLOT)
    row = None if held is None else view.volume(held)
    if resource is None or row is None:
        return None
    return Blob(resource.id, uri_of(cloud, resource.id), row.id, row.size_bytes, is_page(resource))


def is_page(blob: Resource) -> bool:
    return text_at(blob.properties, "blobType") == BlobType.PAGE


def place_of(cloud: Cloud, uri: str) -> Place | None:
    """What ``uri`` names, when its host may be ours: ``https://localhost:PORT/account/container/blob``,
    ``account.blob.anything:PORT`` or ``account.blob.core.windows.net``. The query (a SAS) does not count."""
    try:
        parts = urlsplit(uri)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    path = unquote(parts.path, errors="replace").lstrip("/")
    if host.endswith(PUBLIC_SUFFIX) and port in (None, 443, 80):
        account = host.removesuffix(PUBLIC_SUFFIX)
    elif port != urlsplit(cloud.rules.blob_url).port:
        return None
    elif ".blob." in host:
        account = host.partition(".")[0]
    elif _is_this_machine(cloud, host):
        account, _, path = path.partition("/")
    else:
        return None
    container, _, name = path.partition("/")
    well_named = account_model.is_name(account) and model.is_container_name(container) and model.is_blob_name(name)
    return Place(account, container, name) if well_named else None


def _is_this_machine(cloud: Cloud, host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1", urlsplit(cloud.rules.blob_url).hostname)


# --- blobs as disks --------------------------------------------------------------------------------------------------


def vhd(
    cloud: Cloud, view: Reader, uri: str, *, disk: str, use: Use = Use.DISK, max_bytes: int = DATA_DISK_MAX_BYTES
) -> Vhd:
    """The fixed VHD at ``uri``, its footer read and checked. Costs one read of 512 bytes.

    ``disk`` is the name by which a refusal calls it, ``use`` what the caller makes of it. Raises ApiError: there is no
    such blob, it is a block blob, or it is no VHD that Azure would take.
    """
    found = find(view, cloud, uri)
    if found is None:
        raise model.vhd_not_found(use, uri, disk)
    if not found.is_page:
        raise model.not_a_page_blob(use, uri)
    raw = b""
    if found.length >= FOOTER_BYTES:
        with cloud.disks.view(found.volume) as content:
            raw = content.read(found.length - FOOTER_BYTES, FOOTER_BYTES)
    return Vhd(found, guest_bytes_of(raw, found.length, disk, uri, max_bytes=max_bytes))


def create_page_blob(cloud: Cloud, tx: Writer, uri: str, volume: Volume) -> Resource:
    """A page blob at ``uri`` that holds ``volume``, whose file is there; its container is made when it is missing, as
    Compute makes it for a machine's disks. Raises ApiError: not ours, or a blob is there already."""
    place = place_of(cloud, uri)
    account = None if place is None else account_id(tx, place.account)
    home = None if account is None else tx.resource(account)
    if place is None:
        raise model.not_a_blob_uri(uri)
    if home is None:
        raise account_model.not_found(place.account)
    container = container_id(home.id, place.container)
    if tx.resource(container) is None:
        tx.put(new_container(cloud, container, home.location))
    id = blob_id(container, place.name)
    if tx.resource(id) is not None:
        raise model.blob_exists()
    made = new(cloud, id, home.location, BlobType.PAGE, content={"contentType": "application/octet-stream"})
    tx.put_volume(volume)
    tx.put(made)
    tx.hold(id, SLOT, volume.id)
    return made


def new_container(cloud: Cloud, id: ResourceId, location: str, metadata: Mapping[str, str] | None = None) -> Resource:
    """A container's record."""
    return Resource(id, location, {"metadata": dict(metadata or {}), "changed": now_ns(cloud)})


def container_version(container: Resource) -> Version:
    """A container changes when its record does; its blobs are another matter."""
    changed = number_at(container.properties, "changed") or 0
    return Version(f'"0x{changed:X}"', changed // 1_000_000_000)


def new(
    cloud: Cloud,
    id: ResourceId,
    location: str,
    type: BlobType,
    *,
    content: Document,
    metadata: Mapping[str, str] | None = None,
) -> Resource:
    """A blob's record. ``content`` has the headers that are answered as they were given (``contentType``...)."""
    now = now_ns(cloud)
    properties: Document = {
        "name": model.name_of(id.name),
        "blobType": type.value,
        "content": content,
        "metadata": dict(metadata or {}),
        "created": now,
        "changed": now,
    }
    if type is BlobType.PAGE:
        properties["sequenceNumber"] = 0
    return Resource(id, location, properties)


def now_ns(cloud: Cloud) -> int:
    """The service's clock in nanoseconds since 1970: the unit of file times."""
    return int(cloud.clock.now().timestamp() * 1_000_000) * 1000


# --- a machine's lease -----------------------------------------------------------------------------------------------


def lease_to(cloud: Cloud, tx: Writer, blob: ResourceId, owner: ResourceId) -> None:
    """``owner`` (a virtual machine) has the blob for itself until ``release_from``; repeating it changes nothing.

    Raises ApiError: there is no such blob, or somebody else has a lease on it.
    """
    resource = tx.resource(blob)
    if resource is None:
        raise model.blob_not_found()
    held = leases.read(object_at(resource.properties, "lease"))
    if held.owner is not None and held.owner.lower() == owner.key:
        return
    if held.status_at(now_ns(cloud)) == "locked":
        raise leases.already_present()
    tx.put(with_properties(resource, {"lease": leases.write(leases.of_machine(str(owner)))}))


def release_from(tx: Writer, blob: ResourceId, owner: ResourceId) -> None:
    """Undo ``lease_to``; absent, or another's, is fine."""
    resource = tx.resource(blob)
    if resource is None or (owner_of(resource) or "").lower() != owner.key:
        return
    tx.put(with_properties(resource, {"lease": None}))


def owner_of(blob: Resource) -> str | None:
    """The id of the machine that has the blob as a disk."""
    return leases.read(object_at(blob.properties, "lease")).owner
