"""Azure Disk Encryption, which calco does not have: no machine is ever encrypted, and the cmdlets say so.

The document has encryption disabled before its extension is removed; here there is neither to begin with. Source:
Microsoft Learn, Get-AzVMDiskEncryptionStatus, Disable-AzVMDiskEncryption, Remove-AzVMDiskEncryptionExtension.
"""

from collections.abc import Iterable

from calco.cloudshell.az.declaration import FORCE, cmdlet, columns, mandatory, plain
from calco.cloudshell.az.target import argument, target
from calco.cloudshell.cmdlet import Call, Module, Run, View
from calco.cloudshell.values import Record, Value

_MACHINES = "Microsoft.Compute/virtualMachines"
STATUS = "Microsoft.Azure.Commands.Compute.Models.AzureDiskEncryptionStatusContext"
_NOT = "NotEncrypted"


def _status(call: Call) -> Iterable[Value]:
    _check_machine(call)
    members: dict[str, Value] = {
        "OsVolumeEncrypted": _NOT,
        "DataVolumesEncrypted": _NOT,
        "OsVolumeEncryptionSettings": None,
        "ProgressMessage": "No Encryption extension or metadata found on the VM",
    }
    yield Record.of(STATUS, members)


def _check_machine(call: Call) -> None:
    """Raises Refused when there is none."""
    call.shell.api.get(target(call, _MACHINES, name="VMName"))


def _refusing(action: str, why: str) -> Run:
    """Does nothing but say why; ``{}`` in it is the machine's name."""

    def run(call: Call) -> Iterable[Value]:
        _check_machine(call)
        if call.should(call.text("VMName"), action):
            raise argument(why.format(call.text("VMName")))
        return ()

    return run


_disable = _refusing(
    "Disable Azure Disk Encryption",
    "The virtual machine '{}' is not encrypted: calco has no Azure Disk Encryption, so there is nothing to disable.",
)
_remove = _refusing(
    "Remove the encryption extension",
    "The virtual machine '{}' has no encryption extension: calco has no Azure Disk Encryption, so there is nothing to "
    "remove.",
)
_MACHINE = (
    mandatory("ResourceGroupName", "The resource group of the virtual machine.", 0, completes="resourceGroups"),
    mandatory("VMName", "The name of the virtual machine.", 1, aliases="ResourceName", completes="virtualMachines"),
)
_NAME = "The name of the extension."

MODULE = Module(
    (
        cmdlet(
            "Get-AzVMDiskEncryptionStatus",
            "Tells whether the disks of a virtual machine are encrypted: here they never are.",
            _status,
            *_MACHINE,
            plain("Name", _NAME, 2, aliases="ExtensionName"),
            output=STATUS,
            examples={"Of one machine.": "Get-AzVMDiskEncryptionStatus -ResourceGroupName lab -VMName web1"},
        ),
        cmdlet(
            "Disable-AzVMDiskEncryption",
            "Would decrypt the disks of a virtual machine; refuses, as none is encrypted.",
            _disable,
            *_MACHINE,
            plain("VolumeType", "Which of its disks.", 2, choices="OS Data All"),
            plain("Name", _NAME, 3, aliases="ExtensionName"),
            FORCE,
            confirms=True,
            examples={"Is refused.": "Disable-AzVMDiskEncryption -ResourceGroupName lab -VMName web1"},
        ),
        cmdlet(
            "Remove-AzVMDiskEncryptionExtension",
            "Would remove what encrypts the disks of a virtual machine; refuses, as there is none.",
            _remove,
            *_MACHINE,
            plain("Name", _NAME, 2, aliases="ExtensionName"),
            FORCE,
            confirms=True,
            examples={"Is refused.": "Remove-AzVMDiskEncryptionExtension -ResourceGroupName lab -VMName web1"},
        ),
    ),
    (View(STATUS, columns("OsVolumeEncrypted DataVolumesEncrypted OsVolumeEncryptionSettings ProgressMessage")),),
)
