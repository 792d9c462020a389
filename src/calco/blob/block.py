"""Block blobs: put whole or in blocks. A body goes into a volume as it comes, and is nobody's until it is whole."""

import base64
import binascii

from calco.blob import blob as any_blob
from calco.blob import headers, page, xml
from calco.blob.call import Answer, Body, Call, Prepared
from calco.model import blob as model
from calco.model.blob import BlobType
from calco.model.conditions import Conditions
from calco.model.errors import ApiError
from calco.work import block_blob, container, stored_blob
from calco.work.block_blob import Block
from calco.work.stored_blob import Content


def prepare_put(call: Call) -> Prepared:
    """Whether a blob may be put here, before its bytes come. Raises ApiError."""
    if not model.is_blob_name(call.address.blob):
        raise model.bad_name()
    length = headers.number(call.headers, "content-length") or 0
    kind = call.headers.get("x-ms-blob-type", "")
    if "x-ms-copy-source" in call.headers:
        if kind:
            raise ApiError(400, "FeatureNotSupportedByCalco", "Put Blob from URL is not supported by calco.")
        return None
    if kind not in {each.value for each in BlobType}:
        raise _no_type(kind)
    if kind == BlobType.PAGE and length:
        raise model.bad_header("content-length", str(length))
    if kind == BlobType.BLOCK:
        stored_blob.check_place(call.cloud, call.target, headers.conditions(call.headers))
    return None


def _no_type(kind: str) -> ApiError:
    if not kind:
        return model.missing_header("x-ms-blob-type")
    return model.bad_header("x-ms-blob-type", f"{kind} (calco has PageBlob and BlockBlob)")


def receives(call: Call) -> bool:
    """Whether a PUT brings the bytes of a block blob."""
    return call.headers.get("x-ms-blob-type") == BlobType.BLOCK and "x-ms-copy-source" not in call.headers


def put(call: Call, body: Body) -> Answer:
    """Put Blob of either type, or Copy Blob."""
    if "x-ms-copy-source" in call.headers:
        return any_blob.copy(call)
    if call.headers.get("x-ms-blob-type") == BlobType.PAGE:
        return page.create(call)
    assert body.volume is not None, "a block blob is received into a volume"
    _check_md5(call, body)
    kept = headers.content(call.headers)
    kept.setdefault("contentMD5", base64.b64encode(body.md5).decode())
    content = Content(BlobType.BLOCK, kept, headers.metadata(call.headers))
    made = block_blob.put(call.cloud, call.target, body.volume, content, headers.conditions(call.headers))
    told = headers.version(made.version) | {"Content-MD5": base64.b64encode(body.md5).decode()}
    return Answer(201, told | {"x-ms-request-server-encrypted": "true"})


def _check_md5(call: Call, body: Body) -> None:
    for name in ("content-md5", "x-ms-blob-content-md5"):
        wanted = headers.md5(call.headers, name)
        if wanted is not None and wanted != body.md5:
            raise headers.md5_mismatch()


# --- blocks ----------------------------------------------------------------------------------------------------------


def prepare_block(call: Call) -> Prepared:
    """Raises ApiError."""
    _block_id(call)
    if not model.is_blob_name(call.address.blob):
        raise model.bad_name()
    with call.cloud.records.read() as view:
        container.get(view, call.home, call.address.container)
    return None


def _block_id(call: Call) -> str:
    """Raises ApiError: base64 of at most 64 bytes."""
    text = call.query.get("blockid", "")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not 1 <= len(raw) <= model.BLOCK_ID_BYTES_MAX:
        raise _bad_query("blockid")
    return text


def _bad_query(name: str) -> ApiError:
    what = "Value for one of the query parameters specified in the request URI is invalid"
    return ApiError(400, "InvalidQueryParameterValue", f"{what}: {name}.")


def put_block(call: Call, body: Body) -> Answer:
    assert body.volume is not None, "a block is received into a volume"
    if body.volume.size_bytes == 0:
        raise model.bad_header("content-length", "0")
    _check_md5(call, body)
    block_blob.stage(call.cloud, call.target, _block_id(call), body.volume, headers.conditions(call.headers))
    told = {"Content-MD5": base64.b64encode(body.md5).decode(), "x-ms-request-server-encrypted": "true"}
    return Answer(201, told)


def put_list(call: Call, body: Body) -> Answer:
    wanted = xml.read_block_list(bytes(body.data))
    given = {name: value for name, value in call.headers.items() if name not in {"content-type", "content-md5"}}
    content = Content(BlobType.BLOCK, headers.content(given), headers.metadata(call.headers))
    made = block_blob.commit(call.cloud, call.target, wanted, content, headers.conditions(call.headers))
    return Answer(201, headers.version(made.version) | {"x-ms-request-server-encrypted": "true"})


def get_list(call: Call, _body: Body) -> Answer:
    kind = call.query.get("blocklisttype", "committed").lower()
    if kind not in ("committed", "uncommitted", "all"):
        raise _bad_query("blocklisttype")
    with call.cloud.records.read() as view:
        found = stored_blob.find(call.cloud, view, call.target)
        waiting = block_blob.waiting(view, call.target)
        if found is None and not waiting:
            found = stored_blob.get(call.cloud, view, call.target)
    told = {"Content-Type": "application/xml"}
    committed: list[Block] = []
    if found is not None:
        if found.is_page:
            raise model.wrong_type()
        stored_blob.check_read(call.cloud, found, Conditions(lease=headers.conditions(call.headers).lease))
        committed = [*block_blob.committed(found)]
        told |= headers.version(found.version) | {"x-ms-blob-content-length": str(found.length)}
    body = xml.block_list(committed if kind != "uncommitted" else None, waiting if kind != "committed" else None)
    return Answer(200, told, body)
