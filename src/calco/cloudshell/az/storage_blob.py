"""Blobs: listed, uploaded, downloaded, copied, removed. Source: Microsoft Learn, Az.Storage's reference of each cmdlet.

A page blob travels as any disk does: only what holds something. A block blob travels in blocks of 4 MiB.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO
from urllib.parse import quote

from defusedxml.ElementTree import fromstring

from calco.cloudshell import reach
from calco.cloudshell.api import Refused
from calco.cloudshell.az.blob_place import (
    BLOB,
    BY_NAME,
    CLOUD,
    NAMES,
    PLACE,
    BlobPlace,
    blob_record,
    held,
    place_of,
    properties,
    seen,
)
from calco.cloudshell.az.declaration import FORCE, PASS_THRU, Takes, cmdlet, columns, mandatory, of, plain, switch
from calco.cloudshell.az.storage_access import CONTEXT, PARAMETER, access_of, ask, opened, told
from calco.cloudshell.az.storage_container import pages
from calco.cloudshell.az.target import argument, matches
from calco.cloudshell.cmdlet import Call, Module, View
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Record, Value
from calco.page_transfer import BLOCK, Content, PageBlob, Said, download, upload
from calco.signed_url import Resource

COPY_STATE = "Microsoft.Azure.Storage.Blob.CopyState"


# --- listing and removing --------------------------------------------------------------------------------------------


def _get(call: Call) -> Iterable[Value]:
    access, container, name = access_of(call), call.text("Container"), call.text("Blob")
    if name and not has_wildcard(name):
        yield seen(call, BlobPlace(access, container, name))
        return
    for page in pages(call, access, container, "&restype=container&comp=list", call.text("Prefix")):
        for each in fromstring(page).iter("Blob"):
            found = each.findtext("Name", "")
            if matches(found, name):
                told = each.find("Properties")
                facts = {} if told is None else {fact.tag: fact.text or "" for fact in told}
                yield _listed(BlobPlace(access, container, found), facts)


def _listed(place: BlobPlace, facts: Mapping[str, str]) -> Record:
    return blob_record(
        place, facts.get("BlobType", ""), facts.get("Content-Length", "0"), facts.get("Content-Type"),
        facts.get("Last-Modified", ""),
    )  # fmt: skip


def _remove(call: Call) -> Iterable[Value]:
    place = place_of(call)
    if call.should(place.blob, "Remove blob"):
        ask(call, place.access, "DELETE", place.container, place.blob)
        if call.switch("PassThru"):
            yield True


# --- up and down -----------------------------------------------------------------------------------------------------


def _set_content(call: Call) -> Iterable[Value]:
    file, container = call.text("File"), call.text("Container")
    files = reach.files(call.shell)
    name = call.text("Blob") or file.replace("\\", "/").rpartition("/")[2]
    place = BlobPlace(access_of(call), container, name)
    if not call.should(name, "Set blob content"):
        return
    if not _may_write(call, place):
        return
    send = _send_pages if call.text("BlobType").lower() == "page" else _send_blocks
    with (
        told(),
        files.whole(file) as content,
        opened(call, place.access, container, name) as blob,
        progress(call, f"Upload file {name}", content.size_bytes) as said,
    ):
        send(blob, content, said)
    yield seen(call, place)


def _may_write(call: Call, place: BlobPlace) -> bool:
    """Asked of the person when there is such a blob already."""
    if call.switch("Force"):
        return True
    try:
        properties(call, place)
    except Refused as refused:
        if refused.status == 404:
            return True
        raise
    return call.agreed(f"Are you sure to overwrite '{place.url}'?")


def _send_pages(blob: Resource, content: Content, said: Said) -> None:
    """The whole of ``content`` as a page blob. Raises Terminating when its size is none of one."""
    if content.size_bytes % 512:
        raise argument("The size of a page blob must be a multiple of 512 bytes: that is no file for one.")
    pages_of = PageBlob(blob)
    pages_of.create(content.size_bytes)
    upload(pages_of, content, said)


def _send_blocks(blob: Resource, content: Content, said: Said) -> None:
    ids = []
    for at in range(0, content.size_bytes, BLOCK):
        id = base64.b64encode(f"{at // BLOCK:08}".encode()).decode()
        data = content.read(at, min(BLOCK, content.size_bytes - at))
        blob.ask("PUT", f"&comp=block&blockid={quote(id, safe='')}", {}, data)
        ids.append(f"<Latest>{id}</Latest>")
        said(at + len(data))
    listed = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{"".join(ids)}</BlockList>'
    blob.ask("PUT", "&comp=blocklist", {"x-ms-blob-content-type": "application/octet-stream"}, listed.encode())


def _get_content(call: Call) -> Iterable[Value]:
    place, files = place_of(call), reach.files(call.shell)
    if not call.should(place.blob, "Download blob"):
        return
    facts = properties(call, place)
    length = int(facts.get("content-length", "0"))
    wanted = call.text("Destination") or place.blob.rpartition("/")[2]
    with (
        told(),
        files.new(wanted, replace=call.switch("Force")) as out,
        opened(call, place.access, place.container, place.blob) as blob,
        progress(call, f"Download blob {place.blob}", length) as said,
    ):
        fetch(PageBlob(blob), length, out, said, pages=facts.get("x-ms-blob-type") == "PageBlob")
    yield seen(call, place)


def fetch(blob: PageBlob, length: int, out: BinaryIO, said: Said, *, pages: bool) -> None:
    """Write the blob's bytes; of one that has ``pages`` only those are asked for."""
    out.truncate(length)

    def keep(offset: int, data: bytes) -> None:
        out.seek(offset)
        out.write(data)

    if pages:
        download(blob, length, keep, said)
        return
    for at in range(0, length, BLOCK):
        keep(at, blob.get(at, min(BLOCK, length - at)))
        said(min(at + BLOCK, length))


