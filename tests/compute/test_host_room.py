"""Memory that is promised counts before it is touched."""

import pytest

from calco.compute.host_room import HostRoom, Promise, available_mib


@pytest.mark.parametrize(
    ("room", "running", "wanted", "fits"),
    [
        (HostRoom(None, 0, lambda: 1000), [], 1000, True),
        (HostRoom(None, 0, lambda: 1000), [], 1001, False),
        (HostRoom(None, 100, lambda: 1000), [], 901, False),
        (HostRoom(None, 0, lambda: 1000), [Promise(600, 100)], 500, True),
        (HostRoom(None, 0, lambda: 1000), [Promise(600, 100)], 501, False),
        (HostRoom(None, 0, lambda: 1000), [Promise(600, 900)], 1000, True),
        (HostRoom(1000, 0, lambda: 9000), [Promise(600, 600)], 400, True),
        (HostRoom(1000, 0, lambda: 9000), [Promise(600, 600)], 401, False),
    ],
)
def test_a_machine_fits_when_all_promises_can_be_kept(
    room: HostRoom, running: list[Promise], wanted: int, fits: bool
) -> None:
    assert (room.shortage(wanted, running) is None) is fits


def test_what_a_replaced_machine_gives_back_counts() -> None:
    room = HostRoom(None, 0, lambda: 100)
    assert room.shortage(300, [], returned_mib=200) is None
    assert room.shortage(301, [], returned_mib=200) == "301 MiB wanted, 300 MiB free on this host"


def test_this_host_says_what_it_has() -> None:
    assert available_mib() > 0
