"""The parameters by which the cmdlets of virtual machines name one, and its kind of object.

Source: Azure/azure-powershell, Az.Compute's reference: sets, positions and aliases.
"""

from calco.cloudshell.az.record import Kind as Shaped
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.cmdlet import Kind, Parameter

TYPE = "Microsoft.Compute/virtualMachines"
MACHINE: Shaped = COMPUTE["PSVirtualMachine"]
MACHINES = (MACHINE.type, f"{MACHINE.type}List", f"{MACHINE.type}ListStatus")
"""The types of a machine by name, in a list, and in a list with power states."""
GROUP_NAME, ID = "ResourceGroupNameParameterSetName", "IdParameterSetName"

NO_WAIT = Parameter("NoWait", Kind.SWITCH, "Do not wait for the end.")


def named(by_name: tuple[str, ...] = (GROUP_NAME,), by_id: tuple[str, ...] = (ID,)) -> tuple[Parameter, ...]:
    """Group and name, or the id."""
    return (
        Parameter(
            "ResourceGroupName",
            help="The resource group of the machine.",
            sets=by_name,
            mandatory=True,
            position=0,
            from_name=True,
            completes="resourceGroups",
        ),
        Parameter(
            "Name",
            help="The name of the machine.",
            sets=by_name,
            mandatory=True,
            position=1,
            aliases=("ResourceName", "VMName"),
            from_name=True,
            completes="virtualMachines",
        ),
        Parameter("Id", help="The id of the machine.", sets=by_id, mandatory=True, position=0, from_name=True),
    )


def vm_parameter(*sets: str, position: int = 0, by_name: bool = True) -> Parameter:
    """A machine as an object: of New-AzVMConfig or Get-AzVM."""
    return Parameter(
        "VM",
        Kind.RECORD,
        "The machine, an object of New-AzVMConfig or Get-AzVM.",
        sets=sets,
        mandatory=True,
        position=position,
        aliases=("VMProfile",),
        from_pipeline=True,
        from_name=by_name,
        accepts=MACHINES,
    )
