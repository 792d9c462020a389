"""Addresses of a subnet: Azure keeps the first four and the last."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.subnet import Subnet

SUBNET = Subnet("default", IPv4Network("10.0.0.0/29"))
PREFIXES = st.builds(
    lambda number, bits: IPv4Network((number, bits), strict=False), st.integers(0, 2**32 - 1), st.integers(8, 29)
)


def test_the_first_machine_gets_the_fourth_address_and_the_gateway_has_the_first() -> None:
    assert SUBNET.gateway == "10.0.0.1"
    assert SUBNET.first_free(()) == "10.0.0.4"


def test_the_lowest_free_address_is_given_and_none_when_all_are_taken() -> None:
    assert SUBNET.first_free({"10.0.0.4", "10.0.0.6"}) == "10.0.0.5"
    assert SUBNET.first_free({"10.0.0.4", "10.0.0.5", "10.0.0.6"}) is None


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.7", "10.0.0.8", "9.9.9.9"])
def test_kept_and_foreign_addresses_are_nobodys(address: str) -> None:
    assert not SUBNET.holds(address)


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.4.5", "10.0.0.256", "10.0.0.x", "10.0.0.-4", "::1", "10.0.0.٤", "10.0.0."]
)
def test_what_is_no_address_is_held_by_no_subnet(text: str) -> None:
    assert not SUBNET.holds(text)


@given(PREFIXES, st.integers(0, 2**32 - 1))
def test_what_is_given_is_held_and_what_is_held_lies_inside(prefix: IPv4Network, number: int) -> None:
    subnet = Subnet("any", prefix)
    first = subnet.first_free(())
    assert first is not None
    assert subnet.holds(first)
    if subnet.holds(str(IPv4Address(number))):
        assert IPv4Address(number) in prefix
