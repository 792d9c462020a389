"""The platform images as ``ports.BaseImages``: what was built is found in the cache, by Azure's names."""

import os
from collections.abc import Mapping
from pathlib import Path

from calco.catalog.cache import ImageCache
from calco.catalog.recipes import PLATFORM_IMAGES, platform_image
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

    def path(self, urn: str) -> tuple[Path, str] | None:
        found = platform_image(urn)
        built = None if found is None else self._cache.lookup(found.recipe)
        return None if built is None else (built, "qcow2")

    def size_bytes(self, urn: str) -> int | None:
        found = platform_image(urn)
        return None if found is None else found.recipe.size_bytes

    def generation(self, urn: str) -> Generation | None:
        found = platform_image(urn)
        return None if found is None else found.generation


class EmptyImages:
    """The same names, each standing for an empty disk: for the simulated hypervisor, whose machines read no disk.

    ``file`` is where that disk is kept; it takes no room.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._size_bytes = max(image.recipe.size_bytes for image in PLATFORM_IMAGES.values())
        if not file.exists():
            fresh = file.with_name(f".{file.name}.new")
            with fresh.open("wb") as out:
                os.truncate(out.fileno(), self._size_bytes)
            fresh.replace(file)

    def path(self, urn: str) -> tuple[Path, str] | None:
        return (self._file, "raw") if platform_image(urn) else None

    def size_bytes(self, urn: str) -> int | None:
        return self._size_bytes if platform_image(urn) else None

    def generation(self, urn: str) -> Generation | None:
        found = platform_image(urn)
        return None if found is None else found.generation
