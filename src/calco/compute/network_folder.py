"""The folder of the data directory in which each network has a folder of its own, by its GUID."""

import re
from pathlib import Path

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def folder_of(networks: Path, network: str) -> Path:
    """Where ``network`` keeps its files, be it there or not. Raises ValueError when it is not named by a GUID."""
    return networks / named(network)


def networks_in(networks: Path) -> set[str]:
    """Every network with a folder, half-made ones included."""
    return {entry.name for entry in networks.iterdir() if _GUID.fullmatch(entry.name)} if networks.is_dir() else set()


def named(guid: str) -> str:
    """``guid``, fit to be a file's name. Raises ValueError when it is none in lower case."""
    if _GUID.fullmatch(guid) is None:
        raise ValueError(f"networks and NICs are named by GUIDs in lower case, not by {guid!r}")
    return guid
