import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.compute import holder_protocol as protocol

ADDRESS = st.ip_addresses(v=4).map(str)
GUID = st.uuids().map(str)
MAC = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))


@given(st.builds(protocol.Plug, nic=GUID, subnet=st.text(min_size=1, max_size=80), mac=MAC, address=ADDRESS))
def test_a_plug_is_read_as_it_was_written(plug: protocol.Plug) -> None:
    assert protocol.read_command(msgspec.json.encode(plug)) == plug


@given(st.binary(max_size=300))
def test_anything_else_is_no_command(record: bytes) -> None:
    with pytest.raises(ValueError, match="not a command"):
        protocol.read_command(record)


@pytest.mark.parametrize(
    "field",
    [
        {"mac": "00:0d:3a:00:00:01\n"},
        {"mac": "00:0D:3A:00:00:01"},
        {"address": "10.0.0.4 dev lo"},
        {"address": "010.0.0.4"},
        {"address": "10.0.0.4\n"},
        {"nic": "aaaaaaaa-0000-4000-8000-000000000001\nlink del lo"},
        {"nic": "../x"},
        {"more": 1},
    ],
    ids=str,
)
def test_no_word_of_another_kind_gets_to_a_program(field: dict[str, object]) -> None:
    good = {
        "type": "Plug",
        "nic": "aaaaaaaa-0000-4000-8000-000000000001",
        "subnet": "default",
        "mac": "00:0d:3a:00:00:01",
        "address": "10.0.0.4",
    }
    assert isinstance(protocol.read_command(msgspec.json.encode(good)), protocol.Plug)

    with pytest.raises(ValueError, match="not a command"):
        protocol.read_command(msgspec.json.encode({**good, **field}))


@given(GUID)
def test_a_taps_name_fits_an_interface(nic: str) -> None:
    assert len(protocol.tap_of(nic)) <= 15
