"""The files of the machine that a terminal's session runs on, as its owner's own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from calco.cloudshell.reach import NoFile
from calco.page_transfer import Content

if TYPE_CHECKING:
    from calco.disk_file import DiskFormat

ENDINGS = {".vhd": "vpc", ".vhdx": "vhdx"}
"""What Add-AzVhd takes. Source: Microsoft Learn, Add-AzVhd."""


class LocalFiles:
    """``directory`` is where relative paths begin."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def disk(self, path: str) -> Iterator[Content]:
        from calco.disk_file import DiskFormat

        ending = Path(path).suffix.lower()
        if ending not in ENDINGS:
            raise NoFile(f"'{path}' is named neither .vhd nor .vhdx: it must be a virtual hard disk, named as one.")
        with self._opened(path, DiskFormat(ENDINGS[ending])) as content:
            yield content

    @contextmanager
    def whole(self, path: str) -> Iterator[Content]:
        from calco.disk_file import DiskFormat

        with self._opened(path, DiskFormat.RAW) as content:
            yield content

    @contextmanager
    def new(self, path: str, *, replace: bool) -> Iterator[BinaryIO]:
        file = self._place(path)
        part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
        try:
            if file.exists() and not (replace and file.is_file()):
                raise NoFile(f"'{file}' is there already.")
            with part.open("xb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            part.replace(file)
        except OSError as failed:
            raise NoFile(f"'{file}' cannot be written: {failed.strerror or failed}.") from failed
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def full_name(self, path: str) -> str:
        return str(self._place(path))

    @contextmanager
    def _opened(self, path: str, format: "DiskFormat") -> Iterator[Content]:
        from calco.disk_file import WrongDiskFile, opened

        file = self._place(path)
        try:
            with opened(file, format) as content:
                yield content
        except WrongDiskFile as wrong:
            raise NoFile(str(wrong)) from wrong
        except FileNotFoundError as missing:
            raise NoFile(f"Could not find file '{file}'.") from missing
        except OSError as unreadable:
            raise NoFile(f"'{file}' cannot be read: {unreadable.strerror or unreadable}.") from unreadable

    def _place(self, path: str) -> Path:
        """Raises NoFile."""
        if not path or "\0" in path:
            raise NoFile("A file's path must not be empty.")
        try:
            return self._directory / Path(path.replace("\\", "/")).expanduser()
        except RuntimeError as nobody:
            raise NoFile(f"'{path}' begins with the home of nobody.") from nobody
