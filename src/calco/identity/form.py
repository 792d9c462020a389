"""Forms that are posted: read as far as they are sent in time and in measure, whoever sends them."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from calco import request_body


@dataclass(frozen=True)
class Limits:
    bytes_max: int
    fields_max: int
    seconds_max: float = request_body.SECONDS_MAX


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
        body = await request_body.read(request, limits.bytes_max, seconds_max=limits.seconds_max)
    except request_body.TooLarge:
        raise BadForm(413, "The request is too large.") from None
    except request_body.TooSlow:
        raise BadForm(408, "The request takes too long to come.") from None
    except ClientDisconnect:
        raise BadForm(400, "The request never came to its end.") from None
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=limits.fields_max)
    except ValueError as unreadable:
        raise BadForm(400, "The request is no form that can be read.") from unreadable
