"""Accounts of a Linux system, their passwords and homes. Sources: passwd(5), shadow(5), login.defs(5)."""

from dataclasses import dataclass

from calco.inspection.files.file_system import FileSystem, Kind
from calco.inspection.linux.files import lines, text

ACCOUNTS_MAX_BYTES = 4 << 20
HOMES_MAX = 200
_HOMES_OF_SERVICES = ("/var/lib/", "/opt/", "/srv/", "/home/")
UID_MIN, UID_MAX = 1000, 60000
"""Of people's accounts, where login.defs says nothing."""


@dataclass(frozen=True)
class Account:
    """A line of passwd. ``password``: what stands in it, mostly ``x`` (it is in shadow)."""

    name: str
    password: str
    uid: int
    home: str


def accounts(files: FileSystem) -> list[Account]:
    """Raises Unreadable."""
    found = []
    for line in (text(files, "/etc/passwd", ACCOUNTS_MAX_BYTES) or "").split("\n"):
        fields = line.split(":")
        if len(fields) >= 7 and fields[2].isascii() and fields[2].isdigit() and len(fields[2]) < 12:
            found.append(Account(fields[0], fields[1], int(fields[2]), fields[5]))
    return found


def of_people(files: FileSystem) -> list[Account]:
    """Those that login.defs counts as people's. Raises Unreadable."""
    least, most = UID_MIN, UID_MAX
    for line in lines(files, "/etc/login.defs"):
        match line.split():
            case ["UID_MIN", value, *_] if value.isdecimal():
                least = int(value[:9])
            case ["UID_MAX", value, *_] if value.isdecimal():
                most = int(value[:9])
    return [each for each in accounts(files) if least <= each.uid <= most and each.name != "nobody"]


def passwords(files: FileSystem, path: str = "/etc/shadow") -> dict[str, str]:
    """What stands in a shadow file for each account. Raises Unreadable."""
    found = {}
    for line in (text(files, path, ACCOUNTS_MAX_BYTES) or "").split("\n"):
        fields = line.split(":")
        if len(fields) >= 2 and fields[0]:
            found[fields[0]] = fields[1]
    return found


def opens(password: str) -> bool:
    """Whether somebody can log in with it: an empty one, or a hash that is not locked."""
    return password == "" or (password not in {"x", "*"} and not password.startswith(("!", "*")))


def has_hash(password: str) -> bool:
    """Whether a hash stands there, locked or not: ``passwd --lock`` only puts a mark before it."""
    return "$" in password or len(password.lstrip("!*")) == 13


def homes(files: FileSystem) -> list[str]:
    """Folders that may be homes: root's, everything in /home, those of people's accounts, and those of services that
    keep their state in one."""
    people = {each.name for each in of_people(files)}
    named = [
        each.home.rstrip("/")
        for each in accounts(files)
        if (each.home.startswith("/") and each.name in people) or each.home.startswith(_HOMES_OF_SERVICES)
    ]
    listed = [f"/home/{each.name}" for each in files.list("/home") or () if each.kind in {Kind.FOLDER, Kind.LINK}]
    every = dict.fromkeys(["/root", *named, *listed])
    return [each for each in every if each and each != "/home/lost+found"]
