"""Forms that are posted: read as far as they are sent in time and in measure, whoever sends them."""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

BODY_SECONDS_MAX = 30.0
"""For a whole body. The server itself waits for one for ever."""


@dataclass(frozen=True)
class Limits:
    bytes_max: int
    fields_max: int
    seconds_max: float = BODY_SECONDS_MAX


class BadForm(Exception):
    """Not read, or not to its end. ``status``: 413 too large, 408 too slow, 400 anything else. What is left of it is
    still to come: whoever answers should close the connection."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


async def read_pairs(request: Request, limits: Limits) -> list[tuple[str, str]]:
    """Names and values in their order, those without a value too. Raises BadForm."""
    try:
        async with asyncio.timeout(limits.seconds_max):
            body = await _body(request, limits.bytes_max)
    except TimeoutError:
        raise BadForm(408, "The request takes too long to come.") from None
    except ClientDisconnect:
        raise BadForm(400, "The request never came to its end.") from None
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=limits.fields_max)
    except ValueError as unreadable:
        raise BadForm(400, "The request is no form that can be read.") from unreadable


async def _body(request: Request, bytes_max: int) -> bytes:
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > bytes_max:
            raise BadForm(413, "The request is too large.")
    return bytes(read)
