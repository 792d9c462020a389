"""The SSH host keys of a system: where servers keep them by themselves, and where their configuration says.

What a server may use and is not found here would make a disk look generalized that is not, so whatever of a
configuration is not followed (a file that is not there, options on the command line) is a doubt. Sources: sshd(8),
sshd_config(5), OpenSSH, misc.c (how a line is split); dropbear(8).
"""

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import normpath

from calco.inspection.blocks import Unreadable
from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux.files import lines, matching, named, names, present

CONFIGS_MAX = 64
KEYS_MAX = 64
FILES_MAX = 500
"""In /etc/ssh."""
OF_SSHD = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config")
USUAL_KEYS = (
    "/etc/ssh/ssh_host*_key",
    "/etc/openssh/ssh_host*_key",
    "/usr/local/etc/ssh_host*_key",
    "/usr/local/etc/ssh/ssh_host*_key",
    "/etc/dropbear/dropbear_*_host_key",
    "/etc/dropbear/initramfs/dropbear_*_host_key",
    "/etc/dropbear-initramfs/dropbear_*_host_key",
    "/etc/tinyssh/sshkeydir/.*.sk",
)
"""OpenSSH as distributions build it, and as it builds by itself; Dropbear, in the initial RAM disk too; TinySSH."""

_STARTED_BY = (
    "/etc/default/ssh*",
    "/etc/default/dropbear*",
    "/etc/sysconfig/ssh*",
    "/etc/conf.d/ssh*",
    "/etc/conf.d/dropbear*",
    "/etc/systemd/system/*.service",
    "/etc/systemd/system/ssh*.service.d/*.conf",
    "/usr/lib/systemd/system/ssh*.service",
    "/usr/lib/systemd/system/ssh*.service.d/*.conf",
)
_STARTS = re.compile(
    r"(?:export\s+)?(?:SSHD_OPTS|OPTIONS|command_args|DROPBEAR_(?:EXTRA_ARGS|OPTS)"
    r"|ExecStart\s*=\s*\S*/(?:sshd|dropbear)\s)"
)
_OPTION_OF_ITS_OWN = re.compile(r"(?:^|[\s\"'=])-[46DdeiqtTFEswgjk]*(?:[hfr]|o\s*[\"']?HostKey)")
_KEY_OF_ITS_OWN = re.compile(r"(?:DROPBEAR_\w*KEY|SSHD_CONFIG)\s*=\s*[\"']?(/[^\s\"']+)")
_PRIVATE = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|SSH PRIVATE KEY FILE FORMAT")


def host_keys(files: FileSystem) -> list[str]:
    """Paths of the host keys that are there. Raises Unreadable where none was found, and not all could be read."""
    usual = present(files, *USUAL_KEYS)
    try:
        return [*dict.fromkeys([*usual, *named_keys(files)])]
    except Unreadable:
        if not usual:
            raise
        return usual


def named_keys(files: FileSystem) -> list[str]:
    """Host keys in other places, that sshd_config names. Raises Unreadable."""
    return _named_keys(files)[0]


def doubts(files: FileSystem) -> Iterator[str]:
    """Why there may be host keys that were not found. Raises Unreadable."""
    found = host_keys(files)
    odd = [each for each in names(files, *USUAL_KEYS) if each not in found] + _named_keys(files)[1]
    if odd:
        yield f"what bears the name of an SSH host key is no file with a key in it: {named(odd)}"
    private = [each for each in _private(files) if each not in found]
    if private:
        yield f"there are private keys in /etc/ssh under other names: {named(private)}"
    ways = (path for path, entry in matching(files, *_STARTED_BY) if entry.kind is Kind.FILE)  # a mask is a device
    started = [path for path in ways if _has_own_options(files, path)]
    if started:
        yield f"sshd is started with keys or a configuration of its own: {named(started)}"


def _named_keys(files: FileSystem) -> tuple[list[str], list[str]]:
    """The host keys that sshd_config names elsewhere, and what is there instead of one."""
    paths = set[str]()
    for words in _sshd_words(files):
        if words[0].casefold() == "hostkey" and len(words) > 1:
            path = normpath("/" + words[1].lstrip("/"))  # sshd is started in /
            paths |= set() if _is_usual(path) else {path}
        if len(paths) > KEYS_MAX:
            raise Unreadable(f"sshd_config names more than {KEYS_MAX} host keys")
    there = [(each, entry) for each in sorted(paths) if (entry := files.entry(each))]
    found = [path for path, entry in there if entry.kind is Kind.FILE and entry.size_bytes]
    return found, [path for path, _ in there if path not in found]


def _is_usual(path: str) -> bool:
    return any(fnmatchcase(path, each) for each in USUAL_KEYS)


def _sshd_words(files: FileSystem) -> Iterator[list[str]]:
    """The lines of sshd_config and what it includes, in words."""
    todo, seen = [each for each in OF_SSHD if _is_there(files, each)], set[str]()
    includes = 0
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for line in lines(files, path):
            words = _words(line, path)
            if words and words[0].casefold() == "include":
                includes += len(words)
                if includes > CONFIGS_MAX or len(seen) > CONFIGS_MAX:
                    raise Unreadable(f"sshd_config includes more than {CONFIGS_MAX} files")
                todo += [each for pattern in words[1:] for each in _included(files, pattern, path)]
            elif words:
                yield words


def _words(line: str, path: str) -> list[str]:
    """As sshd splits them: quotes of either kind, backslashes, and one = behind the name."""
    line = re.sub(r"^(\"?\w+\"?)\s*=", r"\1 ", line)
    if not re.search(r"[\"'\\]", line):
        return line.split()
    try:
        return shlex.split(line)
    except ValueError:
        raise Unreadable(f"{path} has a line that does not end: sshd would not start") from None


def _included(files: FileSystem, pattern: str, path: str) -> list[str]:
    pattern = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
    if "\\" in pattern or re.search(r"[*?\[].*/", pattern):
        raise Unreadable(f"{path} includes {pattern}, which is not followed")
    pattern = pattern.replace("[^", "[!")  # to glob(3) they are one
    return [each for each in names(files, pattern) if _is_there(files, each)]


def _is_there(files: FileSystem, path: str) -> bool:
    """Whether it can be read as a file; raises Unreadable for a link that leads to nothing."""
    entry = files.entry(path)
    if entry is None and files.link(path) is not None:
        raise Unreadable(f"{path} leads to {files.link(path)}, which is not there")
    return entry is not None and entry.kind is not Kind.OTHER


def _private(files: FileSystem) -> Iterator[str]:
    """Files in /etc/ssh that begin as private keys do."""
    every = files.list("/etc/ssh") or []
    if len(every) > FILES_MAX:
        raise Unreadable(f"there are more than {FILES_MAX} files in /etc/ssh")
    for entry in every:
        path = f"/etc/ssh/{entry.name}"
        if entry.kind in {Kind.FILE, Kind.LINK} and _PRIVATE.match(files.read(path, 80) or b""):
            yield path


def _has_own_options(files: FileSystem, path: str) -> bool:
    for line in lines(files, path):
        if _STARTS.match(line) and _OPTION_OF_ITS_OWN.search(line):
            return True
        key = _KEY_OF_ITS_OWN.match(line)
        if key and not _is_usual(key[1]) and key[1] not in OF_SSHD:
            return True
    return False
