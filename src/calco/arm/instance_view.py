"""The instance view: what a machine is doing right now."""

from calco.arm import showing
from calco.model.document import Document
from calco.model.instance_view import InstanceView, ViewStatus


def show(view: InstanceView) -> Document:
    """Order of members as recorded: the agent, the disks, the generation, the statuses."""
    shown: Document = {}
    if view.computer_name is not None:
        shown["computerName"] = view.computer_name
    if view.os_name:
        shown |= {"osName": view.os_name, "osVersion": view.os_version}
    return {
        **shown,
        "vmAgent": {"vmAgentVersion": view.agent_version, "statuses": [_status(each) for each in view.agent]},
        "disks": [{"name": name, "statuses": [_status(each)]} for name, each in view.disks.items()],
        # No addresses: clients that find none here ask for signed ones, which need neither account nor key.
        **({"bootDiagnostics": {}} if view.boot_diagnostics else {}),
        "hyperVGeneration": view.generation,
        "statuses": [_status(each) for each in view.statuses],
    }


def _status(status: ViewStatus) -> Document:
    shown: Document = {"code": status.code, "level": status.level, "displayStatus": status.display}
    if status.message is not None:
        shown["message"] = status.message
    if status.time is not None:
        shown["time"] = showing.time(status.time)
    return shown
