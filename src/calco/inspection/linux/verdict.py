"""Whether a Linux is generalized.

Specialized: an SSH host key is there, or what waagent writes when it has set a machine up (``ovf-env.xml``,
``provisioned``). Generalized: the release, /etc/ssh and the account files were read, and none of these is there. Else
unknown, and always so when something this stands on could not be read. Source: WALinuxAgent, pa/deprovision/default.py.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from posixpath import normpath

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux.accounts import accounts, of_people, passwords
from calco.inspection.linux.files import lines, matching, named, names, present, setting, text
from calco.inspection.linux.root import Linux
from calco.model.inspection import Verdict

WAAGENT = "/var/lib/waagent"
CONFIGS_MAX = 64
KEYS_MAX = 64
USUAL_KEYS = ("/etc/ssh/ssh_host*_key", "/etc/dropbear/dropbear_*_host_key")


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


def _release(files: FileSystem, _sign: Say, clean: Say, doubt: Say) -> None:
    release = text(files, "/etc/os-release") or text(files, "/usr/lib/os-release")
    if release and (setting(release.split("\n"), "ID") or setting(release.split("\n"), "NAME")):
        clean("The release of the system was read.")
    else:
        doubt("there is no os-release")


def _host_keys(files: FileSystem, sign: Say, clean: Say, doubt: Say) -> None:
    found = host_keys(files)
    odd = [each for each in names(files, *USUAL_KEYS) if each not in found] + _named_keys(files)[1]
    if found:
        sign(f"SSH host keys are there: {named(found)}.")
    elif odd:
        doubt(f"what bears the name of an SSH host key is no file with a key in it: {named(odd)}")
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
    """Signs in the root below what fstab mounts over it: out of sight, and still on the disk."""
    found = [*host_keys(system.bare), *agent_marks(system.bare)]
    return [f"Out of sight below a mount, but on the root: {named(found)}."] if found else []


def agent_marks(files: FileSystem) -> list[str]:
    """Paths of what waagent writes when it has set a machine up. Raises Unreadable."""
    return [path for path, entry in matching(files, *_marks(files)) if entry.kind is Kind.FILE]


def _marks(files: FileSystem) -> list[str]:
    return [f"{each}/{name}" for each in waagent_folders(files) for name in ("ovf-env.xml", "provisioned")]


def waagent_folders(files: FileSystem) -> list[str]:
    """Where waagent keeps its state. Raises Unreadable."""
    own = setting(lines(files, "/etc/waagent.conf"), "Lib.Dir")
    return [*dict.fromkeys([WAAGENT, *([normpath(own)] if own and own.startswith("/") else [])])]


def host_keys(files: FileSystem) -> list[str]:
    """Paths of the host keys that are there. Raises Unreadable."""
    return [*dict.fromkeys([*present(files, *USUAL_KEYS), *named_keys(files)])]


def named_keys(files: FileSystem) -> list[str]:
    """Host keys in other places, that sshd_config names. Raises Unreadable."""
    return _named_keys(files)[0]


def _named_keys(files: FileSystem) -> tuple[list[str], list[str]]:
    """The host keys that sshd_config names elsewhere, and what is there instead of one."""
    paths = {
        words[1]
        for words in _sshd_words(files)
        if words[0].casefold() == "hostkey" and len(words) > 1 and words[1].startswith("/") and not _is_usual(words[1])
    }
    if len(paths) > KEYS_MAX:
        raise Unreadable(f"sshd_config names more than {KEYS_MAX} host keys")
    there = [(each, entry) for each in sorted(paths) if (entry := files.entry(each))]
    found = [path for path, entry in there if entry.kind is Kind.FILE and entry.size_bytes]
    return found, [path for path, _ in there if path not in found]


def _is_usual(path: str) -> bool:
    return any(fnmatchcase(normpath(path), each) for each in USUAL_KEYS)


def _sshd_words(files: FileSystem) -> list[list[str]]:
    """The lines of sshd_config and what it includes, in words. Source: sshd_config(5)."""
    todo, seen, found = ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"], set[str](), list[list[str]]()
    includes = 0
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for line in lines(files, path):
            words = [each.strip('"') for each in line.replace("=", " ", 1).split()]
            if words and words[0].casefold() == "include":
                includes += len(words)
                if includes > CONFIGS_MAX or len(seen) > CONFIGS_MAX:
                    raise Unreadable(f"sshd_config includes more than {CONFIGS_MAX} files")
                patterns = (each if each.startswith("/") else f"/etc/ssh/{each}" for each in words[1:])
                todo += [each for each, entry in matching(files, *patterns) if entry.kind is Kind.FILE]
            elif words:
                found.append(words)
    return found
