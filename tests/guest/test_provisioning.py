"""The provisioning DVD carries what the guest must know, and keeps its secrets."""

import os
import shutil
import stat
import subprocess
from base64 import b64encode
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.guest.provisioning import IsoMedia, ovf_env
from calco.model.guest import Provisioning, PublicKey
from calco.tool import ToolFailed
from tests.guest.guests import VM_ID

needs_genisoimage = pytest.mark.skipif(not shutil.which("genisoimage"), reason="genisoimage is not installed")

PASSWORD = "Pass<&>w0rd'\""
CUSTOM_DATA = b64encode(b"#cloud-config\nruncmd: [date]\n").decode()

WHOLE = Provisioning(
    host_name="web1",
    admin_username="azureuser",
    admin_password=PASSWORD,
    public_keys=(PublicKey("/home/azureuser/.ssh/authorized_keys", "ssh-ed25519 AAAA <me>"),),
    disable_password_authentication=False,
    custom_data=CUSTOM_DATA,
)

GOLDEN = f"""\
<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1" \
xmlns:wa="http://schemas.microsoft.com/windowsazure" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <wa:ProvisioningSection>
    <wa:Version>1.0</wa:Version>
    <wa:LinuxProvisioningConfigurationSet>
      <wa:ConfigurationSetType>LinuxProvisioningConfiguration</wa:ConfigurationSetType>
      <wa:HostName>web1</wa:HostName>
      <wa:UserName>azureuser</wa:UserName>
      <wa:UserPassword>Pass&lt;&amp;&gt;w0rd'"</wa:UserPassword>
      <wa:DisableSshPasswordAuthentication>false</wa:DisableSshPasswordAuthentication>
      <wa:SSH><wa:PublicKeys><wa:PublicKey><wa:Path>/home/azureuser/.ssh/authorized_keys</wa:Path>\
<wa:Value>ssh-ed25519 AAAA &lt;me&gt;</wa:Value></wa:PublicKey></wa:PublicKeys></wa:SSH>
      <wa:CustomData>{CUSTOM_DATA}</wa:CustomData>
    </wa:LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
  <wa:PlatformSettingsSection>
    <wa:Version>1.0</wa:Version>
    <wa:PlatformSettings>
      <wa:KmsServerHostname>kms.core.windows.net</wa:KmsServerHostname>
      <wa:ProvisionGuestAgent>true</wa:ProvisionGuestAgent>
      <wa:GuestAgentPackageName xsi:nil="true"/>
      <wa:RetainWindowsPEPassInUnattend>false</wa:RetainWindowsPEPassInUnattend>
      <wa:RetainOfflineServicingPassInUnattend>false</wa:RetainOfflineServicingPassInUnattend>
      <wa:PreprovisionedVm>false</wa:PreprovisionedVm>
      <wa:PreprovisionedVMType>None</wa:PreprovisionedVMType>
    </wa:PlatformSettings>
  </wa:PlatformSettingsSection>
</Environment>
"""

WA = "{http://schemas.microsoft.com/windowsazure}"


def field(text: str, name: str) -> str | None:
    """One field of the Linux configuration, as an agent reads it."""
    return ElementTree.fromstring(text).findtext(  # noqa: S314
        f"{WA}ProvisioningSection/{WA}LinuxProvisioningConfigurationSet/{WA}{name}"
    )


def test_the_environment_is_written_as_agents_read_it() -> None:
    assert ovf_env(WHOLE) == GOLDEN


def test_a_character_xml_cannot_carry_is_refused_without_repeating_the_secret() -> None:
    with pytest.raises(ValueError, match="UserPassword has a character") as refused:
        ovf_env(Provisioning("web1", "azureuser", admin_password="s3cret\x1b"))

    assert "s3cret" not in str(refused.value)


def test_what_was_not_given_is_not_there() -> None:
    text = ovf_env(Provisioning("web1", "azureuser", provision_vm_agent=False))

    assert field(text, "UserPassword") is field(text, "CustomData") is field(text, "SSH") is None
    assert field(text, "DisableSshPasswordAuthentication") == "true"
    assert "<wa:ProvisionGuestAgent>false</wa:ProvisionGuestAgent>" in text


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_comes_back_as_it_was_or_is_refused(password: str, name: str) -> None:
    try:
        text = ovf_env(Provisioning(name, "azureuser", admin_password=password))
    except ValueError:
        return
    assert (field(text, "UserPassword"), field(text, "HostName")) == (password, name)


