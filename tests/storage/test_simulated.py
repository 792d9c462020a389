"""What only the simulated disk store can show: a power cut."""

from pathlib import Path

from calco.model.volume import MIB, Volume
from calco.ports import Clock
from calco.storage.simulated import SimulatedDiskStore

BASE, COPY, OTHER = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123")


def test_a_power_cut_takes_nothing_that_was_made_and_may_bring_back_what_was_deleted(
    tmp_path: Path, clock: Clock
) -> None:
    store = SimulatedDiskStore(tmp_path, clock)
    store.create(Volume(BASE, 4 * MIB))
    store.grow(BASE, 8 * MIB)
    store.freeze(BASE)
    store.create(Volume(COPY, 4 * MIB))
    store.create(Volume(OTHER, 4 * MIB))
    store.trash(OTHER)
    store.delete(COPY)

    store.power_cut()

    assert store.volumes() == {BASE, COPY}
    assert store.size_bytes(BASE) == 8 * MIB
    store.grow(BASE, 16 * MIB)
