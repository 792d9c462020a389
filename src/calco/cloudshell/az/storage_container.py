"""Containers of blobs. Source: Microsoft Learn, Az.Storage's reference of each cmdlet."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from defusedxml.ElementTree import fromstring

from calco.cloudshell.az.blob_place import MODELS, moment
from calco.cloudshell.az.declaration import FORCE, PASS_THRU, cmdlet, columns, mandatory, of, plain
from calco.cloudshell.az.storage_access import PARAMETER, StorageAccess, access_of, ask, context_of
from calco.cloudshell.az.target import matches
from calco.cloudshell.cmdlet import Call, Module, View
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Record, Value

CONTAINER = f"{MODELS}AzureStorageContainer"
_AT = "&restype=container"
PAGES_MAX = 10_000


def _new(call: Call) -> Iterable[Value]:
    access, name = access_of(call), call.text("Name")
    public = call.text("Permission").lower()
    headers = {"x-ms-blob-public-access": public} if public not in {"", "off"} else {}
    ask(call, access, "PUT", name, more=_AT, headers=headers, data=b"")
    yield _seen(call, access, name)


def _seen(call: Call, access: StorageAccess, name: str) -> Record:
    told = ask(call, access, "HEAD", name, more=_AT).headers
    return _record(call, access, name, told.get("last-modified", ""))


def _record(call: Call, access: StorageAccess, name: str, modified: str) -> Record:
    members: dict[str, Value] = {
        "Name": name,
        "PublicAccess": "Off",
        "LastModified": moment(modified),
        "Uri": access.url(name),
        "Context": context_of(call),
    }
    made = Record.of(CONTAINER, members)
    made.held = access
    return made


def _get(call: Call) -> Iterable[Value]:
    access, name = access_of(call), call.text("Name")
    if name and not has_wildcard(name):
        yield _seen(call, access, name)
        return
    for found, modified in _listed(call, access, call.text("Prefix")):
        if matches(found, name):
            yield _record(call, access, found, modified)


def _listed(call: Call, access: StorageAccess, prefix: str) -> Iterator[tuple[str, str]]:
    """Name and time of change of every container, page after page."""
    for page in pages(call, access, "", "&comp=list", prefix):
        for each in fromstring(page).iter("Container"):
            yield each.findtext("Name", ""), each.findtext("Properties/Last-Modified", "")


def pages(call: Call, access: StorageAccess, container: str, more: str, prefix: str) -> Iterator[bytes]:
    """The pages of a list, as they come."""
    marker = ""
    for _ in range(PAGES_MAX):
        asked = more + (f"&prefix={quote(prefix, safe='')}" if prefix else "")
        asked += f"&marker={quote(marker, safe='')}" if marker else ""
        page = ask(call, access, "GET", container, more=asked).content
        yield page
        marker = fromstring(page).findtext("NextMarker", "")
        if not marker:
            return


def _remove(call: Call) -> Iterable[Value]:
    access, name = access_of(call), call.text("Name")
    if not call.should(name, "Remove container"):
        return
    if call.agreed(f"Are you sure you want to remove container '{name}' and all blobs in it?"):
        ask(call, access, "DELETE", name, more=_AT)
        if call.switch("PassThru"):
            yield True


_NAME = mandatory("Name", "The name of the container.", 0, aliases="N Container")

MODULE = Module(
    of(
        "Az.Storage",
        cmdlet(
            "New-AzStorageContainer",
            "Makes a container.",
            _new,
            _NAME,
            plain(
                "Permission",
                "Who may read it without a signature: nobody, here.",
                1,
                aliases="PublicAccess",
                choices="Off Blob Container",
            ),
            PARAMETER,
            output=CONTAINER,
            examples={"A container for VHDs.": "New-AzStorageContainer -Name vhds -Context $context"},
        ),
        cmdlet(
            "Get-AzStorageContainer",
            "Gets containers.",
            _get,
            plain("Name", "The name of one, or a pattern.", 0, aliases="N Container"),
            plain("Prefix", "What their names begin with."),
            PARAMETER,
            output=CONTAINER,
            examples={"All containers.": "Get-AzStorageContainer -Context $context"},
        ),
        cmdlet(
            "Remove-AzStorageContainer",
            "Removes a container and the blobs in it.",
            _remove,
            _NAME,
            FORCE,
            PASS_THRU,
            PARAMETER,
            output="System.Boolean",
            confirms=True,
            examples={"Without asking.": "Remove-AzStorageContainer -Name vhds -Force -Context $context"},
        ),
    ),
    (View(CONTAINER, columns("Name PublicAccess LastModified"), table=True),),
)
