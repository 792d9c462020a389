"""A Debian root file system as a tar archive, made by mmdebstrap from packages.

What is ours in it are the files below ``debian_root``, laid in before the packages are configured (so that the one
initramfs that is made is already the small one), and ``debian_setup.sh``, run inside at the end.
"""

import io
import os
import re
import shlex
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from calco.catalog.follow import follow_tool
from calco.catalog.privilege import Privilege
from calco.catalog.progress import BuildFailed
from calco.catalog.recipes import Recipe
from calco.catalog.sources import for_the_guest, signed
from calco.tool import ToolFailed, run_tool

ROOT_FILES = Path(__file__).parent / "debian_root"
SETUP_SCRIPT = Path(__file__).parent / "debian_setup.sh"
SETUP_INSIDE = "var/tmp/calco-setup"
EXECUTABLE = frozenset(
    {
        "etc/initramfs-tools/hooks/calco",
        "etc/initramfs-tools/scripts/local-bottom/calco-machine-id",
        "usr/lib/udev/calco-azure-disk",
    }
)
OPTIONS = (
    "--variant=important",
    '--aptopt=Apt::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    # Nothing of a half-made image is kept, so there is nothing to protect by fsync.
    "--dpkgopt=force-unsafe-io",
)
APT_ITEMS = ("Acquire::http", "Acquire::https", "Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::Retries")
"""What of this machine's apt configuration counts for reaching the sources: proxies, and how old an archive may be."""
BOOTSTRAP_SECONDS_MAX = 3600.0
PACKAGES_EXPECTED = 260
"""About how many there are: only the progress bar relies on it."""


def bootstrap(
    recipe: Recipe,
    target: Path,
    *,
    sources: Sequence[str],
    privilege: Privilege,
    scratch: Path,
    tell: Callable[[float], None],
    hold_open: Sequence[int] = (),
) -> None:
    """Make the tar archive ``target``; O(minutes). ``tell`` hears the fraction done.

    ``scratch`` is an empty folder for the build's own files. ``hold_open`` are descriptors the build inherits, so that
    a lock behind them lasts as long as any of its processes. Raises BuildFailed.
    """
    overlay = scratch / "overlay.tar"
    overlay.write_bytes(overlay_tar(sources))
    counted = _Counter(tell)
    try:
        follow_tool(
            bootstrap_argv(
                recipe,
                target,
                overlay=overlay,
                sources=signed(sources),
                privilege=privilege,
                apt=apt_options(),
            ),
            counted,
            timeout_seconds=BOOTSTRAP_SECONDS_MAX,
            env=_environment(scratch if privilege.is_root else None),
            pass_fds=hold_open,
            when_abandoned=privilege.when_abandoned,
        )
    except ToolFailed as failed:
        raise BuildFailed("install packages", _gist(failed)) from failed


def bootstrap_argv(
    recipe: Recipe,
    target: Path,
    *,
    overlay: Path,
    sources: Sequence[str],
    privilege: Privilege,
    apt: Sequence[str],
) -> list[str]:
    """The mmdebstrap command. Hooks are its own special commands, split like a shell's words but run without one; the
    last is a fixed line."""
    return [
        *privilege.enclosure,
        "mmdebstrap", "--verbose", f"--mode={privilege.bootstrap_mode}", "--format=tar",
        *OPTIONS,
        *(f"--aptopt={item}" for item in apt),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in recipe.left_out),
        f"--include={','.join(recipe.packages)}",
        f"--essential-hook=tar-in {shlex.quote(os.fspath(overlay))} /",
        f'--customize-hook=chroot "$1" /bin/sh /{SETUP_INSIDE}',
        recipe.suite, os.fspath(target), *sources,
    ]  # fmt: skip


def overlay_files() -> dict[str, bytes]:
    """Our own files in the image, by path from the root, without the apt sources."""
    files = {
        os.fspath(file.relative_to(ROOT_FILES)): file.read_bytes()
        for file in sorted(ROOT_FILES.rglob("*"))
        if file.is_file()
    }
    return {**files, SETUP_INSIDE: SETUP_SCRIPT.read_bytes()}


def overlay_tar(sources: Sequence[str]) -> bytes:
    """Our own files, owned by root, with ``sources`` as the guest's apt will see them."""
    listed = "".join(f"{for_the_guest(line)}\n" for line in sources)
    files = {**overlay_files(), "var/tmp/calco-sources.list": listed.encode()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            entry.mode = 0o755 if path in EXECUTABLE else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def apt_options() -> list[str]:
    """This machine's ``APT_ITEMS`` as apt.conf lines; the setup script takes them out of the image again."""
    try:
        text = run_tool(["apt-config", "dump", *APT_ITEMS], timeout_seconds=30).decode()
    except ToolFailed:
        return []
    return [line.rstrip(";") for line in text.splitlines() if re.fullmatch(r'Acquire::[\w:.-]+ "[^"]+";', line)]


def _environment(scratch: Path | None) -> Mapping[str, str]:
    """Ours, but in a language whose words we know, and with temporary files in ``scratch``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "TMPDIR"))}
    own = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    path = {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    return {**inherited, **own, **path, **({"TMPDIR": os.fspath(scratch)} if scratch else {})}


class _Counter:
    """Turns apt's and dpkg's lines into a fraction: each package is fetched, unpacked and set up once."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell
        self._seen = 0

    def __call__(self, line: str) -> None:
        if line.startswith(("Get:", "Unpacking ", "Setting up ")):
            self._seen += 1
            self._tell(min(0.97, self._seen / (3 * PACKAGES_EXPECTED)))


def _gist(failed: ToolFailed) -> str:
    """The last lines that name an error; else the last line."""
    lines = failed.stderr.splitlines() or ["no message"]
    telling = [line for line in lines if line.startswith(("E:", "W:", "dpkg:", "Err:"))]
    return "; ".join(dict.fromkeys((telling or lines)[-3:]))