@contextmanager
def progress(call: Call, activity: str, total: int) -> Iterator[Said]:
    """Tells the host how far along ``total`` bytes we are."""
    host = call.shell.host

    def said(done: int) -> None:
        host.progress(activity, f"{done >> 20} of {total >> 20} MiB", min(100 * done // max(total, 1), 100))

    try:
        yield said
    finally:
        host.done(activity)


# --- copies ----------------------------------------------------------------------------------------------------------


def _start_copy(call: Call) -> Iterable[Value]:
    if call.given("AbsoluteUri"):
        source, name = call.text("AbsoluteUri"), ""
    else:
        place = _source(call)
        source, name = place.access.signed(call.shell.clock.now(), place.container, place.blob), place.blob
    context = "DestContext" if call.given("DestContext") else "Context"
    of_blob = call.given("CloudBlob") and not call.given(context)
    access = held(call.record("CloudBlob")).access if of_blob else access_of(call, context)
    target = BlobPlace(access, call.text("DestContainer"), call.text("DestBlob") or name)
    if call.should(target.blob, "Start copy blob") and _may_write(call, target):
        headers = {"x-ms-copy-source": source}
        ask(call, access, "PUT", target.container, target.blob, headers=headers, data=b"")
        yield seen(call, target)


def _source(call: Call) -> BlobPlace:
    if call.given("CloudBlob"):
        return held(call.record("CloudBlob"))
    return BlobPlace(access_of(call), call.text("SrcContainer"), call.text("SrcBlob"))


def _copy_state(call: Call) -> Iterable[Value]:
    place = place_of(call)
    while True:
        facts = properties(call, place)
        if "x-ms-copy-id" not in facts:
            raise argument("Can not find copy task on the specified blob.")
        status = facts.get("x-ms-copy-status", "")
        if status.lower() != "pending" or not call.switch("WaitForComplete"):
            break
        done, _, total = facts.get("x-ms-copy-progress", "0/0").partition("/")
        percent = 100 * int(done or 0) // max(int(total or 0), 1)
        call.shell.host.progress(f"Copy {place.blob}", status, percent)
        call.shell.sleep(1)
    call.shell.host.done(f"Copy {place.blob}")
    yield _state(facts)


def _state(facts: Mapping[str, str]) -> Record:
    done, _, total = facts.get("x-ms-copy-progress", "").partition("/")
    members: dict[str, Value] = {
        "CopyId": facts.get("x-ms-copy-id"),
        "CompletionTime": facts.get("x-ms-copy-completion-time"),
        "Status": facts.get("x-ms-copy-status", "").capitalize(),
        "Source": facts.get("x-ms-copy-source"),
        "BytesCopied": int(done) if done.isdecimal() else None,
        "TotalBytes": int(total) if total.isdecimal() else None,
        "StatusDescription": facts.get("x-ms-copy-status-description"),
    }
    return Record.of(COPY_STATE, members)


_BY_CONTAINER, _BY_INSTANCE, _BY_URI = "ContainerName", "BlobInstance", "UriPipeline"
_COPY = (
    plain("SrcBlob", "The blob that is copied.", 0, mandatory=True, sets=_BY_CONTAINER, aliases="SourceBlob"),
    plain("SrcContainer", "The container it is in.", mandatory=True, sets=_BY_CONTAINER, aliases="SourceContainer"),
    replace(
        CLOUD,
        sets=(_BY_INSTANCE,),
        aliases=("ICloudBlob", "SrcCloudBlob", "SrcICloudBlob", "SourceCloudBlob", "SourceICloudBlob"),
    ),
    mandatory(
        "AbsoluteUri", "The address of what is copied, with what opens it.", sets=_BY_URI, aliases="SrcUri SourceUri"
    ),
    plain("DestContainer", "The container that it is copied to.", mandatory=True, aliases="DestinationContainer"),
    plain("DestBlob", "What to call the copy; as the source unless told.", aliases="DestinationBlob"),
    plain(
        "DestContext",
        "The account that it is copied to, if it is another.",
        kind=Takes.RECORD,
        aliases="DestinationContext",
        accepts=CONTEXT,
    ),
    replace(PARAMETER, aliases=("SrcContext", "SourceContext"), from_pipeline=False),
    FORCE,
)

MODULE = Module(
    of(
        "Az.Storage",
        cmdlet(
            "Get-AzStorageBlob",
            "Gets the blobs of a container.",
            _get,
            plain("Blob", "The name of one, or a pattern.", 0),
            mandatory("Container", "The container.", 1, aliases="N Name"),
            plain("Prefix", "What their names begin with."),
            PARAMETER,
            output=BLOB,
            examples={"The VHDs.": "Get-AzStorageBlob -Container vhds -Blob *.vhd -Context $context"},
        ),
        cmdlet(
            "Set-AzStorageBlobContent",
            "Uploads a file to a blob.",
            _set_content,
            mandatory("File", "The file.", 0, aliases="FullName"),
            plain("Container", "The container.", mandatory=True, aliases="N Name"),
            plain("Blob", "What to call the blob; as the file unless told."),
            plain("BlobType", "Page for a VHD that is to be a disk.", choices="Block Page"),
            PARAMETER,
            FORCE,
            output=BLOB,
            confirms=True,
            as_job=True,
            examples={
                "A fixed VHD.": "Set-AzStorageBlobContent -File disk.vhd -Container vhds -BlobType Page "
                "-Context $context"
            },
        ),
        cmdlet(
            "Get-AzStorageBlobContent",
            "Downloads a blob to a file.",
            _get_content,
            *PLACE,
            plain("Destination", "The file; as the blob, and here, unless told.", aliases="Path FileName"),
            FORCE,
            default_set=BY_NAME,
            output=BLOB,
            confirms=True,
            as_job=True,
            examples={
                "A VHD.": "Get-AzStorageBlobContent -Blob disk.vhd -Container vhds -Destination disk.vhd "
                "-Context $context"
            },
        ),
        cmdlet(
            "Remove-AzStorageBlob",
            "Removes a blob.",
            _remove,
            *PLACE,
            FORCE,
            PASS_THRU,
            default_set=BY_NAME,
            output="System.Boolean",
            confirms=True,
            examples={
                "One blob.": "Remove-AzStorageBlob -Blob disk.vhd -Container vhds -Context $context",
                "All of them.": "Get-AzStorageBlob -Container vhds -Context $context | Remove-AzStorageBlob",
            },
        ),
        cmdlet(
            "Start-AzStorageBlobCopy",
            "Begins to copy a blob, or the bytes of a disk, to a blob.",
            _start_copy,
            *_COPY,
            default_set=_BY_CONTAINER,
            output=BLOB,
            confirms=True,
            examples={
                "The bytes of a disk.": "$uri = (Grant-AzDiskAccess lab data1 -Access Read "
                "-DurationInSecond 3600).AccessSAS\n"
                "Start-AzStorageBlobCopy -AbsoluteUri $uri -DestContainer vhds -DestBlob data1.vhd "
                "-DestContext $context"
            },
        ),
        cmdlet(
            "Get-AzStorageBlobCopyState",
            "Tells how far a copy to a blob is.",
            _copy_state,
            *NAMES,
            CLOUD,
            switch("WaitForComplete", "Wait until it has ended."),
            PARAMETER,
            default_set=BY_NAME,
            output=COPY_STATE,
            examples={
                "Wait for a copy.": "Get-AzStorageBlobCopyState -Blob data1.vhd -Container vhds -Context $context "
                "-WaitForComplete"
            },
        ),
    ),
    (
        View(
            BLOB, columns("Name BlobType Length ContentType LastModified AccessTier SnapshotTime IsDeleted"), table=True
        ),
        View(COPY_STATE, columns("CopyId CompletionTime Status Source BytesCopied TotalBytes StatusDescription")),
    ),
)
