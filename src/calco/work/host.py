"""The host, and how much of it running machines were promised."""

from calco.model.host import HostView
from calco.model.volume import MIB
from calco.work import virtual_machine
from calco.work.cloud import Cloud
from calco.work.machine_state import is_running, memory_mib_of


def get(cloud: Cloud) -> HostView:
    """Raises OSError when the kernel does not say."""
    return cloud.host.look()


def reserved_bytes(cloud: Cloud) -> int:
    """Memory of the machines that run, whether they have touched it or not; O(machines)."""
    with cloud.records.read() as view:
        machines = view.resources(virtual_machine.KIND)
    return MIB * sum(memory_mib_of(each, cloud.rules) for each in machines if is_running(each))
