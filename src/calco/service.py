"""The one place that names concrete parts and plugs them together; and a service's life, from lock to last request.

A service holds its data directory's lock while it lives. What outlives it (machines, networks) is found again by the
next one. So nothing here has to be undone when it is killed: the kernel lets go of the lock, the announcement is known
to be old by its process mark, and sockets are made anew.
"""

import asyncio
import gc
import logging
import logging.handlers
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from calco import __version__, process
from calco.compute.accelerator import choose_accelerator, tcg
from calco.compute.door import Behind, Door
from calco.compute.host_room import HostRoom
from calco.compute.network_namespace import NamespaceNetwork
from calco.compute.network_probe import probe_namespace
from calco.compute.qemu import QemuHypervisor
from calco.compute.simulated import SimulatedHypervisor, SimulatedNetwork
from calco.compute.slirp import SlirpNetwork
from calco.data_dir import DataDir, Running
from calco.identity import certificates, principals, tokens
from calco.identity.certificates import Certificates
from calco.model import host
from calco.model.machine import Machine, MachineState
from calco.ports import Chance, Clock, Hypervisor, VirtualNetwork
from calco.process import Mark
from calco.server import GRACE_SECONDS, Server, listen
from calco.settings import Settings
from calco.storage.volumes import Qcow2Store
from calco.system import SystemChance, SystemClock

log = logging.getLogger(__name__)

LOG_BYTES_MAX = 10 * 1024 * 1024
LOG_FILES_KEPT = 3
GUEST_GRACE_SECONDS = 20
CONSOLE_MESSAGE_BYTES_MAX = 64 * 1024
"""As much may be pasted into a serial console at once."""
YOUNG_OBJECTS = 20_000
"""So many more objects than before make the collector look at the young ones."""


class CannotStart(Exception):
    """What lies in the data directory is not for this service; nothing was touched. The text says why."""


@dataclass(frozen=True)
class Foundation:
    """What stands before any driver does: settings, place, time, identity."""

    settings: Settings
    data: DataDir
    clock: Clock
    chance: Chance
    owner: principals.Principal
    tokens: tokens.Tokens
    certificates: Certificates
    port: int
    """Where the API answers, on every loopback address."""

    @property
    def origins(self) -> tuple[str, ...]:
        """The service's own, as browsers write them."""
        return tuple(f"https://{host}:{self.port}" for host in ("localhost", "127.0.0.1", "[::1]"))


@dataclass(frozen=True)
class Parts:
    """What a service is made of once its drivers are plugged in. All callables but ``stopping`` may block.

    ``start`` is called when the lock is held and before anything is served: recovery, runner, timers. ``stopping`` is
    called in the event loop when the service is told to stop: held polls answer now. ``stop`` is called after the last
    request: the runner ends, drivers close; machines go on.
    """

    app: ASGIApp
    behind: Behind
    start: Callable[[], None]
    stopping: Callable[[], None]
    stop: Callable[[], None]
    blob_url: str = ""
    """Where blobs are served; no trailing slash."""


Assemble = Callable[[Foundation], Parts]


