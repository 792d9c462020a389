"""A row of what the registry should hold: the value that is right, and the command that writes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from calco.inspection.files.partitions import volumes_of
from calco.inspection.windows.hive import Value
from calco.inspection.windows.look import Windows, find
from calco.inspection.windows.registry import open_hive
from calco.inspection.windows.registry_setting import Absent, Setting, Start
from calco.model.inspection import Result
from tests.inspection.disks import Memory
from tests.inspection.windows.disk import ready_windows


@dataclass
class OneValue:
    """``Hive`` in which every key has that value, or none."""

    held: Value | None
    asked: list[str]
    stale: str = ""

    def value(self, path: str, name: str) -> Value | None:
        self.asked.append(f"{path}\\{name}")
        return self.held

    def values(self, path: str) -> Sequence[Value] | None:
        self.asked.append(path)
        return [self.held] if self.held else []

    def keys(self, path: str) -> Sequence[str] | None:
        self.asked.append(path)
        return []


@pytest.fixture(scope="module")
def ready() -> Windows:
    windows = find(volumes_of(Memory(ready_windows().bare())), open_hive)
    assert windows is not None
    return windows


def result(ready: Windows, row: Setting | Absent | Start, held: Value | None) -> Result:
    hive = OneValue(held, [])
    found = row.look(replace(ready, system=hive, software=hive))
    assert found is not None
    return found.result


ON = Setting("SYSTEM\\CurrentControlSet\\Control\\Thing", "On", 1)
TEMP = Setting("SYSTEM\\CurrentControlSet\\Control\\Thing", "TEMP", "%SystemRoot%\\TEMP", "REG_EXPAND_SZ")


@pytest.mark.parametrize(
    ("row", "type", "data", "right"),
    [
        (ON, "REG_DWORD", 1, True),
        (ON, "REG_DWORD", 0, False),
        (ON, "REG_QWORD", 1, False),
        (ON, "REG_SZ", "1", False),
        (replace(ON, also=(2,)), "REG_DWORD", 2, True),
        (TEMP, "REG_EXPAND_SZ", "%systemroot%\\temp", True),
        (TEMP, "REG_SZ", "c:\\windows\\TEMP", True),
        (TEMP, "REG_SZ", "%SystemRoot%\\TEMP", False),
        (TEMP, "REG_MULTI_SZ", ("%SystemRoot%\\TEMP",), False),
    ],
)
def test_a_value_is_right_when_windows_takes_it_for_what_it_should_be(
    ready: Windows, row: Setting, type: str, data: int | str | tuple[str, ...], right: bool
) -> None:
    held = Value(row.name, type, data)

    assert result(ready, row, held) is (Result.PASSED if right else Result.FAILED)


def test_a_value_that_is_absent_is_right_only_where_the_row_says_so(ready: Windows) -> None:
    assert result(ready, ON, None) is Result.FAILED
    assert result(ready, replace(ON, or_absent=True), None) is Result.PASSED
    assert result(ready, Absent(ON.key, ON.name), None) is Result.PASSED
    assert result(ready, Absent(ON.key, ON.name), Value("On", "REG_DWORD", 0)) is Result.FAILED


def test_a_row_is_looked_up_in_the_control_set_that_counts_and_mended_in_the_one_that_runs(ready: Windows) -> None:
    hive = OneValue(None, [])
    ON.look(replace(ready, system=hive, control_set="ControlSet007"))

    assert hive.asked == ["ControlSet007\\Control\\Thing\\On"]
    assert ON.fix == 'reg add "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Thing" /v On /t REG_DWORD /d 1 /f'
    assert TEMP.fix.endswith('/v TEMP /t REG_EXPAND_SZ /d "%SystemRoot%\\TEMP" /f')
    assert Absent(ON.key, ON.name).fix == 'reg delete "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Thing" /v On /f'


@pytest.mark.parametrize("odd", [9, 1 << 31])
def test_a_start_that_windows_does_not_know_is_told_as_it_is(ready: Windows, odd: int) -> None:
    hive = OneValue(Value("Start", "REG_DWORD", odd), [])
    found = Start("Dhcp", 2).look(replace(ready, system=hive))

    assert found is not None
    assert (found.result, found.words) == (Result.FAILED, f"Start is {odd}")
