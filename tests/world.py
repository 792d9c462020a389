"""A whole service in memory and one folder: real rules, real plans, simulated machines, time that stands still."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path

from calco.arm.front import ApiFront
from calco.compute.simulated import SimulatedHypervisor, SimulatedNetwork
from calco.guest.simulated import SimulatedMedia
from calco.model.disk import CreateOption, NewDisk
from calco.model.document import Document
from calco.model.guest import Agent, Health, Report
from calco.model.ids import ResourceId
from calco.model.image import NewImage
from calco.model.machine import Generation, Machine
from calco.model.network import NewNetworkInterface, NewSubnet, NewVirtualNetwork
from calco.model.operation import Operation, Status
from calco.model.run_command import Ran, Script
from calco.model.virtual_machine import Act, DiskWish, NewVirtualMachine, NicWish, OsProfile, Urn
from calco.model.volume import GIB
from calco.operations.engine import Engine
from calco.ports import Resource
from calco.storage.records import SqlRecords
from calco.storage.sealer import KeySealer
from calco.storage.simulated import SimulatedDiskStore
from calco.work import (
    disk,
    image,
    network_interface,
    plans,
    reconcile,
    resource_group,
    virtual_machine,
    virtual_network,
)
from calco.work.cloud import Accepted, Cloud, Rules
from calco.work.guest_directory import Directory
from tests.standing import SeededChance, StandingClock, StandingHost

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
GROUP = ResourceId(SUBSCRIPTION, "lab")
LOCATION = "eastus"
DEBIAN = Urn("Debian", "debian-12", "12", "latest")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKkM9Xj2zqVvKOnR2aTgTt4DkJb1kG9qX0y5xWl0vZ3F someone"
PROFILE = OsProfile("web1", "azureuser", public_keys=(("/home/azureuser/.ssh/authorized_keys", KEY),))


class OneBase:
    """One platform image: an empty raw file of 4 GiB, as the simulated hypervisor has it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "debian-12.raw"
        self.file.touch()
        with self.file.open("r+b") as out:
            out.truncate(4 * GIB)

    def names(self) -> Sequence[str]:
        return ("Debian:debian-12:12", "Debian:debian-12:12-gen2")

    def version(self, urn: str) -> str | None:
        return "0.20240101.0" if self.path(urn) else None

    def path(self, urn: str) -> tuple[Path, str] | None:
        return (self.file, "raw") if urn.lower().startswith("debian:debian-12:") else None

    def size_bytes(self, urn: str) -> int | None:
        return 4 * GIB if self.path(urn) else None

    def generation(self, urn: str) -> Generation | None:
        if self.path(urn) is None:
            return None
        return Generation.V2 if "12-gen2" in urn else Generation.V1


def ready_guest(heard: Callable[[str, Report], None]) -> Callable[[Machine], None]:
    """A guest that sets itself up at once."""

    def boot(machine: Machine) -> None:
        heard(machine.vm_id, Report(Agent.CLOUD_INIT, Health.READY))
        heard(machine.vm_id, Report(Agent.WAAGENT, Health.READY, agent_version="2.7.3.0"))

    return boot


