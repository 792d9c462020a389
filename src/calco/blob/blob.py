"""Blobs of either type: read, looked at, marked, copied, deleted."""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from urllib.parse import parse_qsl, urlsplit

from calco.blob import access, address, headers
from calco.blob.call import Answer, Body, Call, Slice
from calco.model import blob as model
from calco.model.conditions import Conditions, check_read
from calco.model.document import Document, text_map
from calco.model.errors import ApiError
from calco.model.volume import MIB
from calco.ports import VolumeView
from calco.work import blob as blob_work
from calco.work import blob_copy, page_blob, shared_disk, stored_blob
from calco.work.shared_disk import SharedDisk
from calco.work.stored_blob import Content, State

IN_MEMORY_BYTES = 4 * MIB
"""Answers up to this are read and sent in one piece: what Azure's clients ask for at a time."""
MD5_BYTES_MAX = 4 * MIB


def find(call: Call) -> State:
    """The blob in the path, its copy's progress as it is now. Raises ApiError 404."""
    with call.cloud.records.read() as view:
        found = stored_blob.get(call.cloud, view, call.target)
    return blob_copy.seen(call.tools.copies, found)


def _check_plain(call: Call) -> None:
    for name in ("snapshot", "versionid"):
        if name in call.query:
            raise ApiError(400, "FeatureNotSupportedByCalco", f"Blob {name}s are not supported by calco.")


def get(call: Call, _body: Body) -> Answer:
    _check_plain(call)
    if call.disk is not None:
        disk = call.disk
        check_read(headers.conditions(call.headers), disk.version)
        opened = shared_disk.opened(disk, call.tools.views.during(disk.grant.identifier))
        return _sent(call, disk.length, _of_disk(disk), opened, {})
    found = find(call)
    stored_blob.check_read(call.cloud, found, headers.conditions(call.headers))
    told = headers.of_blob(found, blob_work.now_ns(call.cloud))
    return _sent(call, found.length, told, call.cloud.disks.view(found.volume.id), call.allowed.prefers)


def _sent(
    call: Call,
    length: int,
    told: Mapping[str, str],
    opened: AbstractContextManager[VolumeView],
    prefers: Mapping[str, str],
) -> Answer:
    """The whole blob, or the range that was asked for."""
    told = {**told, **{name.title(): value for name, value in prefers.items()}}
    cut = headers.byte_range(call.headers, length)
    offset, size = cut or (0, length)
    whole = {name: value for name, value in told.items() if name != "Content-MD5"}
    if cut is not None:
        if "Content-MD5" in told:
            whole["x-ms-blob-content-md5"] = told["Content-MD5"]
        told = {**whole, "Content-Range": f"bytes {offset}-{offset + size - 1}/{length}"}
    if size > IN_MEMORY_BYTES:
        if _wants_md5(call):
            raise ApiError(
                400, "OutOfRangeInput", "One of the request inputs is out of range: an MD5 of at most 4 MiB."
            )
        return Answer(206 if cut else 200, {**told, "Content-Length": str(size)}, Slice(opened, offset, size))
    with opened as content:
        data = content.read(offset, size)
    if cut is not None and _wants_md5(call):
        told = {**told, "Content-MD5": base64.b64encode(_md5(data)).decode()}
    return Answer(206 if cut else 200, told, data)


def _wants_md5(call: Call) -> bool:
    return call.headers.get("x-ms-range-get-content-md5", "").lower() == "true"


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def get_properties(call: Call, _body: Body) -> Answer:
    """HEAD: what a GET would tell, without the bytes."""
    _check_plain(call)
    if call.disk is not None:
        check_read(headers.conditions(call.headers), call.disk.version)
        return Answer(200, {**_of_disk(call.disk), "Content-Length": str(call.disk.length)})
    found = find(call)
    stored_blob.check_read(call.cloud, found, headers.conditions(call.headers))
    told = headers.of_blob(found, blob_work.now_ns(call.cloud))
    return Answer(200, {**told, "Content-Length": str(found.length)})


def _of_disk(disk: SharedDisk) -> dict[str, str]:
    """As Azure shows a disk behind its SAS. The name is ours: a browser would save it under that of the blob, which is
    the same for all disks, and takes no name from a page of another origin (HTML standard, 4.6.6)."""
    return headers.version(disk.version) | {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{disk.grant.resource.name}.vhd"',
        "Content-Type": "application/octet-stream",
        "x-ms-blob-type": "PageBlob",
        "x-ms-blob-sequence-number": "1",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
    }


def get_metadata(call: Call, _body: Body) -> Answer:
    found = find(call)
    stored_blob.check_read(call.cloud, found, headers.conditions(call.headers))
    return Answer(200, headers.version(found.version) | headers.told_metadata(found.resource.properties))


def set_metadata(call: Call, _body: Body) -> Answer:
    kept: Document = {**headers.metadata(call.headers)}
    changed = stored_blob.change(
        call.cloud, call.target, headers.conditions(call.headers), lambda _found, _tx: {"metadata": kept}
    )
    return Answer(200, headers.version(changed.version))


