"""The parameters by which the cmdlets of virtual machines name one, and its kind of object.

Source: Azure/azure-powershell, Az.Compute's reference: sets, positions and aliases.
"""

from calco.cloudshell.az.declaration import mandatory, piped
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.cmdlet import Parameter

TYPE = "Microsoft.Compute/virtualMachines"
MACHINE = COMPUTE["PSVirtualMachine"]
LIST, LIST_STATUS = f"{MACHINE.type}List", f"{MACHINE.type}ListStatus"
MACHINES = (MACHINE.type, LIST, LIST_STATUS)
"""The types of a machine by name, in a list, and in a list with power states."""
GROUP_NAME, ID = "ResourceGroupNameParameterSetName", "IdParameterSetName"


def named(by_name: str = GROUP_NAME, by_id: str = ID) -> tuple[Parameter, Parameter, Parameter]:
    """Group and name, or the id."""
    return (
        mandatory(
            "ResourceGroupName", "The resource group of the machine.", 0, sets=by_name, completes="resourceGroups"
        ),
        mandatory(
            "Name",
            "The name of the machine.",
            1,
            sets=by_name,
            aliases="ResourceName VMName",
            completes="virtualMachines",
        ),
        mandatory("Id", "The id of the machine.", 0, sets=by_id),
    )


VM = piped(
    "VM", "The machine, an object of New-AzVMConfig or Get-AzVM.", " ".join(MACHINES), 0, from_name=True,
    aliases="VMProfile",
)  # fmt: skip
