"""A service's parts, plugged together: drivers into work, work into the edge, the runner between them.

``service`` owns the life of the process; this owns what runs in it. Parts that need each other are tied by functions
that look the other up when they are called.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from socket import socket

from starlette.requests import Request
from starlette.routing import BaseRoute

from calco.arm import boot_diagnostics, graph, serial_console
from calco.arm.app import make_app
from calco.arm.catalogue import alias_document
from calco.arm.endings import Endings
from calco.arm.front import ApiFront
from calco.arm.serial_line import Lines
from calco.blob_process import BlobProcess, LastOneLives, Orders, sockets_for
from calco.catalog.base_images import BuiltImages, EmptyImages, cache_folder
from calco.catalog.cache import ImageCache, debian_maker
from calco.compute.door import Behind
from calco.compute.host import LocalHost
from calco.compute.network_namespace import NamespaceNetwork
from calco.compute.simulated import SimulatedNetwork
from calco.compute.slirp import SlirpNetwork
from calco.doctor import Doctor, examine
from calco.guest.listener import FabricListener
from calco.guest.provisioning import IsoMedia
from calco.guest.simulated import SimulatedMedia
from calco.identity import metadata, sign_in_routes
from calco.identity.authority import Authority
from calco.identity.routes import base_url, routes
from calco.inspection.inspector import ChildInspector
from calco.model import bucket, price
from calco.model.blob_host import read_hosts
from calco.model.catalogue import read_aliases
from calco.model.guest import Agent, Guest, Health, Report
from calco.model.machine import Link, Machine, MachineState
from calco.model.principal import Caller
from calco.model.region import read_zones
from calco.model.subnet import Port, Subnet
from calco.operations.engine import Engine
from calco.operations.retention import Retention
from calco.operations.runner import Runner
from calco.portal import words
from calco.portal.app import Portal
from calco.portal.page import Pages
from calco.portal.root import Root
from calco.portal.session import Sessions
from calco.ports import BaseImages, NetworkCapabilities, ProvisioningMedia
from calco.service import CannotStart, Drivers, Foundation, Parts, drivers
from calco.settings import Settings
from calco.shell_process import Shells
from calco.storage.migrations import CannotOpen, open_records
from calco.storage.records import SqlRecords
from calco.storage.remote_blob import ListedBlobs
from calco.storage.sealer import KeySealer, ensure_key
from calco.work import loose, machine_links, plans, virtual_machine
from calco.work.cloud import Cloud, Rules
from calco.work.guest_directory import Directory
from calco.work.machine_state import vm_id_of
from calco.work.reconcile import reconcile

log = logging.getLogger(__name__)

RUNNER_WORKERS_MAX, RUNNER_WORKERS_SPARE = 64, 12
"""One for each deployment that one image may have under way, all of which may be switching on, and some more."""
STOP_SECONDS = 20.0
HYPERVISOR_NOTE = "hypervisor"
BLOB_PORT_NOTE = "blob/port"
LOOPBACK_RANGE = "127.64.0.0/16"
"""Public addresses where this machine cannot route others: loopback, relayed by the service."""


class ServedNetworks:
    """Virtual networks whose fabric answers: what a driver opens, the metadata service and wireserver listen on.

    Implements ``ports.VirtualNetwork``; everything else is the driver's.
    """

    def __init__(self, driver: NamespaceNetwork | SlirpNetwork | SimulatedNetwork, fabric: FabricListener) -> None:
        self._driver = driver
        self._fabric = fabric
        self._served: set[tuple[str, str | None]] = set()

    @property
    def capabilities(self) -> NetworkCapabilities:
        return self._driver.capabilities

    def open(self, network: str, subnets: Sequence[Subnet]) -> None:
        self._driver.open(network, subnets)
        self.serve(network)

    def close(self, network: str) -> None:
        self._fabric.close(network)
        self._served = {each for each in self._served if each[0] != network}
        self._driver.close(network)

    def networks(self) -> set[str]:
        return self._driver.networks()

    def plug(self, port: Port) -> Link:
        link = self._driver.plug(port)
        self.serve(port.network)
        return link

    def unplug(self, port: Port) -> None:
        self._fabric.close_unix(port.network, port.address)
        self._served.discard((port.network, port.address))
        self._driver.unplug(port)

    def dial(self, port: Port, tcp_port: int, *, timeout_seconds: float) -> socket:
        return self._driver.dial(port, tcp_port, timeout_seconds=timeout_seconds)

    def publish(self, port: Port, address: str, tcp_ports: Sequence[int]) -> Mapping[int, tuple[str, int]]:
        return self._driver.publish(port, address, tcp_ports)

    def unpublish(self, address: str) -> None:
        self._driver.unpublish(address)

    def serve(self, network: str) -> None:
        """Answer on every socket of the network that is not answered on yet."""
        by_caller: dict[str | None, dict[str, socket]] = {}
        for each in self._driver.listeners(network):
            if (network, each.caller) in self._served:
                each.socket.close()
            else:
                by_caller.setdefault(each.caller, {})[each.service] = each.socket
        for caller, sockets in by_caller.items():
            if caller is None:
                self._fabric.serve(network, sockets)
            else:
                self._fabric.serve_unix(network, caller, sockets)
            self._served.add((network, caller))

    def detach(self) -> None:
        """Let go of what is this process's alone; networks go on."""
        if not isinstance(self._driver, SimulatedNetwork):
            self._driver.detach()


