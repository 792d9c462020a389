"""What a machine shows while it boots, for whoever has a signed address: its serial console's log and its screen.

The address is the whole permission, as a shared access signature is: it names machine, file and end, sealed with the
data directory's key, so it cannot be made or changed anywhere else. Nothing is kept of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from calco.model import errors
from calco.model.document import flag_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.ports import Reader, Resource
from calco.work.cloud import Cloud
from calco.work.common import found
from calco.work.machine_state import vm_id_of

KIND = "Microsoft.Compute/virtualMachines"
MINUTES, MINUTES_MAX = 120, 1440
"""Source: azure-mgmt-compute, retrieve_boot_diagnostics_data."""


class File(StrEnum):
    """The value ends the file's name."""

    LOG = "serialconsole.log"
    SCREEN = "screenshot.png"


@dataclass(frozen=True)
class Shared:
    """A file that may be read by whoever knows ``token``."""

    file: File
    name: str
    vm_id: str
    token: str


class _Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="bootDiagnostics"):
    vm_id: str
    file: File
    until: datetime


def is_enabled(machine: Resource) -> bool:
    return flag_at(machine.properties, "diagnosticsProfile", "bootDiagnostics", "enabled") is True


def share(cloud: Cloud, id: ResourceId, minutes: int) -> tuple[Shared, ...]:
    """The machine's files, to be read until then. Raises ApiError."""
    with cloud.records.read() as view:
        machine = found(view, id)
    if not is_enabled(machine):
        raise _not_enabled(id.name)
    until, vm_id = cloud.clock.now() + timedelta(minutes=minutes), vm_id_of(machine)

    def shared(file: File) -> Shared:
        sealed = cloud.sealer.seal(msgspec.json.encode(_Token(vm_id, file, until)).decode())
        return Shared(file, f"{machine.id.name}.{vm_id}.{file}", vm_id, sealed)

    return tuple(shared(each) for each in File)


def _not_enabled(machine: str) -> ApiError:
    """Ours."""
    return errors.refused(
        f"Boot diagnostics is not enabled for VM '{machine}'. Enable it: az vm boot-diagnostics enable."
    )


def read(cloud: Cloud, vm_id: str, token: str) -> tuple[File, bytes] | None:
    """What the token opens of that machine; None when there is nothing to see. Raises PermissionError for a token that
    was not made here for this machine, or has ended."""
    try:
        opened = msgspec.json.decode(cloud.sealer.unseal(token), type=_Token)
    except (ValueError, msgspec.DecodeError) as foreign:
        raise PermissionError("the signature is not valid") from foreign
    if opened.vm_id != vm_id or opened.until <= cloud.clock.now():
        raise PermissionError("the signature is not valid for this file, or has expired")
    with cloud.records.read() as view:
        if not _is_there(view, vm_id):
            return None
    if opened.file is File.LOG:
        return opened.file, cloud.hypervisor.console_log(vm_id)
    screen = cloud.hypervisor.screenshot(vm_id)
    return None if screen is None else (opened.file, screen)


def _is_there(view: Reader, vm_id: str) -> bool:
    return any(vm_id_of(each) == vm_id for each in view.resources(KIND))
