"""What more than one tool needs to know of an action: names, steps, and what may be shown of a key or an address."""

import re
from urllib.parse import urlsplit, urlunsplit

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.portal.view_as.action import CreateMachines

SPACE, SUBNET, SUBNET_SPACE = "10.0.0.0/16", "default", "10.0.0.0/24"
"""What a new network has. Source: azure-cli 2.91.0, the defaults of ``vm create``."""
PIECE = 4 << 20
"""The most that one Put Page takes, in bytes. Source: Azure, "Put Page"."""

GROUP = "microsoft.resources/resourcegroups"
MACHINE = "microsoft.compute/virtualmachines"
IMAGE = "microsoft.compute/images"
DISK = "microsoft.compute/disks"
SNAPSHOT = "microsoft.compute/snapshots"

_PUBLIC_KEY = re.compile(r"(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\r\n]*)?")


def machine_names(action: CreateMachines) -> tuple[str, ...]:
    """The names of the machines made. Source: azure-cli 2.91.0, ``vm create --count``."""
    name = action.machine.name
    return (name,) if action.count == 1 else tuple(f"{name}{number}" for number in range(action.count))


def machines(action: CreateMachines) -> tuple[ResourceId, ...]:
    """Their ids."""
    id = action.machine
    return tuple(
        ResourceId(id.subscription, id.group, id.namespace, id.types, (name,)) for name in machine_names(action)
    )


def network_name(action: CreateMachines) -> str:
    """The new network's."""
    return action.network or f"{action.machine.name}VNET"


def key_of(action: CreateMachines) -> str:
    """The public key, in one line; empty when none was given, or when what was given is no public key: somebody may
    have pasted the private one. Source: sshd(8), AUTHORIZED_KEYS FILE FORMAT."""
    line = action.public_key.strip()
    return line if _PUBLIC_KEY.fullmatch(line) else ""


def keys_path(user: str) -> str:
    return f"/home/{user}/.ssh/authorized_keys"


def takes_key(action: CreateMachines) -> bool:
    """Windows takes passwords only."""
    return not action.password and action.os_type is OsType.LINUX


def source_of(source: ResourceId | str) -> str:
    """A source's id or URL; a URL without what may be signed or secret in it."""
    if isinstance(source, ResourceId):
        return str(source)
    try:
        parts = urlsplit(source)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def file_of(name: str) -> str:
    """A file's name that no program takes for an option, or for its own standard stream."""
    return f"./{name}" if name.startswith("-") else name
