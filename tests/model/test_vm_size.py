"""The table of sizes."""

import pytest

from calco.model.machine import Generation
from calco.model.vm_size import SIZES, VmSize, find


@pytest.mark.parametrize(
    ("name", "cores", "memory_mib", "disks"),
    [
        ("Standard_B1s", 1, 1024, 2),
        ("Standard_DS1_v2", 1, 3584, 4),
        ("Standard_D2s_v3", 2, 8192, 4),
        ("Standard_D4s_v5", 4, 16384, 8),
        ("Standard_E2s_v5", 2, 16384, 4),
        ("Standard_F4s_v2", 4, 8192, 8),
    ],
)
def test_sizes_are_as_azure_has_them_and_found_in_any_case(name: str, cores: int, memory_mib: int, disks: int) -> None:
    size = find(name.upper())
    assert size is not None
    assert (size.name, size.cores, size.memory_mib, size.max_data_disks) == (name, cores, memory_mib, disks)


def test_a_size_nobody_sells_is_none() -> None:
    assert find("Standard_Z99") is None
    assert find("") is None


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_every_size_can_boot_something_and_take_a_disk(size: VmSize) -> None:
    assert size.cores >= 1
    assert size.memory_mib >= 512
    assert 1 <= size.max_data_disks <= 64
    assert Generation.V1 in size.generations


def test_no_two_sizes_share_a_name_and_the_old_ones_boot_bios_only() -> None:
    assert len({size.name.lower() for size in SIZES}) == len(SIZES)
    old = find("Standard_D2_v3")
    assert old is not None
    assert old.generations == {Generation.V1}
