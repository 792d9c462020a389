"""VM sizes: name, cores, memory, data disks, generations. Source: Azure, "Sizes for virtual machines"."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from calco.model.machine import Generation


@dataclass(frozen=True)
class VmSize:
    """``generations`` are the firmware generations the size can boot."""

    name: str
    cores: int
    memory_mib: int
    max_data_disks: int
    generations: frozenset[Generation] = frozenset(Generation)

    @property
    def takes_premium(self) -> bool:
        """Whether its disks may be premium ones: Azure puts an ``s`` into the names of such sizes."""
        return "s" in _parts(self.name)[1].lower()

    @property
    def family(self) -> str:
        """What quotas are counted by: ``standardDSv5Family``."""
        tier, series, version = _parts(self.name)
        return f"{tier.lower()}{_series_of(series, version)}Family"

    @property
    def family_words(self) -> str:
        """``Standard DSv5 Family vCPUs``."""
        tier, series, version = _parts(self.name)
        return f"{tier} {_series_of(series, version)} Family vCPUs"


_NAME = re.compile(r"(?P<tier>[A-Za-z]+)_(?P<letters>[A-Z]+)\d+(?P<more>[a-z]*)(_(?P<version>v\d+))?")


def _series_of(letters: str, version: str) -> str:
    """``DSv5``. All of B is one family, and so are the oldest of A. Source: Azure, "Check vCPU quotas"."""
    if letters == "A" and not version:
        return "A0_A7"
    return "BS" if letters.startswith("B") else letters.upper() + version


def _parts(name: str) -> tuple[str, str, str]:
    """Tier, letters and version of a size's name."""
    found = _NAME.fullmatch(name)
    assert found is not None, name
    return found["tier"], found["letters"] + found["more"], found["version"] or ""


_ONLY_V1 = frozenset({Generation.V1})


def _series(
    pattern: str, cores: Iterable[int], *, gib_per_core: float, disks: int, only_v1: bool = False
) -> list[VmSize]:
    return [
        VmSize(
            pattern.format(count),
            count,
            int(count * gib_per_core * 1024),
            min(64, count * disks),
            _ONLY_V1 if only_v1 else frozenset(Generation),
        )
        for count in cores
    ]


SIZES: tuple[VmSize, ...] = (
    VmSize("Standard_B1ls", 1, 512, 2),
    VmSize("Standard_B1s", 1, 1024, 2),
    VmSize("Standard_B1ms", 1, 2048, 2),
    VmSize("Standard_B2s", 2, 4096, 4),
    VmSize("Standard_B2ms", 2, 8192, 4),
    VmSize("Standard_B4ms", 4, 16384, 8),
    VmSize("Basic_A0", 1, 768, 1, _ONLY_V1),
    VmSize("Basic_A1", 1, 1792, 2, _ONLY_V1),
    VmSize("Standard_A0", 1, 768, 1, _ONLY_V1),
    VmSize("Standard_A1", 1, 1792, 2, _ONLY_V1),
    VmSize("Standard_A2", 2, 3584, 4, _ONLY_V1),
    VmSize("Standard_A1_v2", 1, 2048, 2, _ONLY_V1),
    VmSize("Standard_A2_v2", 2, 4096, 4, _ONLY_V1),
    VmSize("Standard_D1", 1, 3584, 4, _ONLY_V1),
    VmSize("Standard_D2", 2, 7168, 8, _ONLY_V1),
    VmSize("Standard_D3", 4, 14336, 16, _ONLY_V1),
    VmSize("Standard_DS1", 1, 3584, 4),
    VmSize("Standard_DS2", 2, 7168, 8),
    VmSize("Standard_DS3", 4, 14336, 16),
    VmSize("Standard_D1_v2", 1, 3584, 4, _ONLY_V1),
    VmSize("Standard_D2_v2", 2, 7168, 8, _ONLY_V1),
    VmSize("Standard_D3_v2", 4, 14336, 16, _ONLY_V1),
    VmSize("Standard_D4_v2", 8, 28672, 32, _ONLY_V1),
    VmSize("Standard_D5_v2", 16, 57344, 64, _ONLY_V1),
    VmSize("Standard_D15_v2", 20, 143360, 64, _ONLY_V1),
    VmSize("Standard_DS1_v2", 1, 3584, 4),
    VmSize("Standard_DS2_v2", 2, 7168, 8),
    VmSize("Standard_DS3_v2", 4, 14336, 16),
    VmSize("Standard_DS4_v2", 8, 28672, 32),
    VmSize("Standard_DS5_v2", 16, 57344, 64),
    VmSize("Standard_DS15_v2", 20, 143360, 64),
    *_series("Standard_D{}_v3", (2, 4, 8, 16), gib_per_core=4, disks=2, only_v1=True),
    *_series("Standard_D{}s_v3", (2, 4, 8, 16), gib_per_core=4, disks=2),
    *_series("Standard_D{}s_v4", (2, 4, 8, 16), gib_per_core=4, disks=2),
    *_series("Standard_D{}s_v5", (2, 4, 8, 16), gib_per_core=4, disks=2),
    *_series("Standard_D{}as_v5", (2, 4, 8, 16), gib_per_core=4, disks=2),
    *_series("Standard_E{}s_v5", (2, 4, 8, 16), gib_per_core=8, disks=2),
    *_series("Standard_F{}s_v2", (2, 4, 8, 16), gib_per_core=2, disks=2),
)

_BY_NAME = {size.name.lower(): size for size in SIZES}


def find(name: str) -> VmSize | None:
    """The size of that name, in any case; None when there is none."""
    return _BY_NAME.get(name.lower())
