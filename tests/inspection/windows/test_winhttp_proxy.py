"""The proxy of Windows' services, out of its binary value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.blocks import Unreadable
from calco.inspection.windows.winhttp_proxy import Proxy, parse

DIRECT = bytes.fromhex("1800000000000000010000000000000000000000")
"""As Microsoft shows it."""


def value(server: bytes, bypass: bytes) -> bytes:
    head = bytes.fromhex("180000000000000003000000")
    return head + b"".join(len(each).to_bytes(4, "little") + each for each in (server, bypass))


def test_direct_access_is_no_proxy() -> None:
    assert parse(DIRECT) is None


def test_a_proxy_comes_with_the_patterns_that_go_without_it() -> None:
    assert parse(value(b"proxy.contoso.com:8080", b"<local>;*.contoso.com 168.63.129.16")) == Proxy(
        "proxy.contoso.com:8080", ("<local>", "*.contoso.com", "168.63.129.16")
    )


@pytest.mark.parametrize("length", [0, 8, 11, 13, 20, len(value(b"proxy", b"a;b")) - 1])
def test_a_value_that_ends_too_early_is_unreadable(length: int) -> None:
    with pytest.raises(Unreadable, match="too early"):
        parse(value(b"proxy", b"a;b")[:length])


def test_a_list_that_never_ends_is_not_looked_through() -> None:
    with pytest.raises(Unreadable, match="text of 200000 bytes"):
        parse(value(b"proxy", b"a;" * 100_000))


@given(st.binary(max_size=256))
def test_any_bytes_are_a_proxy_direct_access_or_unreadable(content: bytes) -> None:
    try:
        proxy = parse(content)
    except Unreadable:
        return
    assert proxy is None or len(proxy.server) <= 200
