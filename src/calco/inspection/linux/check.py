"""How checks of a Linux are written down: most say that some files must not be in an image."""

import re
from collections.abc import Callable
from glob import escape

from calco.inspection.blocks import Unreadable
from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.files.file_system import FileSystem
from calco.inspection.linux.accounts import HOMES_MAX, homes
from calco.inspection.linux.files import named, present
from calco.inspection.linux.root import Linux
from calco.model.inspection import Severity

PREPARE = 'Azure, "Prepare and upload a Linux VHD" (create-upload-generic)'
DEPROVISION = "WALinuxAgent, azurelinuxagent/pa/deprovision/default.py"
BUILDING = 'systemd, "Safely Building Images"'

UPDATE_GRUB = "update-grub || grub2-mkconfig -o /boot/grub2/grub.cfg"
"""Debian's family, then the others."""

Holds = Callable[[FileSystem, str], bool]
"""Whether the file at a path is one that counts."""


def there(files: FileSystem, at: tuple[str, ...]) -> list[str]:
    """Files that match and hold something; ``~`` is every home. Raises Unreadable."""
    plain = [each for each in at if not each.startswith("~")]
    of_homes = [each[1:] for each in at if each.startswith("~")]
    those = homes(files) if of_homes else []
    every = [f"{escape(home)}{each}" for home in those[:HOMES_MAX] for each in of_homes]
    found = [*dict.fromkeys(present(files, *plain, *every))]
    if len(those) > HOMES_MAX and not found:
        raise Unreadable(f"there are more than {HOMES_MAX} homes to look through")
    return found


def leftover(
    code: str,
    severity: Severity,
    title: str,
    message: str,
    at: tuple[str, ...],
    *,
    source: str,
    holds: Holds | None = None,
    fix: str = "",
) -> Check[Linux]:
    """None of these files must be there; ``holds`` says which of them count. The fix removes them, unless told."""

    def look(system: Linux) -> Found:
        found = [each for each in there(system.files, at) if holds is None or holds(system.files, each)]
        return failed(named(found)) if found else passed("none")

    return Check(code, severity, title, "none", message, fix or removal(at), source, look)


def removal(at: tuple[str, ...]) -> str:
    """The command that removes them: static, as the catalogue is."""
    return "rm -f " + " ".join(each for path in at for each in _shown(path))


def _shown(path: str) -> list[str]:
    return [f"/root{path[1:]}", f"/home/*{path[1:]}"] if path.startswith("~") else [path]


def saying(pattern: str, limit_bytes: int = 256 << 10) -> Holds:
    """Files whose beginning says so."""
    expression = re.compile(pattern.encode(), re.MULTILINE)

    def holds(files: FileSystem, path: str) -> bool:
        return bool(expression.search(files.read(path, limit_bytes) or b""))

    return holds