def read_back(media: Path) -> bytes:
    """ovf-env.xml as it stands on the ISO."""
    listing = subprocess.run(["isoinfo", "-i", media, "-f"], check=True, capture_output=True).stdout
    (name,) = listing.decode().split()
    return subprocess.run(["isoinfo", "-i", media, "-x", name], check=True, capture_output=True).stdout


def files(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


@needs_genisoimage
def test_the_dvd_holds_the_environment_and_is_for_its_owner_only(tmp_path: Path) -> None:
    media = IsoMedia(tmp_path).make(VM_ID, WHOLE)

    assert media == tmp_path / VM_ID / "provisioning.iso"
    assert read_back(media) == GOLDEN.encode()
    whole = media.read_bytes()
    assert b"NSR02" in whole  # UDF
    assert whole[0x8028 : 0x8028 + 7] == b"rd_rdfe"
    assert stat.S_IMODE(media.stat().st_mode) == 0o600
    assert files(tmp_path) == {VM_ID, f"{VM_ID}/provisioning.iso"}


@needs_genisoimage
def test_made_again_the_dvd_is_new_and_the_old_one_stays_whole_for_who_has_it_open(tmp_path: Path) -> None:
    media = IsoMedia(tmp_path)
    first = media.make(VM_ID, WHOLE)
    with first.open("rb") as held:
        second = media.make(VM_ID, Provisioning("web2", "azureuser"))
        assert b"<wa:HostName>web1<" in held.read()

    assert first == second
    assert b"<wa:HostName>web2<" in read_back(second)
    assert PASSWORD.encode() not in second.read_bytes()


@needs_genisoimage
def test_what_a_kill_left_behind_goes_with_the_next_call(tmp_path: Path) -> None:
    # given the folder of a make that was cut short, with the secret in it
    media = IsoMedia(tmp_path)
    for act in (lambda: media.make(VM_ID, WHOLE), lambda: media.delete(VM_ID)):
        left = tmp_path / VM_ID / "provisioning.new" / "dvd"
        left.mkdir(parents=True)
        (left / "ovf-env.xml").write_text("secret")

        act()

        assert not left.parent.exists()


def test_a_failure_leaves_nothing_and_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a machine whose genisoimage fails
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "genisoimage").write_text('#!/bin/sh\necho "$@" >&2\nexit 1\n')
    (tools / "genisoimage").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    machines = tmp_path / "machines"
    machines.mkdir()

    with pytest.raises(ToolFailed) as failure:
        IsoMedia(machines).make(VM_ID, WHOLE)

    told = f"{failure.value} {failure.value.argv} {failure.value.stderr}"
    assert PASSWORD not in told
    assert CUSTOM_DATA not in told
    assert files(machines) == {VM_ID}


@needs_genisoimage
def test_deleted_the_dvd_takes_its_folder_along_unless_another_uses_it(tmp_path: Path) -> None:
    media = IsoMedia(tmp_path)
    media.make(VM_ID, WHOLE)
    (tmp_path / VM_ID / "console.log").touch()
    media.delete(VM_ID)
    assert files(tmp_path) == {VM_ID, f"{VM_ID}/console.log"}

    (tmp_path / VM_ID / "console.log").unlink()
    media.delete(VM_ID)
    assert files(tmp_path) == set()


def test_deleting_what_is_absent_is_fine(tmp_path: Path) -> None:
    IsoMedia(tmp_path).delete(VM_ID)

    assert files(tmp_path) == set()


@pytest.mark.parametrize("vm_id", ["../web1", "", VM_ID.upper(), f"{{{VM_ID}}}", VM_ID.replace("-", "")])
def test_a_name_that_is_no_vm_id_is_refused(vm_id: str, tmp_path: Path) -> None:
    media = IsoMedia(tmp_path)

    with pytest.raises(ValueError, match=r"GUID|badly formed"):
        media.make(vm_id, WHOLE)
    with pytest.raises(ValueError, match=r"GUID|badly formed"):
        media.delete(vm_id)

    assert files(tmp_path) == set()