def set_properties(call: Call, _body: Body) -> Answer:
    """Content headers; of a page blob its length and its sequence number too."""
    asked = headers.conditions(call.headers)
    length = headers.number(call.headers, "x-ms-blob-content-length")
    action = call.headers.get("x-ms-sequence-number-action")
    number = headers.number(call.headers, "x-ms-blob-sequence-number")
    if length is not None:
        page_blob.resize(call.cloud, call.tools.turns, call.target, length, asked)
        asked = Conditions(lease=asked.lease)  # the blob has changed by our own hand
    sets_content = any(f"x-ms-blob-{name}" in call.headers for name in headers.CONTENT.values())

    def act(found: State, _tx: object) -> Document:
        changes: Document = {}
        if sets_content or (length is None and action is None):
            given = headers.content({name: value for name, value in call.headers.items() if name != "content-type"})
            changes["content"] = given
        if action is not None:
            if not found.is_page:
                raise model.wrong_type()
            changes |= page_blob.set_sequence_number(found, action, number)
        return changes

    changed = stored_blob.change(call.cloud, call.target, asked, act)
    told = headers.version(changed.version)
    if changed.is_page:
        told["x-ms-blob-sequence-number"] = str(page_blob.sequence_number(changed))
    return Answer(200, told)


def delete(call: Call, _body: Body) -> Answer:
    _check_plain(call)
    if call.headers.get("x-ms-delete-snapshots", "").lower() == "only":
        raise ApiError(404, "BlobNotFound", "The specified blob has no snapshots.")
    stored_blob.delete(call.cloud, call.target, headers.conditions(call.headers))
    return Answer(202, {"x-ms-delete-type-permanent": "true"})


# --- copies ----------------------------------------------------------------------------------------------------------


def copy(call: Call) -> Answer:
    """Copy Blob. The answer is 202; of a blob here the copy is done by then."""
    source_url = call.headers.get("x-ms-copy-source", "")
    place = _source(call, source_url)
    told: Document = {
        "id": call.cloud.chance.guid(),
        "source": source_url.partition("?")[0],
        "completed": headers.date(blob_work.now_ns(call.cloud) // 1_000_000_000),
    }
    metadata = headers.metadata(call.headers)
    asked = headers.conditions(call.headers)
    if place.disk is not None:
        content = Content(model.BlobType.PAGE, {}, metadata, {"copy": told})
        made = blob_copy.move(
            call.cloud,
            call.tools.copies,
            place.disk.volume,
            call.target,
            asked=asked,
            content=content,
            length=place.disk.length,
        )
    else:
        made = _copy_blob(call, source_url, asked, told, metadata)
    seen = blob_copy.seen(call.tools.copies, made)
    copied = headers.told_copy(stored_blob.copy_of(seen))
    chosen = {name: copied[name] for name in ("x-ms-copy-id", "x-ms-copy-status")}
    return Answer(202, headers.version(made.version) | chosen)


def _source(call: Call, url: str) -> access.Allowed:
    """Whose the source is, if it may be read. Raises ApiError."""
    try:
        parts = urlsplit(url)
        netloc, path = parts.netloc, parts.path.encode()
        pairs = [(name.lower(), value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
        of_disk = path.lstrip(b"/").startswith(access.DISK_PREFIX.encode())
        ours = blob_work.place_of(call.cloud, url) is not None or (of_disk and _at_home(call, netloc))
    except ValueError as malformed:
        raise model.bad_header("x-ms-copy-source", url) from malformed
    if not ours:
        raise ApiError(
            400,
            "CannotVerifyCopySource",
            "Could not verify the copy source. calco copies from its own endpoint only: download the blob, then upload "
            "it.",
        )
    asked = access.Asked("GET", address.read(netloc, path), {}, pairs, parts.scheme, call.asked.caller)
    return access.check_source(call.cloud, asked, call.allowed)


def _at_home(call: Call, netloc: str) -> bool:
    return urlsplit(call.cloud.rules.blob_url).port == urlsplit(f"//{netloc}").port


def _copy_blob(call: Call, url: str, asked: Conditions, told: Document, metadata: dict[str, str]) -> State:
    with call.cloud.records.read() as view:
        found = blob_work.find(view, call.cloud, url)
        resource = None if found is None else view.resource(found.id)
        source = None if resource is None else stored_blob.state_of(call.cloud, view, resource)
    if source is None:
        raise model.blob_not_found()
    stored_blob.check_read(call.cloud, source, headers.conditions(call.headers, "x-ms-source-"))
    properties = source.resource.properties
    kept = metadata or text_map(stored_blob.member(properties, "metadata"))
    more: Document = {name: properties[name] for name in ("sequenceNumber", "blocks") if name in properties}
    more["copy"] = told
    content = Content(model.BlobType.PAGE, stored_blob.member(properties, "content"), kept, more)
    if blob_copy.is_shared(source) or not source.is_page:
        return blob_copy.share(call.cloud, source, call.target, asked, content)
    return blob_copy.move(
        call.cloud, call.tools.copies, source.volume, call.target, asked=asked, content=content, length=source.length
    )


def abort_copy(call: Call, _body: Body) -> Answer:
    found = find(call)
    stored_blob.check_write(call.cloud, found, Conditions(lease=headers.conditions(call.headers).lease))
    blob_copy.abort(call.tools.copies, found, call.query.get("copyid", ""))
    return Answer(204)
