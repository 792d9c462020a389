"""Whose traces are on a Windows: accounts, profiles, and the folders of people."""

from collections.abc import Iterator
from dataclasses import dataclass

from calco.inspection.files.file_system import Entry, Kind
from calco.inspection.windows.system import VERSION, Windows

PROFILES = rf"{VERSION}\ProfileList"
ACCOUNTS = r"SAM\Domains\Account\Users"

MADE_FROM = 1000
"""Relative identifiers below are Windows' own. Source: Microsoft, "Security identifiers"."""

ADMINISTRATOR = "-500"

OF_NOBODY = {"public", "default", "default user", "all users", "defaultapppool"}
"""Folders in Users that belong to no person."""


@dataclass(frozen=True)
class Profile:
    """``folder``: the last part of its path. ``is_administrator``: of the account that Windows itself made."""

    folder: str
    is_administrator: bool


def profiles(windows: Windows) -> list[Profile]:
    """Of people, not of services."""
    return [*_profiles(windows)]


def _profiles(windows: Windows) -> Iterator[Profile]:
    for sid in windows.software.keys(PROFILES) or ():
        if not sid.upper().startswith(("S-1-5-21-", "S-1-12-1-")):  # accounts of a machine or domain, of Entra ID
            continue
        path = windows.software.value(rf"{PROFILES}\{sid}", "ProfileImagePath")
        folder = path.data if path is not None and isinstance(path.data, str) else sid
        yield Profile(folder.replace("/", "\\").rsplit("\\", 1)[-1], sid.endswith(ADMINISTRATOR))


def people(windows: Windows) -> list[str]:
    """Whose profile or folder is there, without the built-in administrator's."""
    known = profiles(windows)
    own = {each.folder.lower() for each in known if each.is_administrator} | OF_NOBODY
    folders = [*(each.folder for each in known), *(each.name for each in homes(windows))]
    return sorted({each.lower(): each for each in folders if each.lower() not in own}.values(), key=str.lower)


def homes(windows: Windows) -> list[Entry]:
    """Folders in Users."""
    return [each for each in windows.files.list("/Users") or [] if each.kind is Kind.FOLDER]


def accounts(windows: Windows) -> list[str] | None:
    """Names of the accounts that people made on the machine; None where there is no SAM. Nothing but names is read:
    a name's key holds its relative identifier as the type of its value, the secrets are elsewhere."""
    names = windows.accounts.keys(rf"{ACCOUNTS}\Names")
    if names is None:
        return None
    return [name for name in names if _identifier(windows, name) >= MADE_FROM]


def _identifier(windows: Windows, name: str) -> int:
    value = windows.accounts.value(rf"{ACCOUNTS}\Names\{name}", "")
    return int(value.type, 16) if value is not None and value.type.startswith("0x") else 0
