"""XML as the blob service speaks it: written with escapes, read by defusedxml with no entities and a bounded size.

Source: Azure, "List Containers", "List Blobs", "Get Page Ranges", "Put Block List", "Status and error codes".
"""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from calco.model.errors import ApiError
from calco.ports import Extent
from calco.work.block_blob import Block, From

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def element(name: str, value: object | None = None, *, attributes: str = "") -> str:
    """``<Name>value</Name>``; an empty element for None. ``attributes`` is ready to be put in."""
    opening = f"{name} {attributes}" if attributes else name
    return f"<{opening} />" if value is None else f"<{opening}>{escape(str(value))}</{name}>"


def within(name: str, parts: Iterable[str], *, attributes: str = "") -> str:
    """An element that holds elements."""
    inner = "".join(parts)
    opening = f"{name} {attributes}" if attributes else name
    return f"<{opening}>{inner}</{name}>" if inner else f"<{opening} />"


def attribute(name: str, value: str) -> str:
    return f'{name}="{escape(value, {chr(34): "&quot;"})}"'


def document(body: str) -> bytes:
    return (_DECLARATION + body).encode()


def error(refusal: ApiError, request_id: str, time: str) -> bytes:
    """``<Error>``, with the request's id and the time in its message as Azure has them."""
    message = f"{refusal.message}\nRequestId:{request_id}\nTime:{time}"
    return document(within("Error", (element("Code", refusal.code), element("Message", message))))


def page_list(extents: Iterable[Extent]) -> bytes:
    """Ranges end at their last byte."""
    parts = (
        f"<PageRange><Start>{each.offset}</Start><End>{each.offset + each.length - 1}</End></PageRange>"
        for each in extents
    )
    return document(within("PageList", parts))


def block_list(committed: Sequence[Block] | None, waiting: Sequence[Block] | None) -> bytes:
    """Each list that was asked for; None for one that was not."""
    parts = []
    for name, blocks in (("CommittedBlocks", committed), ("UncommittedBlocks", waiting)):
        if blocks is not None:
            parts.append(
                within(name, (within("Block", (element("Name", e.id), element("Size", e.length))) for e in blocks))
            )
    return document(within("BlockList", parts))


def read_block_list(raw: bytes) -> list[tuple[From, str]]:
    """Block ids in order, and where each is to be looked for. Raises ApiError."""
    try:
        root = fromstring(raw, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as malformed:
        raise invalid() from malformed
    if root.tag != "BlockList":
        raise invalid()
    known = {each.value: each for each in From}
    found = []
    for each in root:
        if each.tag not in known or len(each) or not each.text:
            raise invalid()
        found.append((known[each.tag], each.text.strip()))
    return found


def is_well_formed(raw: bytes, root: str) -> bool:
    """Whether ``raw`` is XML whose outermost element is ``root``."""
    try:
        return bool(fromstring(raw, forbid_dtd=True).tag == root)
    except (ParseError, DefusedXmlException, ValueError):
        return False


def invalid() -> ApiError:
    return ApiError(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
