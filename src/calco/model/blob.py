"""Containers and blobs: what they may be called, how large they may be, and how Azure Storage refuses.

A page blob is written by ranges of 512-byte pages and is what becomes a disk; a block blob is written whole and holds
logs. Sources: Azure, "Naming and referencing containers, blobs, and metadata"; "Understanding block blobs, append
blobs, and page blobs"; "Blob service error codes".
"""

import re
from enum import StrEnum

from calco.model.errors import ApiError
from calco.model.volume import GIB, MIB

PAGE_BYTES = 512
PAGE_WRITE_BYTES_MAX = 4 * MIB
PAGE_BLOB_BYTES_MAX = 8192 * GIB
BLOCK_BLOB_BYTES_MAX = 256 * MIB
"""What one Put Blob takes; larger ones come as blocks."""
BLOCK_BYTES_MAX = 100 * MIB
BLOCKS_MAX = 50_000
BLOCK_ID_BYTES_MAX = 64
NAME_LENGTH_MAX = 1024
METADATA_BYTES_MAX = 8 * 1024

_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_UNSPEAKABLE = re.compile("[\x00-\x1f\x7f\u0080-\u009f\ud800-\udfff\ufffd-\uffff]")
"""Characters that no XML listing could show, and what a decoder puts for bytes that are no UTF-8."""


class BlobType(StrEnum):
    PAGE = "PageBlob"
    BLOCK = "BlockBlob"


def is_container_name(name: str) -> bool:
    """3 to 63 lower-case letters, digits and single hyphens between them."""
    return _CONTAINER.fullmatch(name) is not None


def is_blob_name(name: str) -> bool:
    """1 to 1,024 characters; a slash is a character like any other."""
    return 1 <= len(name) <= NAME_LENGTH_MAX and _UNSPEAKABLE.search(name) is None


def key_of(name: str) -> str:
    """A blob's name inside a resource id: names tell upper from lower case and ids do not."""
    return name.encode().hex()


def name_of(key: str) -> str:
    """The name behind ``key_of``. Raises ValueError."""
    return bytes.fromhex(key).decode()


# --- what the blob service answers; its sentences are Azure's -------------------------------------------------------


def container_not_found() -> ApiError:
    return ApiError(404, "ContainerNotFound", "The specified container does not exist.")


def container_exists() -> ApiError:
    return ApiError(409, "ContainerAlreadyExists", "The specified container already exists.")


def blob_not_found() -> ApiError:
    return ApiError(404, "BlobNotFound", "The specified blob does not exist.")


def blob_exists() -> ApiError:
    return ApiError(409, "BlobAlreadyExists", "The specified blob already exists.")


def wrong_type() -> ApiError:
    return ApiError(409, "InvalidBlobType", "The blob type is invalid for this operation.")


def bad_name() -> ApiError:
    return ApiError(400, "InvalidResourceName", "The specified resource name contains invalid characters.")


def bad_name_length() -> ApiError:
    return ApiError(400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits.")


def bad_header(name: str, value: str) -> ApiError:
    return ApiError(
        400,
        "InvalidHeaderValue",
        "The value for one of the HTTP headers is not in the correct format. "
        f"Header {name} has the value '{value[:100]}'.",
        name,
    )


def missing_header(name: str) -> ApiError:
    return ApiError(
        400,
        "MissingRequiredHeader",
        f"An HTTP header that's mandatory for this request is not specified: {name}.",
        name,
    )


def bad_range() -> ApiError:
    return ApiError(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")


def bad_page_range() -> ApiError:
    return ApiError(416, "InvalidPageRange", "The page range specified is invalid.")


def condition_not_met() -> ApiError:
    return ApiError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def sequence_not_met() -> ApiError:
    return ApiError(412, "SequenceNumberConditionNotMet", "The sequence number condition specified was not met.")


def busy() -> ApiError:
    """An operation (an image being made, say) is at the blob: clients try again by themselves."""
    return ApiError(
        503,
        "ServerBusy",
        "The server is currently unable to receive requests: an operation is using this blob. Please retry your "
        "request.",
    )


def used_by_machine(machine: str) -> ApiError:
    return ApiError(
        409,
        "LeaseAlreadyPresent",
        f"There is already a lease present: the blob is a disk of the virtual machine {machine}. Delete the machine "
        "first.",
    )


# --- what Compute says of a blob that is to become a disk ------------------------------------------------------------


class Use(StrEnum):
    """What the blob is wanted for; the first word of Compute's codes."""

    IMAGE = "Image"
    DISK = "Disk"


def vhd_not_found(use: Use, uri: str, disk: str) -> ApiError:
    """Sources: recording xplat-image-create-failed-ImageBlobNotFound; Azure, "Common VM error codes"."""
    whose, target = (f" for disk '{disk}'", "disks") if use is Use.DISK else ("", None)
    return ApiError(
        404,
        f"{use}BlobNotFound",
        f"Unable to find VHD blob with URI {uri}{whose}. Upload it there as a page blob, or list its host in the "
        "setting blob_hosts if it is another's.",
        target,
    )


def not_a_page_blob(use: Use, uri: str) -> ApiError:
    return ApiError(
        409,
        f"Incorrect{use}BlobType",
        f"Disk blobs can only be of type page blob. Blob {uri} is of type '{BlobType.BLOCK}'. Upload it again as a "
        "page blob (`az storage blob upload --type page`).",
        "disks",
    )


def not_a_blob_uri(uri: str) -> ApiError:
    return ApiError(400, "InvalidParameter", f"The URI {uri} does not look to be correct blob URI.", "blobUri")
