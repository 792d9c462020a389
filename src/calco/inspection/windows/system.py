"""Windows on a disk: where it is, its hives, and which one it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from calco.inspection.blocks import Unreadable
from calco.inspection.check import attempt
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.files.volumes import Disk, Volume
from calco.inspection.windows.hive import Data, Hive, OpenHive, Value

CONFIG = "/Windows/System32/config"
HIVE_BYTES_MAX = 256 << 20
"""The largest SOFTWARE seen in the field is near 200 MB."""

BOOT_PLACES = ("/EFI/Microsoft/Boot/BCD", "/Boot/BCD")
"""Where the boot configuration is: with UEFI on the EFI partition, with BIOS on the active one."""

VERSION = r"Microsoft\Windows NT\CurrentVersion"

WINDOWS_10, WINDOWS_11 = 10240, 22000
"""First builds."""

ARCHITECTURES = {"AMD64": "x64", "ARM64": "Arm64", "X86": "x86"}
"""As Azure writes them."""


@dataclass(frozen=True)
class Release:
    """``name``: ``Windows 11 Pro``; ``version``: ``10.0.22631.3007``; ``label``: ``23H2``. Empty, and 0, when it could
    not be read; ``why`` then says why."""

    name: str = ""
    version: str = ""
    label: str = ""
    edition: str = ""
    architecture: str = ""
    build: int = 0
    is_server: bool = False
    why: str = ""


@dataclass(frozen=True)
class Windows:
    """A Windows system as checks see it. A hive that cannot be read is there all the same, and raises Unreadable at
    every question. ``control_set``: the key of SYSTEM that stands for ``CurrentControlSet``. ``boot`` is the BCD hive,
    None when there is none on the disk. ``others``: where else on the disk a Windows is."""

    disk: Disk
    volume: Volume
    files: FileSystem
    system: Hive
    software: Hive
    accounts: Hive
    control_set: str
    boot: Hive | None
    release: Release
    others: tuple[str, ...] = ()

    @property
    def stale(self) -> str:
        """Why what is read may be older than what Windows wrote last; empty when it was shut down cleanly."""
        parts = (self.files.stale, self.system.stale, self.software.stale)
        return next(filter(None, parts), "")

    def current(self, path: str) -> str:
        """A path below ``CurrentControlSet``, in SYSTEM."""
        return f"{self.control_set}\\{path}"


class UnreadableHive:
    """``Hive`` that could not be opened."""

    def __init__(self, why: str, stale: str = "") -> None:
        self.why, self.stale = why, stale

    def value(self, path: str, name: str) -> Value | None:
        del path, name
        raise Unreadable(self.why)

    def values(self, path: str) -> Sequence[Value] | None:
        del path
        raise Unreadable(self.why)

    def keys(self, path: str) -> Sequence[str] | None:
        del path
        raise Unreadable(self.why)


def find(disk: Disk, open_hive: OpenHive) -> Windows | None:
    """The system that is on the disk; None when there is none. Raises Unreadable where one may be."""
    damage: list[str] = []
    found = [
        (volume, volume.files)
        for volume in disk.volumes
        if volume.files is not None and _holds_windows(volume, volume.files, damage.append)
    ]
    if not found and damage:
        raise Unreadable(damage[0])
    if not found:
        return None
    volume, files = found[0]
    others = [other.name for other, _ in found[1:]] + [f"a place that cannot be read, {each}" for each in damage]
    others += [f"{each.name}, {place}" for each in disk.volumes for place in _elsewhere(each)]
    system = _hive(files, f"{CONFIG}/SYSTEM", open_hive)
    software = _hive(files, f"{CONFIG}/SOFTWARE", open_hive)
    control_set, system = _control_set(system)
    return Windows(
        disk=disk,
        volume=volume,
        files=files,
        system=system,
        software=software,
        accounts=_hive(files, f"{CONFIG}/SAM", open_hive),
        control_set=control_set,
        boot=_boot(disk, open_hive),
        release=attempt(lambda: _release(software, system, control_set), lambda why: Release(why=why)),
        others=tuple(others),
    )


def _holds_windows(volume: Volume, files: FileSystem, damaged: Callable[[str], None]) -> bool:
    try:
        return files.type == "ntfs" and files.entry(f"{CONFIG}/SYSTEM") is not None
    except Unreadable as why:
        damaged(f"{CONFIG} of {volume.name}: {why}")
        return False


def _elsewhere(volume: Volume) -> Iterator[str]:
    """Folders with a Windows that has another name than usual: the boot configuration may start any of them, but not
    what an upgrade moved away. FAT may hold one that is old enough."""
    files = volume.files
    if files is None or files.type not in {"ntfs", "fat"}:
        return
    try:
        for entry in files.list("/") or ():
            is_usual = entry.name.upper() == "WINDOWS" and files.type == "ntfs"
            if is_usual or entry.name.upper().startswith("WINDOWS.OLD") or entry.kind is Kind.FILE:
                continue
            if files.entry(f"/{entry.name}/System32/config/SYSTEM") is not None:
                yield f"/{entry.name}"
    except Unreadable as why:
        yield f"where something cannot be read: {why}"


def _hive(files: FileSystem, path: str, open_hive: OpenHive) -> Hive:
    name = path.rsplit("/", 1)[-1]

    def unreadable(why: str) -> Hive:
        return UnreadableHive(f"the hive {name} cannot be read: {why}")

    return attempt(lambda: _opened(files, path, name, open_hive), unreadable)


def _opened(files: FileSystem, path: str, name: str, open_hive: OpenHive) -> Hive:
    content = files.read(path, HIVE_BYTES_MAX + 1)
    if content is None:
        raise Unreadable("it is not there")
    if len(content) > HIVE_BYTES_MAX:
        raise Unreadable(f"it is longer than {HIVE_BYTES_MAX >> 20} MiB")
    folder = path.removesuffix(name)
    logs = [files.read(f"{folder}{name}.{each}", HIVE_BYTES_MAX) for each in ("LOG1", "LOG2")]
    return open_hive(content, [each for each in logs if each])


def _control_set(system: Hive) -> tuple[str, Hive]:
    """Its name; a SYSTEM that does not tell is of no use."""
    try:
        current = system.value("Select", "Current")
        if current is None or not isinstance(current.data, int) or not 0 < current.data < 1000:
            raise Unreadable("the hive SYSTEM does not tell its current control set")
    except Unreadable as why:
        return "CurrentControlSet", UnreadableHive(str(why), system.stale)
    return f"ControlSet{current.data:03}", system


def _boot(disk: Disk, open_hive: OpenHive) -> Hive | None:
    """The boot configuration that this disk's firmware finds."""
    damage = ""
    for place in BOOT_PLACES:
        for volume in disk.volumes:
            if volume.files is None:
                continue
            try:
                if volume.files.entry(place) is not None:
                    return _hive(volume.files, place, open_hive)
            except Unreadable as why:
                damage = f"{volume.name}: {why}"
    return UnreadableHive(damage) if damage else None


