"""``python -m calco.catalog``: build the base image if it is not there yet, and print where it is."""

import argparse
import os
import sys
from pathlib import Path

from calco.catalog.base_images import cache_folder
from calco.catalog.cache import ImageCache, debian_maker
from calco.catalog.progress import BuildFailed
from calco.catalog.recipes import DEBIAN_12


class Lines:
    """One line per step; on a terminal one line that changes."""

    def __init__(self) -> None:
        self._step = ""

    def __call__(self, step: str, fraction: float | None) -> None:
        done = "" if fraction is None else f"{fraction:4.0%} "
        if sys.stderr.isatty():
            print(f"\r\x1b[K{done}{step}", end="", file=sys.stderr, flush=True)
        elif step != self._step:
            print(f"{done}{step}", file=sys.stderr, flush=True)
        self._step = step


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m calco.catalog", description="Build the Debian 12 base image.")
    parser.add_argument("--dest", type=Path, help="folder of built images (default: the cache)")
    parser.add_argument("--source", action="append", help='apt source, "deb URI SUITE main" (default: this machine\'s)')
    chosen = parser.parse_args()
    folder = chosen.dest or cache_folder(os.environ, Path.home())
    progress = Lines()
    try:
        path = ImageCache(folder.absolute(), debian_maker(chosen.source)).build(DEBIAN_12, progress)
    except BuildFailed as failed:
        print(f"\n{failed}" if sys.stderr.isatty() else failed, file=sys.stderr)
        return 1
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