def rules_of(settings: Settings, subscription: str, *, routed_addresses: bool) -> Rules:
    """What the settings mean for work."""
    cores = os.cpu_count() or 1
    return Rules(
        subscription=subscription,
        locations=settings.locations,
        provisioning_seconds=settings.provisioning_timeout_seconds,
        boots_at_once=settings.boots_per_core * cores,
        power_off_grace_seconds=settings.power_off_grace_seconds,
        cores_max=settings.guest_cores_max or cores,
        memory_mib_max=settings.guest_memory_mib_max,
        public_range=settings.public_address_range if routed_addresses else LOOPBACK_RANGE,
        dns_suffix=settings.dns_suffix,
        cores_per_region=settings.cores_per_region,
        image_aliases=read_aliases(settings.image_aliases),
        trash_days=settings.trash_days,
        deployments_at_once=settings.deployments_at_once,
        strict=settings.strict == "on",
        looks=settings.hypervisor != "simulated",
        require_generalized=settings.capture_require_generalized,
        zones=read_zones(settings.zones),
        prices=price.read(settings.price_per_gib_month),
    )


def open_routes(cloud: Cloud, authority: Authority) -> list[BaseRoute]:
    """What lies outside Resource Manager and so has no action: where to get a token, where what is, what a signature
    opens by itself, whose an object id is. docs/rights.md lists them; everything else goes through ``arm.gate``."""

    owner = authority.directory.owner

    def who(request: Request) -> Caller:
        return authority.check(request.headers.get("authorization"), authority.url(base_url(request)))

    return [
        Root(),
        *metadata.routes(cloud.rules.blob_url, lambda: alias_document(cloud)),
        *sign_in_routes.routes(authority, cloud.chance),
        *routes(authority),
        *boot_diagnostics.routes(cloud),
        *graph.routes(cloud, who, Caller(owner.object_id, owner.client_id, owner.tenant_id)),
    ]