def _release(software: Hive, system: Hive, control_set: str) -> Release:
    known = {each.name.lower(): each.data for each in software.values(VERSION) or ()}
    build = _number(known.get("currentbuild", known.get("currentbuildnumber")))
    kind = _text(known.get("installationtype"))
    name = _text(known.get("productname"))
    is_server = kind.lower().startswith("server") or "server" in name.lower()
    if build >= WINDOWS_11 and not is_server:  # its own name was never brought up to date
        name = name.replace("Windows 10", "Windows 11")
    return Release(
        name=name,
        version=_version(known, build),
        label=_text(known.get("displayversion") or known.get("releaseid") or known.get("csdversion")),
        edition=_text(known.get("editionid")),
        architecture=attempt(lambda: _architecture(system, control_set), lambda _: ""),
        build=build,
        is_server=is_server,
        why="" if build else "SOFTWARE holds no build number",
    )


def _version(known: dict[str, Data], build: int) -> str:
    """From Windows 10 on, ``CurrentVersion`` stays 6.3."""
    if "currentmajorversionnumber" in known:
        numbers = _number(known["currentmajorversionnumber"]), _number(known.get("currentminorversionnumber"))
        first = ".".join(map(str, numbers))
    else:
        first = _text(known.get("currentversion"))
    rest = [str(build), str(known["ubr"])] if "ubr" in known else [str(build)]
    return ".".join([first, *rest]) if build else ""


def _architecture(system: Hive, control_set: str) -> str:
    value = system.value(rf"{control_set}\Control\Session Manager\Environment", "PROCESSOR_ARCHITECTURE")
    said = _text(value.data) if value else ""
    return ARCHITECTURES.get(said.upper(), said)


def _text(data: Data | None) -> str:
    return data if isinstance(data, str) else ""


def _number(data: Data | None) -> int:
    """0 for anything that is none."""
    if isinstance(data, int):
        return data
    return int(data) if isinstance(data, str) and data.isascii() and data.isdigit() and len(data) < 10 else 0
