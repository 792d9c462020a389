"""At start: what is there that no resource owns, and what should be there and is not.

Nothing is deleted here that may hold data: volumes move to a trash. Processes end only when they are surely ours; that
is the drivers' promise. Whatever an unfinished operation names is left alone, for the operation goes on right after.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from calco.model.document import Json
from calco.model.errors import ApiError
from calco.model.ids import is_guid
from calco.model.machine import MachineState
from calco.model.operation import Operation
from calco.model.virtual_machine import Act, Condition
from calco.ports import Resource
from calco.tool import ToolFailed
from calco.work import deployments, machine_links, virtual_machine, virtual_network, volume
from calco.work.cloud import Cloud
from calco.work.machine_state import condition_of, vm_id_of, with_condition

log = logging.getLogger(__name__)


def reconcile(cloud: Cloud, *, start_again: bool) -> list[str]:
    """Set things right before the first operation goes on; answers what was done, in sentences that are logged too.

    ``start_again``: machines that ran when the host went down are started; otherwise they come back as stopped.
    """
    with cloud.records.read() as view:
        machines = view.resources(virtual_machine.KIND)
        networks = {virtual_network.guid_of(each) for each in view.resources(virtual_network.KIND)}
        unfinished = view.unfinished()
        busy = {each.id.key for each in machines if view.claims(each.id)}
    deployments.stand_again(cloud, unfinished)
    named = _names_in(unfinished)
    volumes = _volumes_in_use(cloud, named)
    said = [
        *_end_strange_machines(cloud, {vm_id_of(each) for each in machines} | named),
        *_close_strange_networks(cloud, networks | named),
        *_trash_strange_volumes(cloud, volumes | named),
        *_miss_volumes(cloud, volumes - named),
        *_settle_power(cloud, [each for each in machines if each.id.key not in busy], start_again=start_again),
    ]
    for sentence in said:
        log.warning("%s", sentence)
    return said


def _names_in(operations: Iterable[Operation]) -> set[str]:
    """Every GUID that an operation's parameters mention: what it is about to make, or making."""
    return {text for each in operations for text in _texts(each.params) if is_guid(text)}


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _volumes_in_use(cloud: Cloud, named: set[str]) -> set[str]:
    """Forget the rows nobody uses (a request that died on its way leaves them): their files are strangers then."""
    with cloud.records.write() as tx:
        volume.forget_unused(tx, [each.id for each in tx.volumes() if each.id not in named])
        return {each.id for each in tx.volumes()}


def _end_strange_machines(cloud: Cloud, known: set[str]) -> list[str]:
    said = []
    for vm_id in sorted(cloud.hypervisor.machines() - known):
        cloud.hypervisor.stop(vm_id, grace_seconds=0)
        cloud.media.delete(vm_id)
        cloud.hypervisor.forget(vm_id)
        said.append(f"Machine {vm_id} belongs to no virtual machine: ended.")
    return said


def _close_strange_networks(cloud: Cloud, known: set[str]) -> list[str]:
    said = []
    for network in sorted(cloud.networks.networks() - known):
        cloud.networks.close(network)
        said.append(f"Network {network} belongs to no virtual network: closed.")
    return said


def _trash_strange_volumes(cloud: Cloud, known: set[str]) -> list[str]:
    said = []
    for each in sorted(cloud.disks.volumes() - known):
        cloud.disks.trash(each)
        said.append(f"Volume {each} belongs to nothing: kept in the trash for {cloud.rules.trash_days} days.")
    gone = cloud.disks.empty_trash(cloud.clock.now() - timedelta(days=cloud.rules.trash_days))
    return [*said, *(f"Volume {each} was {cloud.rules.trash_days} days in the trash: removed." for each in gone)]


def _miss_volumes(cloud: Cloud, wanted: set[str]) -> list[str]:
    """What lies in a pool that is gone is not missing: it comes back with the pool."""
    with cloud.records.read() as view:
        missing = [each for each in view.volumes() if each.id in wanted - cloud.disks.volumes()]
    gone = Counter(each.pool for each in missing if each.pool not in cloud.disks.pools())
    said = [
        f"Pool {pool} is gone, with {count} volume{'s' if count > 1 else ''} in it. Bring its folder back."
        for pool, count in sorted(gone.items())
    ]
    lost = sorted(each.id for each in missing if each.pool not in gone)
    return [
        *said,
        *(f"Volume {each} is in the records but its file is missing. Restore it from a copy." for each in lost),
    ]


def _settle_power(cloud: Cloud, machines: Iterable[Resource], *, start_again: bool) -> list[str]:
    said = []
    for machine in machines:
        if condition_of(machine) is not Condition.RUNNING:
            continue
        if cloud.hypervisor.state(vm_id_of(machine)) in (MachineState.RUNNING, MachineState.SHUT_DOWN):
            _publish_again(cloud, machine)
            continue
        word = "starting again" if start_again and _start(cloud, machine) else "now stopped"
        if word == "now stopped":
            with cloud.records.write() as tx:
                tx.put(with_condition(machine, Condition.STOPPED, cloud.clock.now()))
        said.append(f"Virtual machine {machine.id.name} ran but its process is gone: {word}.")
    return said


def _start(cloud: Cloud, machine: Resource) -> bool:
    """It still counts as running until then, so a service that dies here starts it at its next start."""
    try:
        virtual_machine.act(cloud, machine.id, Act.START)
    except ApiError as refusal:  # one of its disks is being changed, say
        log.warning("virtual machine %s cannot be started again: %s", machine.id.name, refusal)
        return False
    return True


def _publish_again(cloud: Cloud, machine: Resource) -> None:
    """Public addresses are relayed by the service on some machines: they come back with it."""
    with cloud.records.read() as view:
        plugs = machine_links.plugs_of(view, machine)
    for each in plugs:
        if each.public is not None:
            try:
                cloud.networks.publish(each.port, each.public, cloud.rules.public_ports)
            except (OSError, ToolFailed):
                log.exception("public address %s of %s does not answer", each.public, machine.id.name)
