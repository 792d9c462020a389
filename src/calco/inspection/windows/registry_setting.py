"""A value of Windows' registry as it should be: what is expected, looked at and mended is one row.

Keys are written as on the machine, where they are mended: ``SYSTEM\\CurrentControlSet\\Services\\Dhcp``. On a disk
there is no ``CurrentControlSet``; it is the set that ``Select\\Current`` names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from calco.inspection.blocks import Unreadable
from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.windows.hive import Data, Hive, Value
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

PAGE = 'Azure, "Prepare a Windows VHD or VHDX to upload to Azure"'
"""Says what most settings of Windows should be. Read at MicrosoftDocs/azure-compute-docs@127363a."""

SYSTEM_ROOT = "c:\\windows"
"""What ``%SystemRoot%`` stands for while nothing runs."""

SHOWN_BYTES = 16


class Look(Protocol):
    def __call__(self, windows: Windows, /) -> Found | None: ...


@dataclass(frozen=True)
class Setting:
    """``data`` as ``reg add`` takes it. ``or_absent``: as good as that when there is no such value, as with policies.
    ``also``: other numbers that do as well."""

    key: str
    name: str
    data: int | str
    type: str = "REG_DWORD"
    or_absent: bool = False
    also: tuple[int, ...] = ()

    @property
    def fix(self) -> str:
        data = f'"{self.data}"' if isinstance(self.data, str) else self.data
        return f'reg add "HKLM\\{self.key}" /v {self.name} /t {self.type} /d {data} /f'

    @property
    def expected(self) -> str:
        return f"{self.name} is {self.data}{' or absent' if self.or_absent else ''}"

    def look(self, windows: Windows, /) -> Found | None:
        value = value_of(windows, self.key, self.name)
        if value is None:
            return (passed if self.or_absent else failed)(f"{self.name} is absent")
        return (passed if self._is(value) else failed)(f"{self.name} is {shown(value)}")

    def _is(self, value: Value) -> bool:
        if isinstance(self.data, int):
            return value.type == self.type and value.data in {self.data, *self.also}
        return value.type in {"REG_SZ", "REG_EXPAND_SZ"} and _meant(value) == expanded(self.data)


@dataclass(frozen=True)
class Absent:
    """A value that should not be there."""

    key: str
    name: str

    @property
    def fix(self) -> str:
        return f'reg delete "HKLM\\{self.key}" /v {self.name} /f'

    @property
    def expected(self) -> str:
        return f"no {self.name}"

    def look(self, windows: Windows, /) -> Found | None:
        value = value_of(windows, self.key, self.name)
        return passed(f"{self.name} is absent") if value is None else failed(f"{self.name} is {shown(value)}")


def setting(
    code: str,
    severity: Severity,
    title: str,
    row: Setting | Absent,
    message: str,
    *,
    expected: str = "",
    fix: str = "",
    source: str = PAGE,
) -> Check[Windows]:
    """The check of a row. ``fix``: the command that Windows has for it, where it has one."""
    return Check(code, severity, title, expected or row.expected, message, fix or row.fix, source, row.look)


STARTS = ("boot", "system", "automatic", "manual", "disabled")
"""Of a service or driver: ``Start`` is the index."""


def service_key(service: str) -> str:
    return f"SYSTEM\\CurrentControlSet\\Services\\{service}"


@dataclass(frozen=True)
class Start:
    """How a service or driver starts. Nothing is said of one that is not installed when ``if_there``."""

    service: str
    start: int
    also: tuple[int, ...] = ()
    if_there: bool = False

    @property
    def row(self) -> Setting:
        return Setting(service_key(self.service), "Start", self.start, also=self.also)

    def look(self, windows: Windows, /) -> Found | None:
        if keys_of(windows, service_key(self.service)) is None:
            return None if self.if_there else failed(f"{self.service} is not installed")
        found = self.row.look(windows)
        value = value_of(windows, service_key(self.service), "Start")
        if found is None or value is None or not isinstance(value.data, int) or value.data >= len(STARTS):
            return found
        return replace(found, words=f"{self.service} is {STARTS[value.data]} (Start is {value.data})")


def start(code: str, severity: Severity, title: str, row: Start, message: str, *, source: str = PAGE) -> Check[Windows]:
    words = " or ".join(f"{STARTS[each]} (Start is {each})" for each in (row.start, *row.also))
    return Check(code, severity, title, words, message, row.row.fix, source, row.look)


def value_of(windows: Windows, key: str, name: str) -> Value | None:
    """None when the key or the value is absent. Raises Unreadable."""
    hive, path = place(windows, key)
    return hive.value(path, name)


def values_of(windows: Windows, key: str) -> Sequence[Value] | None:
    hive, path = place(windows, key)
    return hive.values(path)


def keys_of(windows: Windows, key: str) -> Sequence[str] | None:
    """The names of its subkeys; None when the key is absent."""
    hive, path = place(windows, key)
    return hive.keys(path)


def place(windows: Windows, key: str) -> tuple[Hive, str]:
    """The hive that holds a key of HKEY_LOCAL_MACHINE, and the path there."""
    root, path = key.split("\\", 1)
    if root == "SOFTWARE":
        return windows.software, path
    return windows.system, windows.current(path.removeprefix("CurrentControlSet\\"))


def expanded(text: str) -> str:
    """Lower case, with ``%SystemRoot%`` filled in."""
    return re.sub("%(systemroot|windir)%", lambda _: SYSTEM_ROOT, text.lower())


def _meant(value: Value) -> str:
    """Windows fills in variables of a REG_EXPAND_SZ only."""
    text = str(value.data)
    return expanded(text) if value.type == "REG_EXPAND_SZ" else text.lower()


def text_of(value: Value) -> str:
    """A value that must be text."""
    if not isinstance(value.data, str):
        raise Unreadable(f"{value.name} is {value.type}, not text")
    return value.data


def shown(value: Value) -> str:
    """A value's data in words, short."""
    return _in_words(value.data) + (
        "" if value.type in {"REG_DWORD", "REG_SZ", "REG_EXPAND_SZ"} else f" ({value.type})"
    )


def _in_words(data: Data) -> str:
    if isinstance(data, bytes):
        return data[:SHOWN_BYTES].hex() + ("..." if len(data) > SHOWN_BYTES else "")
    if isinstance(data, tuple):
        return ", ".join(data[:8])
    return str(data)
