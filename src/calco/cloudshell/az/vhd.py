"""Add-AzVhd: a virtual hard disk of one's own becomes a page blob, or a managed disk without a blob on the way.
Save-AzVhd: a page blob, or what is behind a signed URL to a disk, becomes a file.

Azure takes fixed VHDs that are a whole number of MiB and a footer: whatever the file is, that is what is sent, and of
it only what holds something. Source: Microsoft Learn, Add-AzVhd; Azure, "Upload a VHD to a managed disk".
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from calco.cloudshell import reach
from calco.cloudshell.api import Refused, Unreachable
from calco.cloudshell.az.answer import change
from calco.cloudshell.az.blob_place import BlobPlace
from calco.cloudshell.az.declaration import Takes, cmdlet, mandatory, optional, switch
from calco.cloudshell.az.storage_access import (
    ACCOUNTS,
    StorageAccess,
    ask,
    endpoint_of,
    from_account,
    opened,
    resource,
    told,
)
from calco.cloudshell.az.storage_blob import fetch, progress
from calco.cloudshell.az.target import argument, group_path, path, subscription
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, text_at
from calco.model.vhd import FOOTER_BYTES, footer
from calco.page_transfer import SECTOR, Content, PageBlob, upload
from calco.signed_url import BlobFailure

CONTEXT = "Microsoft.Azure.Commands.Compute.Models.VhdUploadContext"
SAVED = "Microsoft.Azure.Commands.Compute.Models.VhdDownloadContext"
_TO_BLOB, _TO_DISK = "DefaultParameterSet", "DirectUploadToManagedDiskSet"
_PUBLIC_SUFFIX = ".blob.core.windows.net"
"""Scripts write their account's address so; it is the same account here, and nobody else is asked."""
_MIB = 1024 * 1024
_DISK_MIN_BYTES = 20 * _MIB
"""Azure takes no smaller upload of a disk; a smaller one gets zeros behind it."""
_ACCESS_SECONDS = 24 * 3600
_DISKS = "Microsoft.Compute/disks"


def _add(call: Call) -> Iterable[Value]:
    files, file = reach.files(call.shell), call.text("LocalFilePath")
    with told(), files.disk(file) as content:
        address = _to_disk(call, content) if call.set == _TO_DISK else _to_blob(call, content)
        yield Record.of(CONTEXT, {"LocalFilePath": files.full_name(file), "DestinationUri": address})


# --- to a blob -------------------------------------------------------------------------------------------------------


def _to_blob(call: Call, content: Content) -> str:
    """The blob's address."""
    target = _place(call, "Destination")
    guest = content.size_bytes if call.switch("SkipResizing") else _whole(content.size_bytes, _MIB)
    with opened(call, target.access, target.container, target.blob) as found:
        blob = PageBlob(found)
        if not call.switch("OverWrite") and _is_there(blob):
            raise argument(f"There is a blob {target.url} already: give -OverWrite to replace it.")
        if target.access.key is not None:
            _make_container(call, target)
        blob.create(_whole(guest, SECTOR) + FOOTER_BYTES)
        _send(call, blob, content, _whole(guest, SECTOR), call.shell.chance.guid())
    return target.url


def _is_there(blob: PageBlob) -> bool:
    try:
        blob.length()
    except BlobFailure as failed:
        if failed.status == 404:
            return False
        raise
    return True


def _make_container(call: Call, target: BlobPlace) -> None:
    """Where there is none yet. Source: Azure/azure-powershell, CloudPageBlobObjectFactory.CreateContainer."""
    try:
        ask(call, target.access, "PUT", target.container, more="&restype=container", data=b"")
    except Refused as refused:
        if refused.code != "ContainerAlreadyExists":
            raise