@dataclass(frozen=True)
class Service:
    """A service that can be run once. ``build`` makes it."""

    settings: Settings
    data: DataDir
    assemble: Assemble
    clock: Clock
    chance: Chance
    environ: Mapping[str, str]

    def run(self, on_ready: Callable[[Running], None]) -> None:
        """Serve until SIGTERM or SIGINT. ``on_ready`` is called when the API answers.

        Raises DataDirTaken, DataDirUnfit, PortTaken, CannotStart, ToolFailed when QEMU is wanted and missing, and
        ValueError when a file in ``secrets`` is damaged.
        """
        self.data.prepare()
        with self.data.lock():
            sockets = listen(self.settings.port)
            try:
                foundation = self._foundation(sockets[0].getsockname()[1])
                parts = self.assemble(foundation)
                parts.start()
                # What is there now lives as long as the service: the collector need not look at it again and again, nor
                # several times while one list of a thousand resources is made.
                gc.freeze()
                gc.set_threshold(YOUNG_OBJECTS)
                try:
                    asyncio.run(self._serve(foundation, parts, sockets, on_ready))
                finally:
                    parts.stop()
            finally:
                self.data.withdraw()
                for each in sockets:
                    each.close()

    def _foundation(self, port: int) -> Foundation:
        data, now = self.data, self.clock.now()
        found = certificates.ensure(
            secrets=data.secrets,
            certificates=data.certificates,
            host_name=socket.gethostname(),
            now=now,
            system_bundle=certificates.system_bundle(self.environ, data.certificates),
        )
        owner = principals.ensure(data.secrets, self.chance)
        key = tokens.ensure_key(data.secrets / "token.key")
        signer = tokens.Tokens(key, owner.tenant_id, self.clock, self.chance)
        return Foundation(self.settings, data, self.clock, self.chance, owner, signer, found, port)

    async def _serve(
        self,
        foundation: Foundation,
        parts: Parts,
        sockets: list[socket.socket],
        on_ready: Callable[[Running], None],
    ) -> None:
        running = Running(
            url=f"https://localhost:{sockets[0].getsockname()[1]}",
            process=process.mark(os.getpid()) or Mark(os.getpid(), -1),
            version=__version__,
            hypervisor=self.settings.hypervisor,
            blob_url=parts.blob_url,
        )

        def ready() -> None:
            self.data.announce(running)
            log.info("calco %s answers at %s, data in %s", __version__, running.url, self.data.root)
            on_ready(running)

        door = Door(self.data.door, parts.behind)
        await door.open()
        try:
            found = foundation.certificates
            await Server(
                parts.app,
                certificate=found.server,
                key=found.server_key,
                on_ready=ready,
                on_stopping=parts.stopping,
                message_bytes_max=CONSOLE_MESSAGE_BYTES_MAX,
            ).serve(sockets)
        finally:
            await door.close()
            log.info("stopped; machines go on")


def build(
    settings: Settings,
    assemble: Assemble,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    environ: Mapping[str, str] | None = None,
) -> Service:
    """A service of these settings, whose drivers ``assemble`` plugs in."""
    return Service(
        settings=settings,
        data=DataDir(settings.data_dir),
        assemble=assemble,
        clock=clock or SystemClock(),
        chance=chance or SystemChance(),
        environ=os.environ if environ is None else environ,
    )


def log_to(data: DataDir, level: str, *, also_stderr: bool, name: str = "service.log") -> None:
    """Send the log to a file in ``logs`` (kept small by turning it over), and to the terminal when there is one."""
    data.prepare()
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(
            data.logs / name, maxBytes=LOG_BYTES_MAX, backupCount=LOG_FILES_KEPT, delay=True
        )
    ]
    if also_stderr:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(
        level=level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        handlers=handlers,
        force=True,
    )
    # Their news is ours at a lower level: one line a connection would drown what matters.
    for chatty in ("httpx", "qemu.qmp"):
        logging.getLogger(chatty).setLevel(logging.WARNING if level != "debug" else logging.DEBUG)
    # Never more than warnings: its lines have a console's ticket, and every key that is typed into one.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


def stop(data: DataDir) -> Running | None:
    """Stop the service that runs on ``data`` and wait until it is gone; what it was, None when there was none."""
    running = data.running()
    if running is not None:
        process.end(running.process, grace_seconds=GRACE_SECONDS + 25)
        data.withdraw()
    return running


@dataclass(frozen=True)
class Drivers:
    """The concrete drivers that settings choose."""

    disks: Qcow2Store
    hypervisor: QemuHypervisor | SimulatedHypervisor
    networks: NamespaceNetwork | SlirpNetwork | SimulatedNetwork
    accelerator: host.Accelerator


