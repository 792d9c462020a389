"""Whether a Linux is generalized.

Specialized: an SSH host key is there, or what waagent writes when it has set a machine up (``ovf-env.xml``,
``provisioned``). Generalized: the release, /etc/ssh and the account files were read, and none of these is there. Else
unknown, and always so when something this stands on could not be read. Source: WALinuxAgent, pa/deprovision/default.py.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from posixpath import normpath

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux import host_keys
from calco.inspection.linux.accounts import accounts, of_people, passwords
from calco.inspection.linux.files import below, lines, matching, named, names, setting, text
from calco.inspection.linux.root import NO_ROOTS, Linux
from calco.model.inspection import Verdict

WAAGENT = "/var/lib/waagent"
AGENT_CONFIGS = ("/etc/waagent.conf", "/usr/share/oem/waagent.conf", "/usr/share/defaults/waagent/waagent.conf")
"""Debian's and most; CoreOS'; Clear Linux'. Source: WALinuxAgent, common/osutil."""
CLOUD_CONFIGS = ("/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/*.cfg")


def verdict_of(system: Linux) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, and the lines it stands on."""
    signs: list[str] = []
    clean: list[str] = []
    doubts: list[str] = [*system.doubts]
    for look in (_release, _host_keys, _waagent, _accounts):
        try:
            look(system.files, signs.append, clean.append, doubts.append)
        except Unreadable as why:
            doubts.append(str(why))
    try:
        signs += [] if signs else _hidden(system)
        doubts += _beside(system)
    except Unreadable as why:
        doubts.append(str(why))
    if system.files.stale:
        doubts.append(f"what is read may be older than what was written last: {system.files.stale}")
    where = f"The root is on {system.root.name} ({system.root.content})."
    if signs:
        return Verdict.SPECIALIZED, (where, *signs)
    if doubts:
        return Verdict.UNKNOWN, (where, *(f"Not known: {each}." for each in doubts), *clean)
    return Verdict.GENERALIZED, (where, *clean)


Say = Callable[[str], None]
_DATA_DIR = re.compile(r"""\bdata_dir["']?\s*:\s*["']?(/[^\s"',}]+)""")


def _release(files: FileSystem, _sign: Say, clean: Say, doubt: Say) -> None:
    release = text(files, "/etc/os-release") or text(files, "/usr/lib/os-release")
    if release and (setting(release.split("\n"), "ID") or setting(release.split("\n"), "NAME")):
        clean("The release of the system was read.")
    else:
        doubt("there is no os-release")


def _host_keys(files: FileSystem, sign: Say, clean: Say, doubt: Say) -> None:
    found = host_keys.host_keys(files)
    if found:
        sign(f"SSH host keys are there: {named(found)}.")
        return
    odd = [*host_keys.doubts(files)]
    if odd:
        doubt("; ".join(odd))
    elif not files.list("/etc/ssh"):
        doubt("there is nothing in /etc/ssh")
    else:
        clean("There is no SSH host key, neither in /etc/ssh nor where sshd_config names one.")


def _waagent(files: FileSystem, sign: Say, clean: Say, doubt: Say) -> None:
    found = agent_marks(files)
    odd = [each for each in names(files, *_marks(files)) if each not in found]
    if found:
        sign(f"waagent has set this machine up: {named(found)}.")
    elif odd:
        doubt(f"what bears the name of a file of waagent's is none: {named(odd)}")
    elif not files.list("/var/lib"):
        doubt("there is nothing in /var/lib")
    else:
        clean(f"There is neither ovf-env.xml nor provisioned in {named(waagent_folders(files))}.")


def _accounts(files: FileSystem, _sign: Say, clean: Say, doubt: Say) -> None:
    every = {each.name for each in accounts(files)}
    if "root" not in every:
        doubt("passwd has no root")
    if "root" not in passwords(files):
        doubt("shadow has no root")
    if "root" not in passwords(files, "/etc/group"):
        doubt("group has no root")
    people = [each.name for each in of_people(files)]
    clean(f"passwd, shadow and group were read; accounts of people: {named(people) or 'none'}.")


def _hidden(system: Linux) -> list[str]:
    """Signs in the root, and in what is mounted on it, below what fstab mounts over them: out of sight, and there."""
    found = [*host_keys.host_keys(system.bare), *agent_marks(system.bare)]
    patterns = [*host_keys.USUAL_KEYS, *_marks(system.files)]
    for at, files in system.files.mounted:
        hidden = (each.removeprefix(at) for each in patterns if each.startswith(at + "/"))
        found += [f"{at}{path}" for path, entry in matching(files, *hidden) if entry.kind is Kind.FILE]
    return [f"Out of sight below a mount, but on the disk: {named(found)}."] if found else []


def _beside(system: Linux) -> Iterator[str]:
    """File systems of the disk that fstab does not mount, where something else may (systemd by a partition's type, an
    initial RAM disk), and that hold what makes a system specialized."""
    joined = [system.root.files, *(each for _, each in system.files.mounted)]
    names = {posixpath.basename(each) for each in (*host_keys.USUAL_KEYS, *_marks(system.files))}
    wanted = re.compile("|".join(map(translate, sorted(names))))
    for volume in system.disk.volumes:
        if volume.files is None or volume.content in NO_ROOTS or any(volume.files is each for each in joined):
            continue
        found = [path for path, entry in below(volume.files, "/") if wanted.match(entry.name)]
        if found:
            yield f"{volume.name}, which fstab does not mount, holds {named(found)}"


def agent_marks(files: FileSystem) -> list[str]:
    """Paths of what waagent writes when it has set a machine up. Raises Unreadable."""
    return [path for path, entry in matching(files, *_marks(files)) if entry.kind is Kind.FILE]


def _marks(files: FileSystem) -> list[str]:
    return [f"{each}/{name}" for each in waagent_folders(files) for name in ("ovf-env.xml", "provisioned")]


def waagent_folders(files: FileSystem) -> list[str]:
    """Where waagent keeps its state, and where cloud-init puts what it reads for it. Raises Unreadable."""
    # The agent takes what follows on a # for a comment, wherever it stands.
    agents = [
        (setting(lines(files, each), "Lib.Dir") or "").partition("#")[0].strip(" \"'\t") for each in AGENT_CONFIGS
    ]
    clouds = [
        found[1]
        for path, _ in matching(files, *CLOUD_CONFIGS)
        for line in lines(files, path)
        if (found := _DATA_DIR.search(line))
    ]
    return [*dict.fromkeys([WAAGENT, *(normpath(each) for each in (*agents, *clouds) if each.startswith("/"))])]
