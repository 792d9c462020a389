"""Containers and blobs as a script holds them, and how one is meant again by what was given before.

Source: Azure/azure-powershell, Storage/ResourceModel (AzureStorageContainer, AzureStorageBlob).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from calco.cloudshell.az.declaration import piped, plain
from calco.cloudshell.az.storage_access import PARAMETER, StorageAccess, access_of, ask
from calco.cloudshell.az.target import argument
from calco.cloudshell.cmdlet import Call
from calco.cloudshell.objects.convert import to_type
from calco.cloudshell.values import Record, Value

MODELS = "Microsoft.WindowsAzure.Commands.Common.Storage.ResourceModel."
BLOB = f"{MODELS}AzureStorageBlob"
CLOUD_BLOB = "Microsoft.Azure.Storage.Blob.CloudBlob"


@dataclass(frozen=True)
class BlobPlace:
    """Where a blob is, and what opens it."""

    access: StorageAccess
    container: str
    blob: str

    @property
    def url(self) -> str:
        return self.access.url(self.container, self.blob)


BY_NAME, BY_BLOB = "NamePipeline", "BlobPipeline"
NAMES = (
    plain("Blob", "The name of the blob.", 0, mandatory=True, sets=BY_NAME),
    plain("Container", "The container it is in.", 1, mandatory=True, sets=BY_NAME),
)
CLOUD = piped(
    "CloudBlob",
    "The blob, as Get-AzStorageBlob gave it.",
    f"{BLOB} {CLOUD_BLOB}",
    from_name=True,
    sets=BY_BLOB,
    aliases="ICloudBlob",
)
PLACE = (*NAMES, CLOUD, PARAMETER)
"""The parameters by which a cmdlet is told which blob is meant."""


def place_of(call: Call) -> BlobPlace:
    """The blob that the call means. Raises Terminating."""
    if call.given("CloudBlob"):
        return held(call.record("CloudBlob"))
    return BlobPlace(access_of(call), call.text("Container"), call.text("Blob"))


def held(blob: Record) -> BlobPlace:
    """Raises Terminating for an object that no cmdlet made."""
    if isinstance(blob.held, BlobPlace):
        return blob.held
    raise argument("That is not a blob as Get-AzStorageBlob gives it.")


def properties(call: Call, place: BlobPlace) -> Mapping[str, str]:
    """What a HEAD tells. Raises Refused."""
    return ask(call, place.access, "HEAD", place.container, place.blob).headers


def seen(call: Call, place: BlobPlace) -> Record:
    """The blob as it is now. Raises Refused."""
    told = properties(call, place)
    return blob_record(
        place, told.get("x-ms-blob-type", ""), told.get("content-length", "0"), told.get("content-type"),
        told.get("last-modified", ""),
    )  # fmt: skip


def blob_record(place: BlobPlace, type: str, length: str, content_type: str | None, modified: str) -> Record:
    """AzureStorageBlob, with the older ICloudBlob in it that scripts take the address from."""
    address = to_type(place.url, "uri")
    bytes = int(length) if length.isdecimal() else 0
    inner: dict[str, Value] = {"Name": place.blob, "BlobType": type, "Uri": address, "Properties": None}
    cloud = Record.of(CLOUD_BLOB, inner)
    cloud.held = place
    members: dict[str, Value] = {
        "ICloudBlob": cloud,
        "BlobClient": cloud,
        "BlobType": type,
        "Length": bytes,
        "IsDeleted": False,
        "ContentType": content_type,
        "LastModified": moment(modified),
        "SnapshotTime": None,
        "AccessTier": None,
        "Name": place.blob,
        "Context": None,
    }
    made = Record.of(BLOB, members)
    made.held = place
    return made


def moment(text: str) -> datetime | None:
    """A time as HTTP writes it."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
