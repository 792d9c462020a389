"""Names, passwords and keys that Azure would refuse."""

import base64
from dataclasses import replace

import pytest

from calco.model import os_profile
from calco.model.errors import ApiError
from calco.model.virtual_machine import OsProfile

LINUX = OsProfile("web1", "azureuser", public_keys=(("/home/azureuser/.ssh/authorized_keys", "ssh-ed25519 AAAA"),))
WINDOWS = OsProfile("web1", "azureuser", admin_password="Passw0rd!", windows=True)


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
        replace(LINUX, custom_data=base64.b64encode(b"x" * 65535).decode()),
    ],
)
def test_what_azure_takes_is_taken(profile: OsProfile) -> None:
    os_profile.check(profile)


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
        (replace(LINUX, custom_data="not base64!"), "customData", "Base64"),
        (replace(LINUX, custom_data="A" * 87384), "customData", "87380"),
    ],
)
def test_what_azure_refuses_is_refused_with_the_parameters_name(profile: OsProfile, target: str, words: str) -> None:
    with pytest.raises(ApiError) as refusal:
        os_profile.check(profile)
    assert (refusal.value.status, refusal.value.code, refusal.value.target) == (400, "InvalidParameter", target)
    assert words in refusal.value.message
    assert not profile.admin_password or profile.admin_password not in refusal.value.message


def test_secrets_are_not_in_what_a_profile_prints() -> None:
    printed = repr(replace(WINDOWS, custom_data="c2VjcmV0"))
    assert "Passw0rd!" not in printed
    assert "c2VjcmV0" not in printed
