"""Windows' boot configuration, and whether it starts the Windows that is on the disk."""

import struct
import uuid
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.blocks import KeptBlocks, Unreadable
from calco.inspection.look import look
from calco.inspection.windows.boot_store import (
    BOOT_MANAGER,
    GPT,
    LOCATE,
    MBR,
    PARTITION,
    BootStore,
    Device,
    Element,
    device_of,
)
from calco.inspection.windows.registry import open_hive
from calco.model.inspection import Result
from tests.inspection.disks import WINDOWS, Memory, Partition, gpt, mbr
from tests.inspection.windows.azure_ready import LOADER, element
from tests.inspection.windows.disk import WindowsDisk, ready_windows
from tests.inspection.windows.hives import hive


def partition(table: int, place: bytes) -> bytes:
    """A device element that names one partition."""
    return (
        bytes(16) + struct.pack("<IIII", PARTITION, 0, 0x48, 0) + place.ljust(16, b"\0") + struct.pack("<II", 0, table)
    )


def store(content: object) -> BootStore:
    assert isinstance(content, str | int | bytes)
    keys = {element(BOOT_MANAGER, Element.TIMEOUT): {"Element": content}}
    return BootStore(open_hive(hive(keys), []))


@pytest.mark.parametrize(("content", "number"), [(b"\5" + bytes(7), 5), (b"\1", 1), (b"\0", 0), (7, 7)])
def test_a_number_has_eight_bytes_a_truth_has_one(content: object, number: int) -> None:
    assert store(content).number(BOOT_MANAGER, Element.TIMEOUT) == number


@pytest.mark.parametrize("content", ["five", b"", bytes(9)])
def test_what_is_no_number_is_unreadable(content: object) -> None:
    with pytest.raises(Unreadable, match="25000004"):
        store(content).number(BOOT_MANAGER, Element.TIMEOUT)


def test_what_is_not_set_is_none() -> None:
    assert store(1).number(LOADER, Element.TIMEOUT) is None
    assert store(1).default() is None


def test_a_device_is_a_partition_by_its_guid_or_its_place_or_something_to_look_for() -> None:
    id = uuid.uuid4()

    assert device_of(partition(GPT, id.bytes_le)) == Device(PARTITION, partition=str(id))
    assert device_of(partition(MBR, (1 << 20).to_bytes(8, "little"))) == Device(PARTITION, offset=1 << 20)
    assert device_of(bytes(16) + struct.pack("<I", LOCATE)) == Device(LOCATE)


@given(st.binary(max_size=96))
def test_any_bytes_are_a_device_or_unreadable(content: bytes) -> None:
    with suppress(Unreadable):
        assert device_of(content).kind >= 0


BLOCKED = {"windows.bcd-device", "windows.bcd-osdevice"}


def windows_booting(device: bytes) -> WindowsDisk:
    machine = ready_windows()
    for what in (Element.DEVICE, Element.OS_DEVICE):
        machine.boot[element(LOADER, what)] = {"Element": device}
    return machine


def failing(disk: bytes) -> set[str]:
    """What of where it boots from fails."""
    seen = look(KeptBlocks(Memory(disk))).seen
    return {each.code for each in seen if each.result is Result.FAILED} & BLOCKED


OWN = uuid.UUID("6f1b3a52-1111-4222-8333-444455556666")


@pytest.mark.parametrize(("named", "blocked"), [(OWN, set()), (uuid.UUID(int=7), BLOCKED)])
def test_on_a_gpt_the_boot_configuration_names_the_partition_of_windows_by_its_guid(
    named: uuid.UUID, blocked: set[str]
) -> None:
    machine = windows_booting(partition(GPT, named.bytes_le))

    assert failing(gpt(Partition(machine.bare(), type=WINDOWS, uuid=str(OWN)))) == blocked


@pytest.mark.parametrize(("named", "blocked"), [(1 << 20, set()), (2 << 20, BLOCKED)])
def test_on_an_mbr_the_boot_configuration_names_the_partition_of_windows_by_its_place(
    named: int, blocked: set[str]
) -> None:
    machine = windows_booting(partition(MBR, named.to_bytes(8, "little")))

    assert failing(mbr(Partition(machine.bare(), mbr_type="7"))) == blocked


@pytest.mark.parametrize("kind", [0, 3, 7])
def test_a_boot_configuration_that_starts_from_something_else_blocks_booting(kind: int) -> None:
    machine = windows_booting(bytes(16) + struct.pack("<I", kind))

    assert machine.failing() == BLOCKED


def test_without_a_default_entry_the_machine_does_not_boot_and_the_entry_is_unread() -> None:
    machine = ready_windows()
    del machine.boot[element(BOOT_MANAGER, Element.DEFAULT_OBJECT)]
    seen = {each.code: each for each in machine.seen().seen}

    assert seen["windows.bcd-device"].result is Result.FAILED
    assert seen["windows.bcd-recovery"].result is Result.NOT_READ
    assert seen["windows.bcd-timeout"].result is Result.PASSED
