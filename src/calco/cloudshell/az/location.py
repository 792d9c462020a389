"""Regions, and what each has: sizes of machines, usage, platform images.

Source: Azure/azure-powershell, the reference of Get-AzLocation (Az.Resources) and of Get-AzVMSize, Get-AzVMUsage
(Az.Compute).
"""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.az.declaration import LOCATION, cmdlet, columns, mandatory, of
from calco.cloudshell.az.machine_parameters import TYPE
from calco.cloudshell.az.record import Family, Shape, read, text
from calco.cloudshell.az.shapes import COMPUTE
from calco.cloudshell.az.target import path, place_path, subscription
from calco.cloudshell.cmdlet import Call, Column, Module, View
from calco.cloudshell.values import Value

_FAMILY = Family(
    "Microsoft.Azure.Commands.ResourceManager.Cmdlets.SdkModels.",
    {
        "PSResourceProviderLocation": Shape(
            "Location=name DisplayName Type Longitude=metadata.longitude Latitude=metadata.latitude "
            "PhysicalLocation=metadata.physicalLocation RegionType=metadata.regionType "
            "RegionCategory=metadata.regionCategory GeographyGroup=metadata.geographyGroup Providers"
        )
    },
)
PLACE, SIZE, USAGE = _FAMILY["PSResourceProviderLocation"], COMPUTE["PSVirtualMachineSize"], COMPUTE["PSUsage"]


def get_locations(call: Call) -> Iterable[Value]:
    providers = _providers(call)
    for each in call.shell.api.list(f"{subscription(call.shell.api)}/locations"):
        place = read(PLACE, each)
        place.members["Providers"] = [*providers]
        yield place


def _providers(call: Call) -> list[str]:
    found = call.shell.api.list(f"{subscription(call.shell.api)}/providers")
    return [name for each in found if isinstance(name := each.get("namespace"), str)]


def get_sizes(call: Call) -> Iterable[Value]:
    api = call.shell.api
    if call.text("VMName"):
        within = path(api, call.text("ResourceGroupName"), TYPE, call.text("VMName"))
    else:
        within = place_path(api, call.text("Location"))
    for each in api.list(f"{within}/vmSizes"):
        yield read(SIZE, each)


def get_usage(call: Call) -> Iterable[Value]:
    for each in call.shell.api.list(f"{place_path(call.shell.api, call.text('Location'))}/usages"):
        yield read(USAGE, each)


_PLACE = replace(LOCATION, mandatory=True, position=0)
_OF_MACHINE = "ListAvailableSizesForVirtualMachine"

MODULE = Module(
    (
        *of(
            "Az.Resources",
            cmdlet(
                "Get-AzLocation",
                "Gets the regions that there are.",
                get_locations,
                output=PLACE.type,
                examples={"Their names.": "Get-AzLocation | Select-Object Location"},
            ),
        ),
        cmdlet(
            "Get-AzVMSize",
            "Gets the sizes that machines may have: in a region, or those that one machine may take on.",
            get_sizes,
            replace(_PLACE, sets=("ListVirtualMachineSize",)),
            mandatory(
                "ResourceGroupName", "The machine's resource group.", 0, sets=_OF_MACHINE, completes="resourceGroups"
            ),
            mandatory("VMName", "The machine.", 1, sets=_OF_MACHINE, completes="virtualMachines"),
            default_set="ListVirtualMachineSize",
            output=SIZE.type,
            examples={"All sizes.": "Get-AzVMSize -Location eastus"},
        ),
        cmdlet(
            "Get-AzVMUsage",
            "Gets how much of a region's limits is used.",
            get_usage,
            _PLACE,
            output=USAGE.type,
            examples={"All of it.": "Get-AzVMUsage -Location eastus"},
        ),
    ),
    (
        View(PLACE.type, columns("Location DisplayName Type Providers")),
        View(
            SIZE.type,
            (
                Column("Name", "Name"),
                *columns("NumberOfCores MemoryInMB MaxDataDiskCount OSDiskSizeInMB ResourceDiskSizeInMB", right=True),
            ),
            table=True,
        ),
        View(
            USAGE.type,
            (
                Column("Name", lambda usage: text(usage, "Name", "LocalizedValue")),
                Column("Current Value", "CurrentValue", right=True),
                *columns("Limit", right=True),
                *columns("Unit"),
            ),
            table=True,
        ),
    ),
)
