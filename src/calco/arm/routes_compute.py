"""Rows of machines, disks, snapshots and images."""

from calco.arm import (
    access,
    availability_set,
    boot_diagnostics,
    catalogue,
    disk,
    image,
    location,
    machine_disks,
    machine_extension,
    operation,
    resource_sku,
    run_command,
    serial_console,
    snapshot,
    usage,
    virtual_machine,
)
from calco.arm.route_patterns import GROUP, PROVIDERS, resource
from calco.arm.router import Handler, Route

_LOCATION = f"{PROVIDERS}/Microsoft.Compute/locations/{{location}}"
_MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{{name}}"


def _acts() -> list[Route]:
    acts: dict[str, Handler] = {
        "start": virtual_machine.start,
        "restart": virtual_machine.restart,
        "powerOff": virtual_machine.power_off,
        "deallocate": virtual_machine.deallocate,
        "generalize": virtual_machine.generalize,
        "capture": virtual_machine.capture,
        "convertToManagedDisks": virtual_machine.convert_to_managed_disks,
        "runCommand": run_command.invoke,
        "attachDetachDataDisks": machine_disks.attach_detach,
        "reapply": virtual_machine.reapply,
        "redeploy": virtual_machine.redeploy,
        "reimage": virtual_machine.reimage,
    }
    return [
        Route(
            "POST",
            f"{_MACHINE}/{name}",
            handler,
            f"Microsoft.Compute/virtualMachines/{name}/action",
            long_running=name != "generalize",
            heavy=name == "generalize",  # its disk is looked at
        )
        for name, handler in acts.items()
    ]


def _extensions() -> list[Route]:
    there, type = f"{_MACHINE}/extensions", "Microsoft.Compute/virtualMachines/extensions"
    return [
        Route("GET", there, machine_extension.list_all, f"{type}/read"),
        Route("PUT", f"{there}/{{extension}}", machine_extension.put, f"{type}/write", long_running=True),
        Route("PATCH", f"{there}/{{extension}}", machine_extension.get, f"{type}/write", long_running=True),
        Route("GET", f"{there}/{{extension}}", machine_extension.get, f"{type}/read"),
        Route("DELETE", f"{there}/{{extension}}", machine_extension.delete, f"{type}/delete", long_running=True),
    ]


def _serial_console() -> list[Route]:
    """A machine has one port, as in Azure."""
    namespace = "Microsoft.SerialConsole"
    there, type = f"{_MACHINE}/providers/{namespace}/serialPorts", f"{namespace}/serialPorts"
    one = f"{there}/{serial_console.PORT}"
    status, action = f"{PROVIDERS}/{namespace}/consoleServices/default", f"{namespace}/consoleServices/read"
    return [
        Route("GET", status, serial_console.get_status, action),
        Route("GET", there, serial_console.list_ports, f"{type}/read"),
        Route("GET", one, serial_console.get_port, f"{type}/read"),
        Route("POST", f"{one}/connect", serial_console.connect, f"{type}/connect/action"),
    ]


def _access(type: str) -> list[Route]:
    """Signed URLs to the bytes of a disk or snapshot."""
    one = f"{GROUP}/providers/{type}/{{name}}"
    return [
        Route("POST", f"{one}/beginGetAccess", access.begin, f"{type}/beginGetAccess/action", long_running=True),
        Route("POST", f"{one}/endGetAccess", access.end, f"{type}/endGetAccess/action", long_running=True),
    ]


def _catalogue() -> list[Route]:
    """Platform images, down from their publishers."""
    publishers = f"{_LOCATION}/publishers"
    offers = f"{publishers}/{{publisher}}/artifacttypes/vmimage/offers"
    skus = f"{offers}/{{offer}}/skus"
    versions = f"{skus}/{{sku}}/versions"
    types = f"{publishers}/{{publisher}}/artifacttypes/vmextension/types"
    action = "Microsoft.Compute/locations/publishers"
    of_images = f"{action}/artifacttypes/offers"
    return [
        Route("GET", publishers, catalogue.list_publishers, f"{action}/read"),
        Route("GET", offers, catalogue.list_offers, f"{of_images}/read"),
        Route("GET", skus, catalogue.list_skus, f"{of_images}/skus/read"),
        Route("GET", versions, catalogue.list_versions, f"{of_images}/skus/versions/read"),
        Route("GET", f"{versions}/{{version}}", catalogue.get_version, f"{of_images}/skus/versions/read"),
        Route("GET", types, catalogue.list_extension_types, f"{action}/artifacttypes/types/read"),
    ]