def assemble(foundation: Foundation) -> Parts:
    """Everything a service is made of."""
    settings, data, clock = foundation.settings, foundation.data, foundation.clock
    records = _records(foundation)

    def accepted(operation: str) -> None:
        runner.accepted(operation)

    def wake(operation: str) -> None:
        runner.wake(operation)

    knocking = _blob_sockets(settings, records)
    blob_url = f"https://localhost:{knocking[0].getsockname()[1]}"
    chosen = drivers(settings, data, clock, on_boot=lambda machine: _simulated_guest(directory, machine))
    fabric = FabricListener(_Later(lambda: directory), clock=clock)
    networks = ServedNetworks(chosen.networks, fabric)
    endings = Endings()
    lines = Lines(chosen.hypervisor)
    cloud = Cloud(
        records=records,
        disks=chosen.disks,
        hypervisor=chosen.hypervisor,
        networks=networks,
        media=_media(settings, data.root / "machines"),
        base_images=_base_images(settings, data.root),
        sealer=KeySealer(ensure_key(data.secrets / "seal.key")),
        clock=clock,
        chance=foundation.chance,
        rules=replace(
            rules_of(
                settings,
                foundation.owner.subscription_id,
                routed_addresses=networks.capabilities.routed_addresses,
            ),
            blob_url=blob_url,
            owner=foundation.owner.object_id,
            origins=foundation.origins,
        ),
        accepted=accepted,
        wake=wake,
        remote_blobs=ListedBlobs(read_hosts(settings.blob_hosts)),
        inspector=ChildInspector(),
        front=ApiFront(),
        host=_host(foundation, chosen),
    )
    directory = Directory(cloud)
    engine = Engine(cloud, records, plans.BOOK, clock)
    retention = Retention(
        lambda before: records.forget_operations(before) + records.forget_events(before),
        clock,
        timedelta(days=settings.activity_log_days),
    )
    workers = min(RUNNER_WORKERS_MAX, settings.deployments_at_once + RUNNER_WORKERS_SPARE)
    runner = Runner(engine.advance, clock, ended=endings.ended, workers=workers)
    authority = Authority(
        foundation.owner,
        foundation.tokens,
        records=records,
        sealer=cloud.sealer,
        clock=clock,
        chance=foundation.chance,
    )
    portal = Portal(
        service=lambda: app,
        tenant=authority.tenant,
        subscription=cloud.rules.subscription,
        sessions=Sessions(
            KeySealer(ensure_key(data.secrets / "portal.key")), clock, foundation.chance, data.secrets / "portal.ended"
        ),
        pages=Pages.of(blob_url),
        words=words.read(),
        clock=clock,
        chance=foundation.chance,
        shells=lambda http: Shells(http, cloud.rules.subscription, authority.tenant),
    )
    app = make_app(
        cloud,
        authority.check,
        tenant=authority.tenant,
        endings=endings,
        extra_routes=[*open_routes(cloud, authority), *portal.routes(), *serial_console.routes(cloud, lines)],
        limits=bucket.read(settings.throttle),
        hold_seconds=settings.long_poll_seconds,
    )

    blobs = _blob_process(foundation, cloud, knocking)

    def start() -> None:
        try:
            blobs.wait_for_last()
        except LastOneLives as why:
            raise CannotStart(str(why)) from why
        loose.sweep(cloud)
        for network in sorted(networks.networks()):
            networks.serve(network)
        reconcile(cloud, start_again=settings.after_host_reboot == "start")
        with records.read() as view:
            unfinished = [each.id for each in view.unfinished()]
        runner.start(unfinished)
        retention.start()
        blobs.start()

    def stopping() -> None:
        endings.close()
        lines.close()
        portal.close()
        blobs.begin_stop()

    def stop() -> None:
        blobs.stop()
        retention.stop()
        runner.stop(STOP_SECONDS)
        fabric.stop()
        networks.detach()
        records.close()

    return Parts(app=app, behind=_behind(cloud), start=start, stopping=stopping, stop=stop, blob_url=blob_url)


def _host(foundation: Foundation, chosen: Drivers) -> LocalHost:
    root, hypervisor = foundation.data.root, foundation.settings.hypervisor
    doctor = Doctor(lambda: examine(root, boots=hypervisor != "simulated"), foundation.clock)
    return LocalHost(root / "volumes", hypervisor, chosen.accelerator, doctor.examination)


