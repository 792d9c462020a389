"""Bodies of requests, read as far as they are sent in time and in measure: the server itself waits for one for ever."""

import asyncio

from starlette.requests import Request

SECONDS_MAX = 30.0
"""For a whole body."""


class TooLarge(Exception):
    """More was sent than is read. What is left may still be to come: whoever answers should close the connection."""


class TooSlow(Exception):
    """It did not come to its end in time. What is left is still to come, as above."""


async def read(
    request: Request, bytes_max: int, *, drain_bytes_max: int = 0, seconds_max: float = SECONDS_MAX
) -> bytes:
    """The whole body. One that is too large is read on and thrown away, up to ``drain_bytes_max`` in all, so that the
    refusal reaches a client that is still sending. Raises TooLarge, TooSlow and ClientDisconnect."""
    kept, length = bytearray(), 0
    try:
        async with asyncio.timeout(seconds_max):
            async for piece in request.stream():
                length += len(piece)
                if length <= bytes_max:
                    kept += piece
                elif length > drain_bytes_max:
                    break
    except TimeoutError:
        if length <= bytes_max:
            raise TooSlow from None
    if length > bytes_max:
        raise TooLarge
    return bytes(kept)