def _place(call: Call, parameter: str) -> BlobPlace:
    """The account in an address, by path or by host name, and what lies in it. Raises Terminating.

    No other host is ever asked: an address that is no account's is refused.
    """
    given, api = call.text(parameter), call.shell.api
    scope = group_path(api, call.text("ResourceGroupName")) if call.given("ResourceGroupName") else subscription(api)
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise argument(f"'{given[:200]}' is not an address.") from None
    for account in api.list(f"{scope}/providers/{ACCOUNTS}"):
        below = _below(given, account)
        container, _, blob = (below or "").partition("/")
        if container and blob:
            access = from_account(call, account)
            if parts.query:
                access = StorageAccess(access.account, access.endpoint, token=parts.query)
            return BlobPlace(access, unquote(container), unquote(blob))
    raise argument(
        f"'{given.partition('?')[0][:200]}' is not the address of a blob in a storage account that you may read: it is "
        "the account's blob endpoint, then the container, then the blob's name."
    )


def _below(address: str, account: Document) -> str | None:
    """What stands behind the account in the address; None when the account is not in it."""
    parts, endpoint = urlsplit(address), urlsplit(endpoint_of(account))
    path, name = parts.path, (text_at(account, "name") or "").lower()
    if (parts.scheme.lower(), parts.netloc.lower()) == (endpoint.scheme, endpoint.netloc.lower()):
        return path[len(endpoint.path) :] if path.lower().startswith(endpoint.path.lower()) else None
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    by_host = host.split(".")[:2] == [name, "blob"] and (scheme, parts.port) == (endpoint.scheme, endpoint.port)
    as_azures = host == name + _PUBLIC_SUFFIX and scheme in {"http", "https"} and parts.port in {None, 443}
    return path.lstrip("/") if by_host or as_azures else None


# --- to a disk -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Disk:
    id: str
    unique_id: str


def _to_disk(call: Call, content: Content) -> str:
    """The address of the disk's bytes, which opens nothing any more."""
    guest = max(_whole(content.size_bytes, _MIB), _DISK_MIN_BYTES)
    with _new_disk(call, guest + FOOTER_BYTES) as disk:
        asked: Document = {"access": "Write", "durationInSeconds": _ACCESS_SECONDS}
        url = text_at(call.shell.api.change("POST", f"{disk.id}/beginGetAccess", asked).document, "accessSAS")
        if not url:
            raise argument("The service gives no address for the disk's bytes.")
        with resource(call, url) as found:
            _send(call, PageBlob(found), content, guest, disk.unique_id)
        change(call, "Add-AzVhd: end of the upload", "POST", f"{disk.id}/endGetAccess")
    return url.partition("?")[0]


@contextmanager
def _new_disk(call: Call, upload_bytes: int) -> Iterator[_Disk]:
    """A disk that waits for its bytes; gone again when they do not come."""
    api, name = call.shell.api, call.text("DiskName")
    id = path(api, call.text("ResourceGroupName"), _DISKS, name)
    if api.find(id) is not None:
        raise argument(f"There is a disk '{name}' already in this resource group: choose another name.")
    properties: Document = {"creationData": {"createOption": "Upload", "uploadSizeBytes": upload_bytes}}
    for parameter, member in (("DiskOsType", "osType"), ("DiskHyperVGeneration", "hyperVGeneration")):
        if call.given(parameter):
            properties[member] = call.text(parameter)
    body: Document = {
        "location": call.text("Location"),
        "sku": {"name": call.text("DiskSku") or "Standard_LRS"},
        "properties": properties,
    }
    if call.given("Zone"):
        body["zones"] = list(call.texts("Zone"))
    made = change(call, f"Add-AzVhd: disk {name}", "PUT", id, body).document
    try:
        yield _Disk(id, text_at(made, "properties", "uniqueId") or call.shell.chance.guid())
    except BaseException:
        with suppress(Refused, Unreachable):
            api.change("POST", f"{id}/endGetAccess")
        with suppress(Refused, Unreachable):
            api.change("DELETE", id)
        raise


def _send(call: Call, blob: PageBlob, content: Content, guest_bytes: int, unique_id: str) -> None:
    """The disk's content, and behind it the footer of a fixed VHD."""
    with progress(call, f"Add-AzVhd {call.text('LocalFilePath')}", guest_bytes) as said:
        upload(blob, content, said)
        blob.put(guest_bytes, footer(guest_bytes, unique_id, call.shell.clock.now()))


# --- and back --------------------------------------------------------------------------------------------------------


