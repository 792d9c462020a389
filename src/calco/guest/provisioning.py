"""The provisioning DVD: one file, ovf-env.xml, on an ISO with UDF, from which a guest learns its name and first user.

The password and customData stand in it in clear, as they do in Azure. So it is 0600 from its first byte, nothing of it
is ever an argument or a log line, and what a kill leaves behind lies in one known folder that the next call clears.
Sources: cloud-init 22.4.2, sources/helpers/azure.py, OvfEnvXml; WALinuxAgent 2.7.3, protocol/ovfenv.py.
"""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID
from xml.sax.saxutils import escape

from calco.model.disk import OsType
from calco.model.guest import Provisioning, PublicKey
from calco.tool import run_tool

MEDIA: Final = "provisioning.iso"
WORKSHOP: Final = "provisioning.new"

# XML 1.0 has no way to write the other control characters, nor halves of surrogate pairs.
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class IsoMedia:
    """``ports.ProvisioningMedia`` by genisoimage: ``{machines}/{vm_id}/provisioning.iso``.

    What a Windows guest would read is not written: there was none to try it on.
    """

    provisions = frozenset({OsType.LINUX})

    def __init__(self, machines: Path, *, timeout_seconds: float = 60) -> None:
        """``machines`` is the folder that has one folder for each machine; it must exist."""
        self._machines = machines
        self._timeout_seconds = timeout_seconds

    def make(self, vm_id: str, provisioning: Provisioning) -> Path:
        """Write the DVD, whole and on disk, or leave the old one; about 0.9 MB.

        Raises ValueError (not a GUID; text XML cannot carry), OSError, ToolFailed.
        """
        folder = self._folder(vm_id)
        text = ovf_env(provisioning)
        folder.mkdir(mode=0o700, exist_ok=True)
        workshop = folder / WORKSHOP
        shutil.rmtree(workshop, ignore_errors=True)
        workshop.mkdir(mode=0o700)
        try:
            fresh = self._burn(workshop, text)
            fresh.replace(folder / MEDIA)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
        _sync(folder)
        _sync(self._machines)
        return folder / MEDIA

    def delete(self, vm_id: str) -> None:
        """Remove the DVD, what an interrupted ``make`` left, and the machine's folder if nothing else is in it; absent
        is fine."""
        folder = self._folder(vm_id)
        shutil.rmtree(folder / WORKSHOP, ignore_errors=True)
        (folder / MEDIA).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()

    def _burn(self, workshop: Path, text: str) -> Path:
        """The finished ISO, in ``workshop``, 0600 and fsynced."""
        tree, fresh = workshop / "dvd", workshop / MEDIA
        tree.mkdir(mode=0o700)
        _write_secret(tree / "ovf-env.xml", text.encode())
        _write_secret(fresh, b"")  # made before genisoimage opens it, which then keeps its mode
        argv: list[str | Path] = [
            "genisoimage",
            "-quiet",
            "-udf", "-iso-level", "3", "-allow-lowercase",
            "-V", "rd_rdfe",
            "-o", fresh,
            tree,
        ]  # fmt: skip
        run_tool(argv, timeout_seconds=self._timeout_seconds)
        _sync(fresh)
        return fresh

    def _folder(self, vm_id: str) -> Path:
        if str(UUID(vm_id)) != vm_id:
            raise ValueError("a vmId is a GUID in lower case")
        return self._machines / vm_id


def ovf_env(provisioning: Provisioning) -> str:
    """The text of ovf-env.xml. Raises ValueError when a character in it cannot be written in XML."""
    lines = [
        _element("HostName", provisioning.host_name),
        _element("UserName", provisioning.admin_username),
    ]
    if provisioning.admin_password is not None:
        lines.append(_element("UserPassword", provisioning.admin_password))
    lines.append(_element("DisableSshPasswordAuthentication", _flag(provisioning.disable_password_authentication)))
    if provisioning.public_keys:
        keys = "".join(_public_key(key) for key in provisioning.public_keys)
        lines.append(f"<wa:SSH><wa:PublicKeys>{keys}</wa:PublicKeys></wa:SSH>")
    if provisioning.custom_data is not None:
        lines.append(_element("CustomData", provisioning.custom_data))
    settings = [
        _element("KmsServerHostname", "kms.core.windows.net"),
        _element("ProvisionGuestAgent", _flag(provisioning.provision_vm_agent)),
        '<wa:GuestAgentPackageName xsi:nil="true"/>',
        _element("RetainWindowsPEPassInUnattend", "false"),
        _element("RetainOfflineServicingPassInUnattend", "false"),
        _element("PreprovisionedVm", "false"),
        _element("PreprovisionedVMType", "None"),
    ]
    return _ENVIRONMENT.format(configuration="\n      ".join(lines), settings="\n      ".join(settings))


_ENVIRONMENT: Final = """\
<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" \
xmlns:oe="http://schemas.dmtf.org/ovf/environment/1" \
xmlns:wa="http://schemas.microsoft.com/windowsazure" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <wa:ProvisioningSection>
    <wa:Version>1.0</wa:Version>
    <wa:LinuxProvisioningConfigurationSet>
      <wa:ConfigurationSetType>LinuxProvisioningConfiguration</wa:ConfigurationSetType>
      {configuration}
    </wa:LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
  <wa:PlatformSettingsSection>
    <wa:Version>1.0</wa:Version>
    <wa:PlatformSettings>
      {settings}
    </wa:PlatformSettings>
  </wa:PlatformSettingsSection>
</Environment>
"""


def _public_key(key: PublicKey) -> str:
    """By value: a fingerprint would make the agents look for a certificate in the goal state."""
    return f"<wa:PublicKey>{_element('Path', key.path)}{_element('Value', key.key_data)}</wa:PublicKey>"


def _element(name: str, text: str) -> str:
    if _UNWRITABLE.search(text):
        raise ValueError(f"{name} has a character that XML cannot carry")
    # A bare carriage return would be read back as a line feed.
    return f"<wa:{name}>{escape(text, {chr(13): '&#13;'})}</wa:{name}>"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _write_secret(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
