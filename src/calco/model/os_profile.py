"""Rules for ``osProfile``: names, passwords, keys. Sources: Azure, "Common VM error codes" (texts), "FAQ about Linux
Virtual Machines" (user names that are not allowed, password lengths), REST reference of virtual machines, OSProfile
(what Windows takes, passwords that are not allowed)."""

import base64
import binascii

from calco.model import errors, windows_configuration
from calco.model.disk import OsType
from calco.model.errors import ApiError
from calco.model.virtual_machine import OsProfile

LINUX_NAME_MAX = 64
WINDOWS_NAME_MAX = 15
CUSTOM_DATA_MAX = 87380
"""Characters of base64. Source: Azure, "Custom data and cloud-init" (64 KiB)."""

_BAD_IN_NAMES = "\\/\"[]:|<>+=;,?*@&~!#$%^'(){}_ `"
_NAMES_NOT_ALLOWED = frozenset(
    {"1", "123", "a", "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet", "backup", "console"}
    | {"david", "guest", "john", "owner", "root", "server", "sql", "support", "support_388945a0", "sys", "test"}
    | {"test1", "test2", "test3", "user", "user1", "user2", "user3", "user4", "user5"}
)
_BAD_IN_WINDOWS_USERS = frozenset('\\/"[]:|<>+=;,?*@&')
_PASSWORDS_NOT_ALLOWED = frozenset(
    {"abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word"}
    | {"pass@word1", "Password!", "Password1", "Password22", "iloveyou!"}
)


def check(profile: OsProfile, os_type: OsType) -> None:
    """Raises the refusal Azure would give. ``os_type`` is what the machine's disk holds."""
    is_windows = os_type is OsType.WINDOWS
    if profile.linux and (is_windows or profile.windows is not None):
        raise errors.not_allowed("linuxConfiguration")
    if profile.windows is not None:
        if not is_windows:
            raise errors.not_allowed("windowsConfiguration")
        windows_configuration.check(profile.windows)
    _check_computer_name(profile.computer_name, is_windows=is_windows)
    _check_user(profile.admin_username, is_windows=is_windows)
    if profile.admin_password is not None:
        _check_password(profile.admin_password, is_windows=is_windows)
    elif is_windows:
        raise errors.missing("adminPassword")
    elif not profile.public_keys:
        raise errors.invalid(
            "linuxConfiguration",
            "Authentication using either SSH or by user name and password must be enabled in Linux profile.",
        )
    if profile.custom_data is not None and not _is_base64(profile.custom_data):
        raise ApiError(
            400,
            "InvalidParameter",
            f"Custom data in OSProfile must be in Base64 encoding and with a maximum length of {CUSTOM_DATA_MAX} "
            "characters.",
            "customData",
        )


def _check_computer_name(name: str, *, is_windows: bool) -> None:
    if not name:
        raise errors.missing("osProfile.computerName")
    bad = any(char in _BAD_IN_NAMES or ord(char) < 33 or ord(char) > 126 for char in name)
    if is_windows:
        if bad or len(name) > WINDOWS_NAME_MAX or name.isdigit():
            raise ApiError(
                400,
                "InvalidParameter",
                f"Windows computer name cannot be more than {WINDOWS_NAME_MAX} characters long, be entirely numeric, "
                f"or contain the following characters: {_BAD_IN_NAMES.strip()}.",
                "computerName",
            )
    elif bad or len(name) > LINUX_NAME_MAX or name.startswith(("-", ".")) or name.endswith((".", "-")):
        raise ApiError(
            400,
            "InvalidParameter",
            f"Linux host name cannot exceed {LINUX_NAME_MAX} characters in length or contain the following characters: "
            f"{_BAD_IN_NAMES.strip()}. It starts and ends with a letter or digit.",
            "computerName",
        )


def _check_user(name: str, *, is_windows: bool) -> None:
    if not name:
        raise errors.missing("osProfile.adminUsername")
    good = _is_windows_user(name) if is_windows else _is_linux_user(name)
    if not good or name.endswith(".") or name.lower() in _NAMES_NOT_ALLOWED:
        raise ApiError(
            400,
            "InvalidParameter",
            "The Admin Username specified is not allowed. Use letters, digits, '-', '_' and '.', and none of the names "
            "that are reserved (admin, root, test, user and the like).",
            "adminUsername",
        )


def _is_linux_user(name: str) -> bool:
    plain = all(char.isascii() and (char.isalnum() or char in "_-.") for char in name)
    return plain and len(name) <= 64 and not name.startswith("-")


def _is_windows_user(name: str) -> bool:
    plain = name.isprintable() and not _BAD_IN_WINDOWS_USERS & set(name)
    return plain and len(name) <= 20 and bool(name.strip(" ."))


def _check_password(password: str, *, is_windows: bool) -> None:
    least, most = (8, 123) if is_windows else (6, 72)
    kinds = sum(
        (
            any(char.isupper() for char in password),
            any(char.islower() for char in password),
            any(char.isdigit() for char in password),
            any(not char.isalnum() for char in password),
        )
    )
    controls = any(ord(char) < 32 for char in password)
    if not least <= len(password) <= most or kinds < 3 or controls:
        raise ApiError(
            400,
            "InvalidParameter",
            f"The supplied password must be between {least}-{most} characters long and must satisfy at least 3 of "
            "password complexity requirements from the following: 1) Contains an uppercase character 2) Contains a "
            "lowercase character 3) Contains a numeric digit 4) Contains a special character 5) Control characters are "
            "not allowed",
            "adminPassword",
        )
    if password in _PASSWORDS_NOT_ALLOWED:
        raise ApiError(
            400, "InvalidParameter", "The supplied password is too well known: it is not allowed.", "adminPassword"
        )


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(text) <= CUSTOM_DATA_MAX
