"""Settings: one table. A row is a field of ``Settings``: name, type, default, limits, help. Its environment variable
and its flag follow from the name: ``port`` is ``CALCO_PORT`` and ``--port``.

A value comes from the first of: flag, environment, ``settings.toml`` in the data directory, default. All of them are
read by the same rules, so that a mistake is named the same way wherever it was made.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Literal, TypeVar, get_args, get_type_hints

from calco.model import bucket, price
from calco.model.blob_host import read_hosts
from calco.model.catalogue import read_aliases
from calco.model.region import read_zones

T = TypeVar("T")
Value = bool | int | float | str | Path | tuple[str, ...] | None

FILE_NAME = "settings.toml"

LOCATIONS = (
    "westeurope", "northeurope", "francecentral", "germanywestcentral", "spaincentral", "swedencentral",
    "switzerlandnorth", "uksouth", "ukwest", "eastus", "eastus2", "centralus", "northcentralus", "southcentralus",
    "westus", "westus2", "westus3", "canadacentral", "brazilsouth", "mexicocentral", "japaneast", "koreacentral",
    "southeastasia", "eastasia", "australiaeast", "centralindia", "southafricanorth", "uaenorth",
)  # fmt: skip

ZONES = tuple(f"{each}={0 if each in ('ukwest', 'northcentralus', 'westus') else 3}" for each in LOCATIONS)
"""Source: Azure, "List of Azure regions", availability zone support."""
PRICES = (
    "Standard_LRS=0.05", "Standard_ZRS=0.05", "StandardSSD_LRS=0.132", "StandardSSD_ZRS=0.198", "Premium_LRS=0.132",
    "Premium_ZRS=0.198",
)  # fmt: skip
"""US dollars for snapshots in East US, December 2021. Source: MicrosoftDocs/azure-docs, issue 84663, quoting Azure's
page "Managed Disks pricing"."""


_SUFFIX = re.compile(r"(?=.{1,150}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class SettingsError(Exception):
    """A setting that cannot be used; the text names it, where it came from and what would do."""


@dataclass(frozen=True)
class Row:
    """One setting as flags, files and help see it. ``choices`` is empty when any value of the type will do."""

    name: str
    type: type
    optional: bool
    choices: tuple[str, ...]
    limits: tuple[float, float] | None
    variable: str
    help: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


def _row(
    default: T,
    help: str,
    *,
    limits: tuple[float, float] | None = None,
    variable: str | None = None,
) -> T:
    meant: T = field(default=default, metadata={"help": help, "limits": limits, "variable": variable})
    return meant


@dataclass(frozen=True)
class Settings:
    """Units are in the names."""

    data_dir: Path = _row(  # noqa: RUF009 - makes a field, as ``field`` does
        Path(),
        "Where everything is kept; one service at a time. Default: calco under the XDG data directory.",
        variable="CALCO_HOME",
    )
    port: int = _row(8443, "TCP port of the API on this machine's loopback; 0 takes any free one.", limits=(0, 65535))
    blob_port: int = _row(
        0,
        "TCP port of the blob endpoint on this machine's loopback; 0 takes a free one once and keeps it.",
        limits=(0, 65535),
    )
    hypervisor: Literal["qemu", "simulated"] = _row("qemu", "What runs machines: real ones, or none at all.")
    network: Literal["auto", "namespace", "slirp"] = _row(
        "auto", "How machines are connected; auto takes namespaces where this machine has them."
    )
    provisioning_timeout_seconds: float = _row(
        2400, "How long a guest may take to report that it is ready, from power-on.", limits=(1, 86400)
    )
    boots_per_core: int = _row(
        2, "How many machines may be booting at once, for each core of the host.", limits=(1, 64)
    )
    deployments_at_once: int = _row(
        20, "How many machines may be made of one managed image at once; the others wait their turn.", limits=(1, 10000)
    )
    strict: Literal["off", "on"] = _row(
        "off", "Whether a machine that waits for its turn longer than the provisioning limit fails, as Azure's does."
    )
    capture_require_generalized: bool = _row(
        False,
        "Whether a capture is refused when its OS disk does not look generalized, whatever its flag says; otherwise "
        "the operation carries a warning.",
    )
    guest_cores_max: int | None = _row(
        None, "The most cores a machine gets, whatever its vmSize; default: all the host has.", limits=(1, 1024)
    )
    guest_memory_mib_max: int = _row(
        2048, "The most memory a machine gets, whatever its vmSize.", limits=(128, 16 * 1024 * 1024)
    )
    host_memory_reserve_mib: int = _row(
        1024, "Memory that machines leave to the host; a machine that would take it is AllocationFailed.",
        limits=(0, 16 * 1024 * 1024),
    )  # fmt: skip
    power_off_grace_seconds: float = _row(
        90, "How long a guest that is asked to shut down may take before its plug is pulled.", limits=(0, 3600)
    )
    subscription_name: str = _row("calco", "The display name of the subscription.")
    locations: tuple[str, ...] = _row(LOCATIONS, "The regions on offer, comma-separated; the first is the default.")
    zones: tuple[str, ...] = _row(
        ZONES, "Availability zones of each region, comma-separated (eastus=3, westus=0); one not named has none."
    )
    price_per_gib_month: tuple[str, ...] = _row(
        PRICES, "Prices by storage type from which the monthly cost of an image is estimated (Standard_LRS=0.05)."
    )
    blob_hosts: tuple[str, ...] = _row(
        (),
        "Other hosts whose page blobs may be read, comma-separated (account.blob.core.windows.net, storage.lab:10000). "
        "An address that is not public is read only if it is listed itself (192.168.1.7:10000).",
    )
    cores_per_region: int = _row(
        350, "How many cores the machines of one region may have together, by their sizes.", limits=(0, 1_000_000)
    )
    image_aliases: tuple[str, ...] = _row(
        (),
        "What names of platform images stand for, comma-separated: a base image "
        "(Ubuntu2204=Debian:debian-12:12:latest) or a managed image of one's own by group and name "
        "(Canonical:*:22_04-lts:latest=lab/golden).",
    )
    trash_days: int = _row(7, "How long volumes that nothing owns are kept before they are removed.", limits=(0, 3650))
    activity_log_days: int = _row(
        90, "How long it is known who asked for what, and how an operation ended.", limits=(1, 3650)
    )
    throttle: tuple[str, ...] = _row(
        (),
        "Limits beyond which requests are refused with 429, comma-separated: Azure's name of a bucket, with a size of "
        "one's own (CreateImages3Min=40) or without, which is Azure's; azure for all of them. Default: none.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _row("info", "How much the log says.")
    after_host_reboot: Literal["stopped", "start"] = _row(
        "stopped", "What becomes of machines that ran when the host went down."
    )
    long_poll_seconds: float = _row(
        20, "How long a poll of an unfinished operation is held open; 0 answers at once.", limits=(0, 60)
    )
    public_address_range: str = _row(
        "203.0.113.0/24",
        "The IPv4 range that public IP addresses are taken from (CIDR); never routed off this machine.",
    )

    dns_suffix: str = _row(
        "cloudapp.calco.internal",
        "What follows label and region in a public address's full name. With Azure's (cloudapp.azure.com) the name of "
        "a machine here may be that of a stranger's there.",
    )

    def __post_init__(self) -> None:
        if not self.locations:
            raise SettingsError("locations: at least one region is needed")
        for name, values, reader in (
            ("zones", self.zones, read_zones),
            ("price_per_gib_month", self.price_per_gib_month, price.read),
            ("blob_hosts", self.blob_hosts, read_hosts),
            ("image_aliases", self.image_aliases, read_aliases),
            ("throttle", self.throttle, bucket.read),
        ):
            try:
                reader(values)
            except ValueError as why:
                raise SettingsError(f"{name}: {why}") from why
        if not _SUFFIX.fullmatch(self.dns_suffix):
            raise SettingsError(f"dns_suffix: {self.dns_suffix!r} is no domain; write it like cloudapp.lab.internal")
        try:
            IPv4Network(self.public_address_range)
        except ValueError as why:
            raise SettingsError(f"public_address_range: {why}; write it like 203.0.113.0/24") from why


@cache
def rows() -> tuple[Row, ...]:
    """Every setting, in the order they are shown."""
    hints = get_type_hints(Settings)
    return tuple(_as_row(each.name, hints[each.name], each.metadata) for each in fields(Settings))


def _as_row(name: str, hint: object, metadata: Mapping[str, object]) -> Row:
    arguments = get_args(hint)
    choices = tuple(each for each in arguments if isinstance(each, str))
    optional = type(None) in arguments
    kinds = [each for each in (*arguments, hint) if isinstance(each, type) and each is not type(None)]
    kind = str if choices else (tuple if hint == tuple[str, ...] else kinds[0])
    limits = metadata["limits"]
    return Row(
        name=name,
        type=kind,
        optional=optional,
        choices=choices,
        limits=limits if isinstance(limits, tuple) else None,
        variable=str(metadata["variable"] or f"CALCO_{name.upper()}"),
        help=str(metadata["help"]),
    )


def load(flags: Mapping[str, str | None], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. ``flags`` maps names to texts; None is a flag that was not given.

    Raises SettingsError; the message can be shown as it stands.
    """
    environ = os.environ if environ is None else environ
    texts: dict[str, tuple[str, object]] = {}
    for row in rows():
        flag = flags.get(row.name)
        if flag is not None:
            texts[row.name] = (row.flag, flag)
        elif environ.get(row.variable):
            texts[row.name] = (row.variable, environ[row.variable])
    folder = texts.pop("data_dir", None)
    data_dir = Path(str(folder[1])) if folder else default_data_dir(environ)
    values: dict[str, Value] = {}
    for name, (source, given) in {**_from_file(data_dir / FILE_NAME), **texts}.items():
        values[name] = read(_row_named(name), given, source)
    # Absolute, links resolved: the same directory must have one name, whoever asks and wherever they stand.
    values["data_dir"] = data_dir.expanduser().resolve()
    return Settings(**values)  # type: ignore[arg-type] # each was read by its own row


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """calco's folder in the XDG data directory. Source: XDG Base Directory Specification 0.8."""
    base = environ.get("XDG_DATA_HOME", "")
    # The specification says to ignore a relative path.
    root = Path(base) if base.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local/share"
    return root / "calco"