def _blob_sockets(settings: Settings, records: SqlRecords) -> list[socket]:
    """Where blobs are served: the same port at every start, for images and disks name URLs with it."""
    with records.read() as view:
        kept = view.note(BLOB_PORT_NOTE)
    found = sockets_for(settings.blob_port, None if kept is None else int(kept))
    port = str(found[0].getsockname()[1])
    if port != kept:
        with records.write() as tx:
            tx.put_note(BLOB_PORT_NOTE, port)
    return found


def _blob_process(foundation: Foundation, cloud: Cloud, sockets: Sequence[socket]) -> BlobProcess:
    orders = Orders(
        data_dir=foundation.data.root,
        certificate=foundation.certificates.server,
        key=foundation.certificates.server_key,
        rules=cloud.rules,
        log_level=foundation.settings.log_level,
        descriptors=tuple(each.fileno() for each in sockets),
    )
    return BlobProcess(sockets, orders, foundation.clock)


def _records(foundation: Foundation) -> SqlRecords:
    """The data directory's records. Raises CannotStart when they are unfit, or belong to another hypervisor: a machine
    that is simulated has no disk that could be booted, and one that is real must not be reported on by make-believe."""
    try:
        records = open_records(foundation.data.root)
    except CannotOpen as why:
        raise CannotStart(str(why)) from why
    wanted = foundation.settings.hypervisor
    with records.write() as tx:
        kept = tx.note(HYPERVISOR_NOTE)
        if kept is None:
            tx.put_note(HYPERVISOR_NOTE, wanted)
    if kept not in (None, wanted):
        records.close()
        raise CannotStart(
            f"{foundation.data.root} was made with --hypervisor {kept}, which {wanted} cannot take over: choose "
            f"another directory with --data-dir, or go on with --hypervisor {kept}"
        )
    return records


class _Later:
    """A guest directory that is made after the fabric that asks it."""

    def __init__(self, find: Callable[[], Directory]) -> None:
        self._find = find

    def who(self, network: str, address: str) -> Guest | None:
        return self._find().who(network, address)

    def heard(self, vm_id: str, report: Report) -> None:
        self._find().heard(vm_id, report)


def _simulated_guest(directory: Directory, machine: Machine) -> None:
    """Guests of the simulated hypervisor set themselves up at once."""
    directory.heard(machine.vm_id, Report(Agent.CLOUD_INIT, Health.READY))
    directory.heard(machine.vm_id, Report(Agent.WAAGENT, Health.READY))


def _media(settings: Settings, machines: Path) -> ProvisioningMedia:
    return SimulatedMedia(machines) if settings.hypervisor == "simulated" else IsoMedia(machines)


def _base_images(settings: Settings, root: Path) -> BaseImages:
    if settings.hypervisor == "simulated":
        return EmptyImages(root / "simulated-base.raw")
    return BuiltImages(ImageCache(cache_folder(os.environ, Path.home()), debian_maker()))


def _behind(cloud: Cloud) -> Behind:
    """What this user's own programs may reach through the door."""

    def port_of(vm_id: str) -> Port:
        with cloud.records.read() as view:
            for machine in view.resources(virtual_machine.KIND):
                if vm_id_of(machine) == vm_id:
                    return machine_links.plugs_of(view, machine)[0].port
        raise LookupError(f"there is no machine {vm_id}")

    def dial(vm_id: str, tcp_port: int) -> socket:
        port = port_of(vm_id)
        if cloud.hypervisor.state(vm_id) is not MachineState.RUNNING:
            raise LookupError("the machine is not running; start it first")
        return cloud.networks.dial(port, tcp_port, timeout_seconds=10)

    return Behind(dial=dial, console=cloud.hypervisor.console_log, screenshot=cloud.hypervisor.screenshot)
