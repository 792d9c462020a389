"""The serial console of a machine: who may come in, and when there is something to come in to."""

from dataclasses import dataclass

from calco.model import errors
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.work.boot_diagnostics import is_enabled
from calco.work.cloud import Cloud
from calco.work.common import found
from calco.work.machine_state import is_running, vm_id_of

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Admission:
    """Who has ``token`` may open the console of ``vm_id``, once (``work.ticket``)."""

    vm_id: str
    token: str


def machine(cloud: Cloud, id: ResourceId) -> Resource:
    """The machine whose port it is. Raises ApiError."""
    with cloud.records.read() as view:
        return found(view, id)


def admit(cloud: Cloud, id: ResourceId) -> Admission:
    """Raises ApiError: as in Azure there is no console without boot diagnostics, and none of a machine that is off.

    The words are ours, after those of az, which looks at both itself before it asks. Source: azure-cli-extensions,
    serial-console, ``check_resource``.
    """
    asked = machine(cloud, id)
    if not is_enabled(asked):
        raise errors.refused(
            f"The serial console of VM '{id.name}' requires boot diagnostics to be enabled. "
            "Enable them: az vm boot-diagnostics enable."
        )
    if not is_running(asked):
        raise errors.refused(f"The serial console requires VM '{id.name}' to be running. Start it: az vm start.")
    admission = Admission(vm_id_of(asked), cloud.chance.token(TOKEN_BYTES))
    cloud.tickets.issue(admission.token, admission.vm_id, cloud.clock.now())
    return admission


def enter(cloud: Cloud, vm_id: str, token: str) -> bool:
    """Whether the token lets its bearer in; it never does again."""
    return cloud.tickets.redeem(token, vm_id, cloud.clock.now())
