"""Hosts other than this service whose page blobs may be read: an entry of a settings list."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Host:
    """One entry of the list. ``port`` None: the scheme's own."""

    name: str
    port: int | None


def read_hosts(entries: Iterable[str]) -> tuple[Host, ...]:
    """The list as settings write it: ``host``, ``host:port``, ``192.0.2.7:10000``, ``[2001:db8::7]:10000``.

    Raises ValueError with a sentence about the entry that is none.
    """
    return tuple(_read_host(each.strip()) for each in entries)


def _read_host(entry: str) -> Host:
    try:
        parts = urlsplit(f"//{entry}")
        name, port = parts.hostname, parts.port
    except ValueError:
        name, port = None, None
    if not name or parts.netloc != entry or "@" in entry or not re.fullmatch(r"[a-z0-9.:-]+", name):
        raise ValueError(f"{entry[:100]!r} is no host; write it like account.blob.core.windows.net or 192.0.2.7:10000")
    return Host(name, port)
