"""Page blobs: created, written by pages, asked where they hold data."""

import hashlib

from calco.blob import headers, xml
from calco.blob.blob import find
from calco.blob.call import Answer, Body, Call, Prepared
from calco.model import blob as model
from calco.model.conditions import check_read
from calco.model.errors import ApiError
from calco.ports import Extent, VolumeFrozen
from calco.work import page_blob, shared_disk, stored_blob
from calco.work.page_blob import Pages
from calco.work.shared_disk import SharedDisk


def create(call: Call) -> Answer:
    """Put Blob of a page blob: its length, no bytes."""
    length = headers.needed_number(call.headers, "x-ms-blob-content-length")
    number = headers.number(call.headers, "x-ms-blob-sequence-number") or 0
    content = page_blob.content(headers.content(call.headers), headers.metadata(call.headers), number)
    made = page_blob.create(call.cloud, call.target, length, content, headers.conditions(call.headers))
    return Answer(201, headers.version(made.version) | {"x-ms-request-server-encrypted": "true"})


# --- writing ---------------------------------------------------------------------------------------------------------


def prepare(call: Call) -> Prepared:
    """Whether these pages may be written, before they come. Raises ApiError."""
    pages = headers.page_range(call.headers)
    _check_length(call, pages)
    if call.disk is None:
        return _checked(call, pages)
    if pages.offset + pages.length > call.disk.length:
        raise model.bad_page_range()
    return call.disk


def _checked(call: Call, pages: Pages) -> stored_blob.State:
    asked, rule = headers.conditions(call.headers), headers.sequence_rule(call.headers)
    return page_blob.check(call.cloud, call.target, pages, asked, rule)


def _action(call: Call) -> str:
    return call.headers.get("x-ms-page-write", "").lower()


def _check_length(call: Call, pages: Pages) -> None:
    length = headers.number(call.headers, "content-length") or 0
    match _action(call):
        case "clear" if length == 0:
            return
        case "update" if length != pages.length:
            raise model.bad_header("content-length", str(length))
        case "update" if length <= model.PAGE_WRITE_BYTES_MAX:
            return
        case "update":
            raise ApiError(
                413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
            )
        case other:
            raise model.bad_header("x-ms-page-write" if other != "clear" else "content-length", other)


def write(call: Call, body: Body) -> Answer:
    """Put Page, update or clear."""
    if "x-ms-copy-source" in call.headers:
        raise ApiError(400, "FeatureNotSupportedByCalco", "Pages from a URL are not supported by calco.")
    pages = headers.page_range(call.headers)
    data = None if _action(call) == "clear" else body.data
    if data is not None:
        if len(data) != pages.length:
            raise model.bad_header("content-length", str(len(data)))
        _check_md5(call, data)
    match body.prepared:
        case SharedDisk():
            return Answer(201, _write_upload(call, body.prepared, pages, data))
        case None:
            raise model.blob_not_found()
        case _:
            # Once more: a body takes what time its sender likes, and a machine may have the blob for a disk by now.
            now = page_blob.write(call.cloud, call.tools.turns, _checked(call, pages), pages, data)
            number = str(page_blob.sequence_number(now))
            told = headers.version(now.version) | {"x-ms-blob-sequence-number": number}
            return Answer(201, told | {"x-ms-request-server-encrypted": "true"})


def _check_md5(call: Call, data: memoryview) -> None:
    wanted = headers.md5(call.headers, "content-md5")
    if wanted is not None and hashlib.md5(data, usedforsecurity=False).digest() != wanted:
        raise headers.md5_mismatch()


def _write_upload(call: Call, disk: SharedDisk, pages: Pages, data: memoryview | None) -> dict[str, str]:
    """Pages of an upload disk, whose access has not ended meanwhile. Raises ApiError."""
    try:
        if data is None:
            call.cloud.disks.clear(disk.volume.id, pages.offset, pages.length)
        else:
            call.cloud.disks.write(disk.volume.id, pages.offset, data)
    except (VolumeFrozen, FileNotFoundError) as ended:
        raise ApiError(
            403, "AuthenticationFailed", "The access to this disk has ended: nothing more can be uploaded."
        ) from ended
    return headers.version(shared_disk.version_of(call.cloud, disk.volume)) | {"x-ms-blob-sequence-number": "1"}


# --- where the data is -----------------------------------------------------------------------------------------------


def get_ranges(call: Call, _body: Body) -> Answer:
    """Get Page Ranges: O(metadata), however large the blob is."""
    if "prevsnapshot" in call.query or "snapshot" in call.query:
        raise ApiError(400, "FeatureNotSupportedByCalco", "Blob snapshots are not supported by calco.")
    asked = headers.conditions(call.headers)
    if call.disk is not None:
        check_read(asked, call.disk.version)
        offset, length = headers.byte_range(call.headers, call.disk.length) or (0, call.disk.length)
        with shared_disk.opened(call.disk, call.tools.views.during(call.disk.grant.identifier)) as content:
            found = list(page_blob.joined(content.extents(offset, length)))
        return _listed(headers.version(call.disk.version), call.disk.length, found)
    blob = find(call)
    if not blob.is_page:
        raise model.wrong_type()
    stored_blob.check_read(call.cloud, blob, asked)
    if blob.length == 0:
        return _listed(headers.version(blob.version), 0, [])
    offset, length = headers.byte_range(call.headers, blob.length) or (0, blob.length)
    with call.cloud.disks.view(blob.volume.id) as content:
        found = list(page_blob.joined(content.extents(offset, length)))
    return _listed(headers.version(blob.version), blob.length, found)


def _listed(told: dict[str, str], length: int, found: list[Extent]) -> Answer:
    told |= {"x-ms-blob-content-length": str(length), "Content-Type": "application/xml"}
    return Answer(200, told, xml.page_list(found))
