"""The platform images as ``ports.BaseImages``: what was built is found in the cache, by Azure's names."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calco.catalog.cache import ImageCache
from calco.catalog.recipes import GIB, PLATFORM_IMAGES, PlatformImage, platform_image
from calco.model.catalogue import ALIASES
from calco.model.disk import OsType
from calco.model.machine import Generation


def cache_folder(environment: Mapping[str, str], home: Path) -> Path:
    """``$CALCO_CACHE``, else ``calco/images`` in the user's XDG cache. Source: XDG Base Directory Specification 0.8."""
    if chosen := environment.get("CALCO_CACHE"):
        return Path(chosen)
    cache = environment.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else home / ".cache") / "calco" / "images"


class BuiltImages:
    """Images that were built on this machine. Looked up at each question: one may be built while the service runs."""

    def __init__(self, cache: ImageCache) -> None:
        self._cache = cache

    def names(self) -> Sequence[str]:
        return [each.name for each in PLATFORM_IMAGES.values()]

    def version(self, urn: str) -> str | None:
        """The day it was built, where Azure has the day it was published."""
        found = platform_image(urn.rpartition(":")[0])
        built = None if found is None else self._cache.lookup(found.recipe)
        return None if built is None else f"0.{datetime.fromtimestamp(built.stat().st_mtime, UTC):%Y%m%d}.0"

    def path(self, urn: str) -> tuple[Path, str] | None:
        found = self._find(urn)
        built = None if found is None else self._cache.lookup(found.recipe)
        return None if built is None else (built, "qcow2")

    def size_bytes(self, urn: str) -> int | None:
        found = self._find(urn)
        return None if found is None else found.recipe.size_bytes

    def generation(self, urn: str) -> Generation | None:
        found = self._find(urn)
        return None if found is None else found.generation

    def _find(self, urn: str) -> PlatformImage | None:
        name, _, version = urn.rpartition(":")
        return platform_image(f"{name}:latest" if version == self.version(urn) else urn)


EMPTY_VERSION = "1.0.0"
"""Of a disk with nothing on it."""


WINDOWS_BYTES = 127 * GIB
"""Source: recorded machines of MicrosoftWindowsServer images, diskSizeGB."""
_WINDOWS = re.compile(r"microsoftwindows(server|desktop):[\w.-]+:(?P<sku>[\w.-]+):[\w.]+", re.IGNORECASE)
_V2_SKU = re.compile(r"-(g2|gen2|gensecond|smalldisk-g2)$|-azure-edition", re.IGNORECASE)


class EmptyImages:
    """The same names, each standing for an empty disk: for the simulated hypervisor, whose machines read no disk.
    Windows' names are among them, of any version, for here nothing has to be had for them.

    ``file`` is where Linux' empty disk is kept; Windows' lies beside it. They take no room.
    """

    def __init__(self, file: Path) -> None:
        self._linux = _Empty(file, max(image.recipe.size_bytes for image in PLATFORM_IMAGES.values()))
        self._windows = _Empty(file.with_stem(f"{file.stem}-windows"), WINDOWS_BYTES)

    def names(self) -> Sequence[str]:
        windows = [each.urn.rpartition(":")[0] for each in ALIASES if each.os_type is OsType.WINDOWS]
        return [*(each.name for each in PLATFORM_IMAGES.values()), *windows]

    def version(self, urn: str) -> str | None:
        return None if self.generation(f"{urn.rpartition(':')[0]}:latest") is None else EMPTY_VERSION

    def path(self, urn: str) -> tuple[Path, str] | None:
        found = self._find(urn)
        return None if found is None else (found.made(), "raw")

    def size_bytes(self, urn: str) -> int | None:
        found = self._find(urn)
        return None if found is None else found.size_bytes

    def generation(self, urn: str) -> Generation | None:
        windows = _WINDOWS.fullmatch(urn)
        if windows is not None:
            return Generation.V2 if _V2_SKU.search(windows["sku"]) else Generation.V1
        found = platform_image(_latest(urn))
        return None if found is None else found.generation

    def _find(self, urn: str) -> "_Empty | None":
        if _WINDOWS.fullmatch(urn):
            return self._windows
        return self._linux if platform_image(_latest(urn)) else None


def _latest(urn: str) -> str:
    return f"{urn.removesuffix(EMPTY_VERSION)}latest" if urn.endswith(f":{EMPTY_VERSION}") else urn


@dataclass(frozen=True)
class _Empty:
    """A raw file without content, made when it is first needed."""

    file: Path
    size_bytes: int

    def made(self) -> Path:
        if not self.file.exists():
            fresh = self.file.with_name(f".{self.file.name}.new")
            with fresh.open("wb") as out:
                os.truncate(out.fileno(), self.size_bytes)
            fresh.replace(self.file)
        return self.file