def _save(call: Call) -> Iterable[Value]:
    files, file = reach.files(call.shell), call.text("LocalFilePath")
    with told(), files.new(file, replace=call.switch("OverWrite")) as out, resource(call, _source(call)) as found:
        blob = PageBlob(found)
        length = blob.length()
        with progress(call, f"Save-AzVhd {file}", length) as said:
            fetch(blob, length, out, said, pages=True)
    source = call.text("SourceUri").partition("?")[0]
    yield Record.of(SAVED, {"LocalFilePath": files.full_name(file), "Source": source})


def _source(call: Call) -> str:
    """-SourceUri if it is signed, else the blob's in an account, signed. Raises Terminating."""
    given = call.text("SourceUri")
    if "sig=" in given.partition("?")[2]:
        if not given.lower().startswith("https://"):
            raise argument("A signed address begins with https://.")
        return given
    place = _place(call, "SourceUri")
    return place.access.signed(call.shell.clock.now(), place.container, place.blob)


def _whole(bytes: int, unit: int) -> int:
    return -(-bytes // unit) * unit


MODULE = Module(
    (
        cmdlet(
            "Add-AzVhd",
            "Uploads a virtual hard disk: to a page blob, or straight to a managed disk.",
            _add,
            optional(
                "ResourceGroupName",
                "The resource group of the account, or of the new disk, for which it must be given.",
                0,
                completes="resourceGroups",
            ),
            mandatory("Destination", "The address of the blob.", 1, sets=_TO_BLOB, aliases="dst"),
            mandatory("LocalFilePath", "The file, named .vhd or .vhdx.", 2, aliases="lf"),
            mandatory("DiskName", "What to call the new disk.", sets=_TO_DISK),
            mandatory("Location", "The region of the new disk.", 1, sets=_TO_DISK, completes="locations"),
            optional("DiskSku", "Standard_LRS unless told.", sets=_TO_DISK),
            optional("DiskOsType", "The system on it, if there is one.", sets=_TO_DISK, choices="Windows Linux"),
            optional("DiskHyperVGeneration", "V1: it boots by BIOS; V2: by UEFI.", sets=_TO_DISK, choices="V1 V2"),
            optional("Zone", "The zone of the new disk.", kind=Takes.STRINGS, sets=_TO_DISK),
            switch("OverWrite", "Replace a blob that is there.", _TO_BLOB, aliases="o"),
            switch("SkipResizing", "Do not make it a whole number of MiB.", _TO_BLOB),
            optional(
                "NumberOfUploaderThreads", "Taken, but calco moves four parts at a time.", 3, Takes.INT, aliases="th"
            ),
            default_set=_TO_BLOB,
            output=CONTEXT,
            note="There are no files in the portal's shell: there the cmdlet says so.",
            as_job=True,
            examples={
                "To a blob.": 'Add-AzVhd -ResourceGroupName lab -Destination "$($context.BlobEndPoint)vhds/disk.vhd" '
                "-LocalFilePath disk.vhd",
                "To a disk.": "Add-AzVhd -ResourceGroupName lab -Location westeurope -DiskName golden "
                "-LocalFilePath disk.vhd -DiskOsType Linux -DiskHyperVGeneration V2",
            },
        ),
        cmdlet(
            "Save-AzVhd",
            "Downloads a virtual hard disk: a page blob, or the bytes of a disk by their signed URL.",
            _save,
            optional("ResourceGroupName", "The resource group of the account.", 0, completes="resourceGroups"),
            mandatory("SourceUri", "The address of the blob, or a signed URL.", 1, aliases="src Source"),
            mandatory("LocalFilePath", "The file to write.", 2, aliases="lf"),
            switch("OverWrite", "Replace a file that is there.", aliases="o"),
            optional("NumberOfThreads", "Taken, but calco moves four parts at a time.", 3, Takes.INT, aliases="th"),
            output=SAVED,
            note="There are no files in the portal's shell: there the cmdlet says so.",
            as_job=True,
            examples={
                "The bytes of a disk, as a fixed VHD.": "$uri = (Grant-AzDiskAccess lab golden -Access Read "
                "-DurationInSecond 3600).AccessSAS\n"
                "Save-AzVhd -SourceUri $uri -LocalFilePath golden.vhd"
            },
        ),
    )
)
