"""What a Linux boots with: its kernels, their modules, the kernel command line and the boot loader's settings."""

import re
from dataclasses import dataclass
from posixpath import basename

from calco.inspection.files.file_system import FileSystem
from calco.inspection.linux.files import lines, matching, present, setting, text

GRUB_CONFIGS = (
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/efi/EFI/*/grub.cfg",
    "/efi/EFI/*/grub.cfg",
    "/boot/grub/menu.lst",
    "/boot/grub/grub.conf",
)
ENTRIES = ("/boot/loader/entries/*.conf", "/boot/efi/loader/entries/*.conf", "/efi/loader/entries/*.conf")
"""Source: Boot Loader Specification."""
UNIFIED = ("/boot/efi/EFI/Linux/*.efi", "/efi/EFI/Linux/*.efi", "/boot/EFI/Linux/*.efi")
OTHERS = ("/boot/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/extlinux.conf", "/boot/extlinux.conf")
KERNELS = (
    "/boot/vmlinu[xz]*",
    "/boot/Image*",
    "/boot/*/*/linux",
    "/usr/lib/modules/*/vmlinuz",
    "/boot/kernel-*",
    "/vmlinuz",
)
MODULES_MAX_BYTES = 2 << 20
ARGUMENTS_MAX = 200
GRUB_MAX_BYTES = 1 << 20
GRUBENV_MAX_BYTES = 4096
"""Source: GRUB manual, environment block (1024 bytes)."""
_ARGUMENTS = re.compile(
    r"^[ \t]*(?:linux|linux16|linuxefi|append|kernel)[ \t]+(.{1,4096})",
    re.IGNORECASE | re.MULTILINE,
)
_OPTIONS = re.compile(r"^[ \t]*options[ \t]+(.{1,4096})", re.MULTILINE)
"""Source: Boot Loader Specification: a line ``linux`` names the kernel and no more."""


@dataclass(frozen=True)
class Modules:
    """Of one kernel: names of the modules it has, built in or not."""

    kernel: str
    names: frozenset[str]
    built_in: frozenset[str]


def kernels(files: FileSystem) -> list[str]:
    """Versions of the kernels that have modules, newest first. Raises Unreadable."""
    found = [
        path.split("/")[-2]
        for path, _ in matching(files, "/usr/lib/modules/*/modules.dep", "/lib/modules/*/modules.dep")
    ]
    return sorted(dict.fromkeys(found), key=_by_version, reverse=True)


def _by_version(version: str) -> list[tuple[int, str]]:
    parts: list[str] = re.findall(r"\d{1,9}|[a-z]+", version)
    return [(int(each), "") if each.isdecimal() else (-1, each) for each in parts]


def modules(files: FileSystem, kernel: str) -> Modules:
    """Raises Unreadable. Source: depmod(8): ``modules.dep`` and ``modules.builtin``."""
    built_in = _modules_in(files, kernel, "modules.builtin")
    return Modules(kernel, built_in | _modules_in(files, kernel, "modules.dep"), built_in)


def _modules_in(files: FileSystem, kernel: str, name: str) -> frozenset[str]:
    paths = (f"{each}/modules/{kernel}/{name}" for each in ("/usr/lib", "/lib"))
    content = next((each for path in paths if (each := text(files, path, MODULES_MAX_BYTES))), "")
    return frozenset(
        re.findall(r"^(?:[^:\s]*/)?([^/:\s]+?)\.ko(?:\.\w+)?(?=:|$)", content.replace("-", "_"), re.MULTILINE)
    )


def loaders(files: FileSystem) -> list[str]:
    """Configurations of boot loaders, and kernels that firmware boots itself."""
    return present(files, *GRUB_CONFIGS, *ENTRIES, *UNIFIED, *OTHERS)


def command_lines(files: FileSystem) -> list[str]:
    """Arguments that kernels are started with, as the boot loader has them, without those of rescue entries."""
    found: list[str] = []
    variables = _grub_variables(files)
    for path in loaders(files):
        if path.endswith(".efi") or "rescue" in basename(path):
            continue
        content = text(files, path, GRUB_MAX_BYTES) or ""
        written = _OPTIONS if "/loader/entries/" in path else _ARGUMENTS
        found += [_filled(each, variables) for each in written.findall(content)[:ARGUMENTS_MAX]]
    chosen = text(files, "/etc/kernel/cmdline")
    return [each for each in [*found, *([chosen] if chosen else [])] if not _is_rescue(each)]


def _filled(arguments: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda name: variables.get(name[1], ""), arguments)


def _is_rescue(arguments: str) -> bool:
    return any(each in {"single", "recovery", "rescue", "1"} for each in arguments.split())


def _grub_variables(files: FileSystem) -> dict[str, str]:
    found = {}
    for path, _ in matching(files, "/boot/grub2/grubenv", "/boot/grub/grubenv"):
        for line in (text(files, path, GRUBENV_MAX_BYTES) or "").split("\n"):
            name, equals, value = line.partition("=")
            if equals:
                found[name] = value
    return found


def grub_default(files: FileSystem, name: str) -> str | None:
    """A setting of /etc/default/grub and grub.d."""
    paths = ["/etc/default/grub", *sorted(path for path, _ in matching(files, "/etc/default/grub.d/*.cfg"))]
    return setting([line for path in paths for line in lines(files, path)], name)
