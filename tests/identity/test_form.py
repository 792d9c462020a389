"""Forms are read in measure and in time, or not at all."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.types import Message

from calco.identity.form import BadForm, Limits, read_pairs
from calco.request_body import SECONDS_MAX

LIMITS = Limits(bytes_max=20, fields_max=3, seconds_max=0.02)
PATIENCE_SECONDS = 30


def read(*pieces: bytes, ends: bool = True) -> Sequence[tuple[str, str]]:
    """What is read of a body that comes in those pieces. Not ``ends``: and then nothing more comes."""
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]
    if ends:
        messages[-1]["more_body"] = False
    left = iter(messages)

    async def receive() -> Message:
        for message in left:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    return asyncio.run(asyncio.wait_for(read_pairs(request, LIMITS), PATIENCE_SECONDS))


def test_a_form_is_its_names_and_values_in_their_order() -> None:
    assert read(b"b=1&a=%2", b"0&b=") == [("b", "1"), ("a", " "), ("b", "")]


def test_as_much_as_is_allowed_is_read() -> None:
    assert read(b"a=1&b=2&c=", b"3".ljust(10, b"x")) == [("a", "1"), ("b", "2"), ("c", "3xxxxxxxxx")]


@pytest.mark.parametrize(
    ("pieces", "ends", "status"),
    [
        ([b"a=", b"x" * 10, b"x" * 9], True, 413),
        ([b"a=" + b"x" * 19], False, 413),
        ([b"a=1"], False, 408),
        ([b"a=\xff"], True, 400),
        ([b"a=1&b=1&c=1&d=1"], True, 400),
    ],
    ids=["too large", "too large before its end", "never ends", "no text", "too many fields"],
)
def test_what_is_beyond_a_limit_is_not_read(pieces: Sequence[bytes], ends: bool, status: int) -> None:
    with pytest.raises(BadForm) as bad:
        read(*pieces, ends=ends)

    assert bad.value.status == status


def test_nobody_is_waited_for_longer_than_half_a_minute() -> None:
    assert Limits(1, 1).seconds_max == SECONDS_MAX
