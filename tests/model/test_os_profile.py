"""Names, passwords and keys that Azure would refuse."""

import base64
from dataclasses import replace

import pytest

from calco.model import os_profile
from calco.model.disk import OsType
from calco.model.errors import ApiError
from calco.model.virtual_machine import OsProfile
from calco.model.windows_configuration import WindowsConfiguration

LINUX = OsProfile("web1", "azureuser", public_keys=(("/home/azureuser/.ssh/authorized_keys", "ssh-ed25519 AAAA"),))
WINDOWS = OsProfile("web1", "azureuser", admin_password="Passw0rd!", windows=WindowsConfiguration())


@pytest.mark.parametrize(
    "profile",
    [
        LINUX,
        WINDOWS,
        replace(LINUX, public_keys=(), admin_password="Passw0"),
        replace(LINUX, admin_password="a" * 70 + "1A"),
        replace(LINUX, computer_name="a" * 64),
        replace(LINUX, computer_name="web-1.example"),
        replace(LINUX, admin_username="a" * 64),
        replace(WINDOWS, computer_name="a" * 15),
        replace(WINDOWS, admin_username="a" * 20, admin_password="aA1" * 41),
        replace(WINDOWS, admin_username="Some One"),
        replace(LINUX, custom_data=base64.b64encode(b"x" * 65535).decode()),
    ],
)
def test_what_azure_takes_is_taken(profile: OsProfile) -> None:
    check(profile)


def check(profile: OsProfile) -> None:
    """On a machine whose disk holds what the profile is for."""
    os_profile.check(profile, OsType.WINDOWS if profile.windows else OsType.LINUX)


@pytest.mark.parametrize(
    ("profile", "target", "words"),
    [
        (replace(LINUX, computer_name=""), "osProfile.computerName", "missing"),
        (replace(LINUX, computer_name="a" * 65), "computerName", "64 characters"),
        (replace(LINUX, computer_name="web_1"), "computerName", "host name"),
        (replace(LINUX, computer_name="web 1"), "computerName", "host name"),
        (replace(LINUX, computer_name="wéb"), "computerName", "host name"),
        (replace(LINUX, computer_name="web\n"), "computerName", "host name"),
        (replace(LINUX, computer_name="-web"), "computerName", "host name"),
        (replace(LINUX, computer_name="web."), "computerName", "host name"),
        (replace(WINDOWS, computer_name="a" * 16), "computerName", "15 characters"),
        (replace(WINDOWS, computer_name="123"), "computerName", "numeric"),
        (replace(LINUX, admin_username=""), "osProfile.adminUsername", "missing"),
        (replace(LINUX, admin_username="root"), "adminUsername", "not allowed"),
        (replace(LINUX, admin_username="Admin"), "adminUsername", "not allowed"),
        (replace(LINUX, admin_username="a" * 65), "adminUsername", "not allowed"),
        (replace(WINDOWS, admin_username="a" * 21), "adminUsername", "not allowed"),
        (replace(LINUX, admin_username="some one"), "adminUsername", "not allowed"),
        (replace(LINUX, admin_username="-user9"), "adminUsername", "not allowed"),
        (replace(LINUX, admin_username="üser"), "adminUsername", "not allowed"),
        (replace(LINUX, public_keys=()), "linuxConfiguration", "SSH or by user name and password"),
        (replace(WINDOWS, admin_password=None), "adminPassword", "missing"),
        (replace(LINUX, admin_password="Ab1"), "adminPassword", "6-72"),
        (replace(LINUX, admin_password="a" * 71 + "1A"), "adminPassword", "6-72"),
        (replace(LINUX, admin_password="password1"), "adminPassword", "complexity"),
        (replace(LINUX, admin_password="Passw0rd\x07"), "adminPassword", "Control characters"),
        (replace(WINDOWS, admin_password="Passw0"), "adminPassword", "8-123"),
        (replace(WINDOWS, admin_password="aA1" * 41 + "x"), "adminPassword", "8-123"),
        (replace(WINDOWS, admin_password="P@ssword123"), "adminPassword", "not allowed"),
        (replace(LINUX, admin_password="Password1"), "adminPassword", "not allowed"),
        (replace(WINDOWS, admin_username="Administrator"), "adminUsername", "not allowed"),
        (replace(WINDOWS, admin_username="me@home"), "adminUsername", "not allowed"),
        (replace(WINDOWS, admin_username="me."), "adminUsername", "not allowed"),
        (replace(WINDOWS, admin_username="..."), "adminUsername", "not allowed"),
        (replace(WINDOWS, computer_name="web_1"), "computerName", "Windows computer name"),
        (replace(WINDOWS, linux=True), "linuxConfiguration", "not allowed"),
        (replace(LINUX, custom_data="not base64!"), "customData", "Base64"),
        (replace(LINUX, custom_data="A" * 87384), "customData", "87380"),
    ],
)
def test_what_azure_refuses_is_refused_with_the_parameters_name(profile: OsProfile, target: str, words: str) -> None:
    with pytest.raises(ApiError) as refusal:
        check(profile)
    assert (refusal.value.status, refusal.value.code, refusal.value.target) == (400, "InvalidParameter", target)
    assert words in refusal.value.message
    assert not profile.admin_password or profile.admin_password not in refusal.value.message


def test_secrets_are_not_in_what_a_profile_prints() -> None:
    printed = repr(replace(WINDOWS, custom_data="c2VjcmV0"))
    assert "Passw0rd!" not in printed
    assert "c2VjcmV0" not in printed


def test_a_configuration_for_another_system_than_the_disks_is_refused() -> None:
    with pytest.raises(ApiError, match="'windowsConfiguration' is not allowed"):
        os_profile.check(WINDOWS, OsType.LINUX)
    with pytest.raises(ApiError, match="'linuxConfiguration' is not allowed"):
        os_profile.check(replace(LINUX, linux=True), OsType.WINDOWS)


def test_what_the_disk_holds_decides_where_no_configuration_says_it() -> None:
    """The same profile: too long a name and no password for Windows, and good for Linux."""
    plain = replace(LINUX, computer_name="a" * 16)

    os_profile.check(plain, OsType.LINUX)
    with pytest.raises(ApiError, match="15 characters"):
        os_profile.check(plain, OsType.WINDOWS)
    with pytest.raises(ApiError, match="'adminPassword' is missing"):
        os_profile.check(LINUX, OsType.WINDOWS)