def _from_file(file: Path) -> dict[str, tuple[str, object]]:
    try:
        table = tomllib.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as why:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise SettingsError(f"{file} cannot be read: {why}") from why
    table = _flat(table)
    known = [row.name for row in rows() if row.name != "data_dir"]
    for name in table:
        if name == "data_dir":
            raise SettingsError(
                f"{file}: data_dir cannot be set in a file that lies in it; use --data-dir or CALCO_HOME"
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise SettingsError(f"{file}: there is no setting {name!r}; {hint}")
    return {name: (f"{file}: {name}", value) for name, value in table.items()}


def _flat(table: Mapping[str, object]) -> dict[str, object]:
    """The table with ``capture.require_generalized`` as ``capture_require_generalized``: no setting is a table."""
    values: dict[str, object] = {}
    for name, value in table.items():
        if isinstance(value, dict) and value:
            values |= {f"{name}_{below}": each for below, each in _flat(value).items()}
        else:
            values[name] = value
    return values


def _row_named(name: str) -> Row:
    return next(row for row in rows() if row.name == name)


def read(row: Row, given: object, source: str) -> Value:
    """The value that ``given`` spells: a text, or what TOML made of it. Raises SettingsError naming ``source``."""
    try:
        value = _convert(row, given)
    except (ValueError, KeyError) as why:
        raise SettingsError(f"{source}: {given!r} is no {_kind_name(row)}") from why
    if row.choices and value not in row.choices:
        near = difflib.get_close_matches(str(value), row.choices, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SettingsError(f"{source}: {value!r} is none of {', '.join(row.choices)}{hint}")
    if row.limits and isinstance(value, int | float) and not row.limits[0] <= value <= row.limits[1]:
        raise SettingsError(f"{source}: {value:g} is not between {row.limits[0]:g} and {row.limits[1]:g}")
    return value


_SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def _convert(row: Row, given: object) -> Value:
    if row.type is tuple:
        parts = given.split(",") if isinstance(given, str) else given
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ValueError
        return tuple(part.strip() for part in parts if part.strip())
    if row.type is bool:
        return _switch(given)
    if row.type in (int, float):
        return _number(row.type, given)
    if not isinstance(given, str):
        raise ValueError
    return given


def _switch(given: object) -> bool:
    if isinstance(given, bool):
        return given
    if not isinstance(given, str):
        raise ValueError
    return _SWITCH[given.strip().lower()]


def _number(kind: type, given: object) -> int | float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError
    if kind is float:
        return float(given)
    if isinstance(given, float):  # it would be rounded in silence
        raise ValueError
    return int(given)


def _kind_name(row: Row) -> str:
    kinds = {
        bool: "switch; write on or off",
        int: "whole number",
        float: "number",
        tuple: "comma-separated list",
    }
    return kinds.get(row.type, "text")
