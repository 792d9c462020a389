"""When a new machine's guest has set itself up, and what is said when it has not.

Succeeded means: cloud-init said Ready (it does so before accounts, keys and host keys exist), and then waagent said
Ready or an SSH server answered, whichever came first; so neither an image without waagent nor a network that waagent
does not understand has to time out. Source of the order: measured with Debian 12's cloud-init 22.4.2 and waagent 2.7.3.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from calco.model import errors
from calco.model.document import Document, Json, object_at, text_at
from calco.model.errors import ApiError
from calco.model.guest import Agent, Health, Report, Subject
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.subnet import Port
from calco.operations.plan import Ended, Wait
from calco.ports import Resource
from calco.work import machine_secrets, network_interface
from calco.work.cloud import Cloud
from calco.work.common import with_internal, with_properties
from calco.work.machine_state import image_of, nics_of, vm_id_of

SSH_PORT = 22
BANNER_SECONDS = 2.0
LOOK_FOR_SSH_SECONDS = 1.0
LOOK_AT_MACHINE_SECONDS = 5.0


@dataclass(frozen=True)
class Heard:
    """A guest's last report and when it came."""

    report: Report
    at: datetime


def reports_of(machine: Resource) -> Mapping[Agent, Heard]:
    """What the guest's agents said last of its provisioning since the machine was powered on."""
    kept: dict[Agent, Heard] = {}
    for agent, each in object_at(machine.internal, "reports").items():
        kept[Agent(agent)] = msgspec.convert(each, Heard)
    return kept


def agent_of(machine: Resource) -> Heard | None:
    """What waagent said last of itself since the machine was powered on; its report of the provisioning stands for that
    until it does."""
    kept = machine.internal.get("agent")
    return reports_of(machine).get(Agent.WAAGENT) if kept is None else msgspec.convert(kept, Heard)


def with_report(machine: Resource, report: Report, now: datetime) -> Resource:
    """The machine's record after its guest said something."""
    said: Json = msgspec.to_builtins(Heard(report, now))
    if report.subject is Subject.AGENT:
        return with_internal(machine, {"agent": said})
    reports: Document = {**object_at(machine.internal, "reports"), report.agent.value: said}
    return with_internal(machine, {"reports": reports})


def await_guest(cloud: Cloud, id: str) -> Wait | None:
    """None when the guest has set itself up; Wait while it may. Raises Ended when it failed or ran out of time."""
    with cloud.records.read() as view:
        machine = view.resource(ResourceId.parse(id))
        if machine is None:
            raise errors.resource_not_found(ResourceId.parse(id))
        nic = next((found for each in nics_of(machine) if (found := view.resource(each)) is not None), None)
        port = None if nic is None else network_interface.port_of(view, nic)
    reports = reports_of(machine)
    failed = next((each.report for each in reports.values() if each.report.substatus == "ProvisioningFailed"), None)
    if failed is not None:
        raise Ended(errors.provisioning_failed(machine.id.name, failed.description))
    agent = _is_ready(reports, Agent.WAAGENT) or _is_ready(reports, Agent.OTHER)
    if _is_ready(reports, Agent.CLOUD_INIT) and (agent or (port is not None and _answers_ssh(cloud, port))):
        return None
    if agent and Agent.CLOUD_INIT not in reports:
        return None  # an image whose only agent is waagent, or a script that says Ready
    left = _seconds_left(cloud, machine)
    if left <= 0:
        custom = image_of(machine) is not None
        raise Ended(errors.provisioning_timed_out(machine.id.name, custom_image=custom))
    if cloud.hypervisor.state(vm_id_of(machine)) in (MachineState.CRASHED, MachineState.ABSENT):
        raise Ended(errors.provisioning_failed(machine.id.name, "nothing: the virtual machine stopped unexpectedly."))
    ready = _is_ready(reports, Agent.CLOUD_INIT)
    return Wait(min(left, LOOK_FOR_SSH_SECONDS if ready else LOOK_AT_MACHINE_SECONDS))


def _is_ready(reports: Mapping[Agent, Heard], agent: Agent) -> bool:
    return agent in reports and reports[agent].report.health is Health.READY


def _seconds_left(cloud: Cloud, machine: Resource) -> float:
    since = text_at(machine.internal, "poweredOnAt")
    if since is None:
        return cloud.rules.provisioning_seconds
    gone = cloud.clock.now() - datetime.fromisoformat(since)
    return cloud.rules.provisioning_seconds - gone.total_seconds()


def _answers_ssh(cloud: Cloud, port: Port) -> bool:
    """Whether something at port 22 greets as SSH servers do. Source: RFC 4253, section 4.2."""
    try:
        with cloud.networks.dial(port, SSH_PORT, timeout_seconds=BANNER_SECONDS) as connection:
            connection.settimeout(BANNER_SECONDS)
            return connection.recv(4, socket.MSG_WAITALL) == b"SSH-"
    except OSError:
        return False


def settle_provisioned(machine: Resource, now: datetime) -> Resource:
    """The machine once its guest has set itself up: the secrets have done their work and are forgotten."""
    internal: Document = {"provisioned": True, "failure": None, "settledAt": now.isoformat()}
    return with_properties(
        with_internal(machine_secrets.without(machine), internal), {"provisioningState": "Succeeded"}
    )


def late_success(machine: Resource, now: datetime) -> Resource | None:
    """A guest that reports Ready after its time was up turns the machine's ``Failed`` into ``Succeeded``, as the text
    of ``OSProvisioningTimedOut`` promises. None when there is nothing to turn."""
    timed_out = text_at(machine.internal, "failure", "code") == _TIMED_OUT.code
    if machine.properties.get("provisioningState") != "Failed" or not timed_out:
        return None
    ready = any(each.report.health is Health.READY for each in reports_of(machine).values())
    return settle_provisioned(machine, now) if ready else None


_TIMED_OUT: ApiError = errors.provisioning_timed_out("")