def drivers(settings: Settings, data: DataDir, clock: Clock, *, on_boot: Callable[[Machine], None]) -> Drivers:
    """Plug in what ``settings`` name. Finding out what this machine can do may take some seconds the first time.

    ``on_boot`` speaks for simulated guests; real ones speak for themselves. Raises ToolFailed when QEMU is missing and
    real machines are wanted.
    """
    disks = Qcow2Store(data.root / "volumes", clock)
    machines, networks = data.root / "machines", data.root / "networks"
    for folder in (machines, networks):
        folder.mkdir(mode=0o700, exist_ok=True)
    if settings.hypervisor == "simulated":
        simulated = SimulatedHypervisor(machines, on_boot=on_boot)
        return Drivers(disks, simulated, SimulatedNetwork(networks), host.Accelerator("none", "machines are simulated"))
    accelerator = choose_accelerator(data.root / "accelerator.json")
    log.info("machines run by %s: %s", accelerator.name, accelerator.reason)
    room = HostRoom(spare_mib=settings.host_memory_reserve_mib)
    hypervisor = QemuHypervisor(machines, data.run_dir, disks.path, accelerator, room=room)
    found = host.Accelerator(accelerator.name, accelerator.reason)
    return Drivers(disks, hypervisor, _networks(settings, networks, data.run_dir, clock), found)


def _networks(settings: Settings, folder: Path, run_dir: Path, clock: Clock) -> NamespaceNetwork | SlirpNetwork:
    found = probe_namespace() if settings.network == "auto" else None
    if settings.network == "namespace" or (found and found.works):
        return _by_namespace(folder, run_dir, clock)
    if found:
        log.warning("networks by slirp, cloud-init only: %s; `calco doctor` says what would mend it", found.reason)
    return _by_slirp(folder, run_dir)


# Each driver has a folder of its own: it takes every network it finds there for one it made.


def _by_namespace(folder: Path, run_dir: Path, clock: Clock) -> NamespaceNetwork:
    return NamespaceNetwork(folder / "namespace", run_dir, clock)


def _by_slirp(folder: Path, run_dir: Path) -> SlirpNetwork:
    return SlirpNetwork(folder / "slirp", run_dir)


def end_everything(data: DataDir) -> tuple[int, int]:
    """End all machines and networks of a data directory whose service is down; how many of each there were.

    Whatever hypervisor and network they were started with: the settings may have changed since. Raises DataDirTaken
    while a service runs.
    """
    data.prepare()
    machines, networks, clock = data.root / "machines", data.root / "networks", SystemClock()
    for folder in (machines, networks):
        folder.mkdir(mode=0o700, exist_ok=True)
    disks = Qcow2Store(data.root / "volumes", clock)
    real = QemuHypervisor(machines, data.run_dir, disks.path, tcg("only ended, never started"))
    every_network = (_by_namespace(networks, data.run_dir, clock), _by_slirp(networks, data.run_dir))
    ended = end_guests(data, (real, SimulatedHypervisor(machines)), (*every_network, SimulatedNetwork(networks)))
    with suppress(OSError):  # not empty: something we do not know has put a file there
        data.run_dir.rmdir()
    return ended


def end_guests(data: DataDir, hypervisors: Sequence[Hypervisor], networks: Sequence[VirtualNetwork]) -> tuple[int, int]:
    """End every machine and network that these drivers know; how many of each there were.

    Records are left alone: the next service finds its machines gone, just as after a host's reboot.
    Raises DataDirTaken when a service still runs.
    """
    ended: set[str] = set()
    closed: set[str] = set()
    with data.lock():
        for hypervisor in hypervisors:
            for vm_id in hypervisor.machines():
                if hypervisor.state(vm_id) is not MachineState.ABSENT:
                    ended.add(vm_id)
                hypervisor.stop(vm_id, grace_seconds=GUEST_GRACE_SECONDS)
        for driver in networks:
            for network in driver.networks():
                closed.add(network)
                driver.close(network)
        # What a service that was killed could not take back.
        data.withdraw()
        data.door.unlink(missing_ok=True)
    return len(ended), len(closed)