@dataclass
class World:
    """What is behind ``cloud`` stays when a service dies: records, files, machines."""

    folder: Path
    rules: Rules = field(default_factory=lambda: Rules(subscription=SUBSCRIPTION))
    guest: Callable[[Machine], None] | None = None
    """What a machine's guest does at boot; None: it becomes ready at once."""
    script: Callable[[Machine, Script], Ran | None] = lambda _machine, _script: Ran(0, b"out\n", b"")
    """What a guest answers to a script that it was given."""
    records: SqlRecords = field(default_factory=SqlRecords.in_memory)

    def __post_init__(self) -> None:
        self.clock = StandingClock()
        self.chance = SeededChance()
        self.disks = SimulatedDiskStore(self.folder / "volumes", self.clock)
        machines = self.folder / "machines"
        machines.mkdir(exist_ok=True)
        self.hypervisor = SimulatedHypervisor(machines, on_boot=self._on_boot, on_run=self._on_run)
        self.networks = SimulatedNetwork(self.folder / "networks")
        self.media = SimulatedMedia(machines)
        self.sealer = KeySealer(bytes(32))
        self.told: list[str] = []
        """Operations that were accepted or woken."""
        self.cloud = Cloud(
            records=self.records,
            disks=self.disks,
            hypervisor=self.hypervisor,
            networks=self.networks,
            media=self.media,
            base_images=OneBase(self.folder),
            sealer=self.sealer,
            clock=self.clock,
            chance=self.chance,
            rules=self.rules,
            accepted=self.told.append,
            wake=self.told.append,
            front=ApiFront(),
            host=StandingHost(),
        )
        self.directory = Directory(self.cloud)

    def _on_boot(self, machine: Machine) -> None:
        (self.guest or ready_guest(self.directory.heard))(machine)

    def _on_run(self, machine: Machine, script: Script) -> Ran | None:
        return self.script(machine, script)

    # --- driving -------------------------------------------------------------------------------------------------

    def drive(self, cloud: Cloud | None = None, *, patience_seconds: float = 7200, held: Collection[str] = ()) -> None:
        """Carry every unfinished operation to its end, moving the clock when all of them wait. Those that are ``held``
        are left as they are, and then so is the clock."""
        cloud = cloud or self.cloud
        engine = Engine(cloud, cloud.records, plans.BOOK, self.clock)
        began = self.clock.monotonic()
        while unfinished := [each for each in self.unfinished() if each.id not in held]:
            waits = [engine.advance(each.id) for each in unfinished]
            patient = [each.seconds for each in waits if each is not None]
            if len(patient) == len(waits):
                if held:
                    return
                assert self.clock.monotonic() - began < patience_seconds, f"{unfinished} never end"
                self.clock.move(timedelta(seconds=min(patient)))

    def unfinished(self) -> list[Operation]:
        with self.records.read() as view:
            return view.unfinished()

    def restart(self) -> None:
        """What a new process does: it finds only the records, the files and the machines."""
        reconcile.reconcile(self.cloud, start_again=False)
        self.drive()

    def ended(self, accepted: Accepted | None) -> Operation:
        """Drive to the end and answer how this operation ended."""
        assert accepted is not None
        assert accepted.operation is not None
        self.drive()
        return self.operation(accepted.operation.id)

    def operation(self, id: str) -> Operation:
        with self.records.read() as view:
            operation = view.operation(id)
        assert operation is not None
        return operation

    def done(self, accepted: Accepted | None) -> Operation:
        """Drive to the end, which must be a good one."""
        operation = self.ended(accepted)
        assert operation.status is Status.SUCCEEDED, operation.end
        return operation

    # --- things to begin with --------------------------------------------------------------------------------------

    def id(self, type: str, name: str) -> ResourceId:
        namespace = "Microsoft.Network" if type in ("virtualNetworks", "networkInterfaces") else "Microsoft.Compute"
        return GROUP.sibling(namespace, type, name)

    def with_group(self) -> "World":
        resource_group.put(self.cloud, GROUP, LOCATION, None)
        return self

    def with_network(self) -> "World":
        self.with_group()
        subnet = NewSubnet("default", IPv4Network("10.0.0.0/24"), {})
        network = NewVirtualNetwork(
            self.id("virtualNetworks", "net"), LOCATION, None, (IPv4Network("10.0.0.0/16"),), (subnet,), {}
        )
        virtual_network.put(self.cloud, network)
        self.drive()
        return self

    def nic(self, name: str) -> ResourceId:
        subnet = self.id("virtualNetworks", "net").child("subnets", "default")
        wanted = NewNetworkInterface(self.id("networkInterfaces", name), LOCATION, None, subnet, None, None, {})
        network_interface.put(self.cloud, wanted)
        self.drive()
        return wanted.id

    def new_machine(self, name: str) -> NewVirtualMachine:
        """A machine as a client would ask for it: an OS disk from Debian and one empty data disk at LUN 3."""
        id = self.id("virtualMachines", name)
        properties: Document = {
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "osProfile": {"computerName": name, "adminUsername": "azureuser"},
        }
        return NewVirtualMachine(
            id=id,
            location=LOCATION,
            tags=None,
            size="Standard_B1s",
            image=DEBIAN,
            os_disk=DiskWish(None, CreateOption.FROM_IMAGE),
            data_disks=(DiskWish(3, CreateOption.EMPTY, size_gb=1),),
            os_profile=replace(PROFILE, computer_name=name),
            nics=(NicWish(nic=self.nic(f"{name}-nic")),),
            properties=properties,
        )

    def running_machine(self, name: str) -> ResourceId:
        wanted = self.new_machine(name)
        self.done(virtual_machine.put(self.cloud, wanted))
        return wanted.id

    def generalized_machine(self, name: str) -> ResourceId:
        id = self.running_machine(name)
        self.done(virtual_machine.act(self.cloud, id, Act.DEALLOCATE))
        virtual_machine.act(self.cloud, id, Act.GENERALIZE)
        return id

    def new_image(self, name: str, source: ResourceId) -> NewImage:
        body: Document = {"sourceVirtualMachine": {"id": str(source)}}
        return NewImage(self.id("images", name), LOCATION, None, source, None, None, body)

    def captured_image(self, name: str, source: ResourceId) -> ResourceId:
        wanted = self.new_image(name, source)
        self.done(image.put(self.cloud, wanted))
        return wanted.id

    def clone(self, name: str, of: ResourceId) -> NewVirtualMachine:
        return replace(self.new_machine(name), image=of, data_disks=())

    def empty_disk(self, name: str, size_gb: int = 1) -> ResourceId:
        id = self.id("disks", name)
        wanted = NewDisk(id, LOCATION, None, CreateOption.EMPTY, size_gb, None, None, None, {})
        self.done(disk.put(self.cloud, wanted))
        return id

    # --- looking -------------------------------------------------------------------------------------------------

    def resource(self, id: ResourceId) -> Resource:
        found = self.find(id)
        assert found is not None, f"{id} is not there"
        return found

    def find(self, id: ResourceId) -> Resource | None:
        with self.records.read() as view:
            return view.resource(id)

    def state(self, id: ResourceId) -> object:
        return self.resource(id).properties.get("provisioningState")

    def leftovers(self) -> list[str]:
        """Everything that is there and belongs to nothing, or is wanted and not there."""
        with self.records.read() as view:
            rows = {each.id for each in view.volumes()}
            unused = [f"row {each}" for each in rows if not view.is_used(each)]
            machines = {str(each.internal["vmId"]) for each in view.resources(virtual_machine.KIND)}
            running = {
                str(each.internal["vmId"])
                for each in view.resources(virtual_machine.KIND)
                if each.internal["condition"] == "running"
            }
        files = self.disks.volumes()
        return [
            *unused,
            *(f"file without a row: {each}" for each in files - rows),
            *(f"row without a file: {each}" for each in rows - files),
            *(f"machine of nobody: {each}" for each in self.hypervisor.machines() - machines),
            *(f"runs, but no machine: {each}" for each in running - self.hypervisor.machines()),
            *(f"claims of {each.id}" for each in self.unfinished()),
        ]