COMPUTE: tuple[Route, ...] = (
    *resource(
        "Microsoft.Compute/virtualMachines",
        put=virtual_machine.put,
        get=virtual_machine.get,
        delete=virtual_machine.delete,
        list_group=virtual_machine.list_group,
        list_all=virtual_machine.list_all,
        patch=virtual_machine.patch,
    ),
    Route(
        "GET",
        f"{_MACHINE}/instanceView",
        virtual_machine.get_instance_view,
        "Microsoft.Compute/virtualMachines/instanceView/read",
    ),
    *_acts(),
    *_extensions(),
    Route(
        "POST",
        f"{_MACHINE}/retrieveBootDiagnosticsData",
        boot_diagnostics.retrieve,
        "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
    ),
    *_serial_console(),
    *resource(
        "Microsoft.Compute/availabilitySets",
        put=availability_set.put,
        get=availability_set.get,
        delete=availability_set.delete,
        list_group=availability_set.list_group,
        list_all=availability_set.list_all,
        patch=availability_set.patch,
    ),
    Route(
        "GET",
        f"{GROUP}/providers/Microsoft.Compute/availabilitySets/{{name}}/vmSizes",
        availability_set.list_sizes,
        "Microsoft.Compute/availabilitySets/vmSizes/read",
    ),
    *resource(
        "Microsoft.Compute/disks",
        put=disk.put,
        get=disk.get,
        delete=disk.delete,
        list_group=disk.list_group,
        list_all=disk.list_all,
        patch=disk.patch,
    ),
    *_access("Microsoft.Compute/disks"),
    *resource(
        "Microsoft.Compute/snapshots",
        put=snapshot.put,
        get=snapshot.get,
        delete=snapshot.delete,
        list_group=snapshot.list_group,
        list_all=snapshot.list_all,
        patch=snapshot.patch,
    ),
    *_access("Microsoft.Compute/snapshots"),
    *resource(
        "Microsoft.Compute/images",
        put=image.put,
        get=image.get,
        delete=image.delete,
        list_group=image.list_group,
        list_all=image.list_all,
        patch=image.patch,
        quick=True,
    ),
    Route(
        "GET",
        f"{GROUP}/providers/Microsoft.Compute/images/{{name}}/providers/Calco/usages/current",
        image.get_usage,
        "Microsoft.Compute/images/read",
    ),
    Route(
        "GET",
        f"{_LOCATION}/operations/{{operation}}",
        operation.get_compute,
        "Microsoft.Compute/locations/operations/read",
    ),
    Route(
        "GET",
        f"{_LOCATION}/DiskOperations/{{operation}}",
        operation.get_disk,
        "Microsoft.Compute/locations/diskOperations/read",
    ),
    Route("GET", f"{_LOCATION}/runCommands", run_command.list_all, "Microsoft.Compute/locations/runCommands/read"),
    Route(
        "GET", f"{_LOCATION}/runCommands/{{command}}", run_command.get, "Microsoft.Compute/locations/runCommands/read"
    ),
    *_catalogue(),
    Route(
        "GET",
        f"{_MACHINE}/vmSizes",
        location.list_sizes_of_machine,
        "Microsoft.Compute/virtualMachines/vmSizes/read",
    ),
    Route("GET", f"{_LOCATION}/usages", usage.list_compute, "Microsoft.Compute/locations/usages/read"),
    Route("GET", f"{PROVIDERS}/Microsoft.Compute/skus", resource_sku.list_all, "Microsoft.Compute/skus/read"),
    Route("GET", f"{_LOCATION}/vmSizes", location.list_sizes, "Microsoft.Compute/locations/vmSizes/read"),
)
