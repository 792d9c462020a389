"""``calco demo``: the main job for real. A machine is made, used, generalized and captured, and several come out of it.

It fails unless source and clones are different machines (host name, machine-id, SSH host key) that carry the same files
on both disks, and unless the source's disk is found specialized while it runs and generalized when it was put right.
What it prints at its end is what was found, a table of steps, and how to go on, last of all a link into the portal.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, data_dir, note, show
from calco.cli.demo_machine import LOOK_AT_IT, USE_IT, USER, Seen, compare, machine_body
from calco.cli.demo_verdict import Look, check_verdicts, verdict_documents, verdict_lines, verdict_rows
from calco.cli.inspection import look
from calco.cli.portal import new_link
from calco.cli.virtual_machine import ssh_argv
from calco.data_dir import DataDir
from calco.model.document import Document, Json, text_at
from calco.model.inspection import Report
from calco.private_file import write_private
from calco.settings import Settings

if TYPE_CHECKING:
    from calco.cli.client import Client

GROUP = "calco-demo"
SOURCE = "/providers/Microsoft.Compute/virtualMachines/source"
IMAGE: Document = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
DATA_DISK_GB = 1
SSH_SECONDS = 120
SSH_TRIES = 40
TRY_AGAIN_SECONDS = 3.0
EXAMPLES = """
Examples:

  calco demo                     create, use, generalize, capture, three clones

  calco demo --clones 1          the same with one clone

  calco demo -o json             the table for programs
"""


@dataclass
class Step:
    """One row of the table. ``copied`` is None where nothing could be copied."""

    name: str
    seconds: float
    copied: int | None = None


@dataclass
class Demo:
    """The steps share the client, the key and the table that grows."""

    data: DataDir
    client: "Client"
    key: Path
    location: str
    steps: list[Step] = field(default_factory=list)

    @property
    def group(self) -> str:
        return f"{self.client.subscription}/resourceGroups/{GROUP}"

    @contextmanager
    def step(self, name: str, *, watch_volumes: bool = False) -> Iterator[None]:
        """Time a step, and what is written to make new volumes in it."""
        began = time.monotonic()
        watcher = _VolumeWatch(self.data.root / "volumes") if watch_volumes else None
        yield
        copied = watcher.end() if watcher is not None else None
        self.steps.append(Step(name, time.monotonic() - began, copied))

    def change(self, method: str, path: str, body: Json = None, *, label: str) -> Document:
        return self.client.change(method, f"{self.group}{path}", body, label=label)

    def ssh(self, machine: str, script: str) -> str:
        """What ``script`` prints in the guest. Raises Failure with the guest's own words."""
        vm = self.client.get(f"{self.group}/providers/Microsoft.Compute/virtualMachines/{machine}")
        vm_id = text_at(vm, "properties", "vmId") or ""
        argv = ssh_argv(self.data, machine, vm_id, USER, self.key, ["sh", "-s"])
        argv[1:1] = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={SSH_SECONDS}"]
        done = _run(argv, script)
        pause = threading.Event()
        for _ in range(SSH_TRIES):
            # 255 is ssh's own failure: the account is made a moment after the machine counts as provisioned.
            if done.returncode != 255:
                break
            pause.wait(TRY_AGAIN_SECONDS)
            done = _run(argv, script)
        if done.returncode != 0:
            said = done.stderr.strip() or f"status {done.returncode}"
            raise Failure(f"{machine}: {said}", f"See what it printed: calco vm console {machine}")
        return done.stdout


def _run(argv: Sequence[str], script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, input=script, capture_output=True, text=True, timeout=SSH_SECONDS * 2, check=False)


class _VolumeWatch:
    """Bytes written to make each new volume: what a file takes when it first appears. What guests write is theirs.

    A base image is linked into the store, not copied: a file with another name elsewhere counts nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = set(self._files())
        self._bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> int:
        self._over.set()
        self._thread.join()
        self._look()
        return self._bytes

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self._look()

    def _look(self) -> None:
        for name, status in self._files().items():
            if name not in self._known:
                self._known.add(name)
                self._bytes += status.st_blocks * 512 if status.st_nlink == 1 else 0

    def _files(self) -> Mapping[str, os.stat_result]:
        try:
            return {each.name: each.stat() for each in os.scandir(self._folder) if each.name.endswith(".qcow2")}
        except FileNotFoundError:
            return {}


def demo(
    clones: Annotated[int, typer.Option(min=1, max=20, help="How many machines come out of the image.")] = 3,
    size: Annotated[str, typer.Option(help="The machines' vmSize.")] = "Standard_B1s",
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Do the main job on real machines: create, use, generalize, capture, and deploy clones."""
    from calco.cli.client import connect

    began = time.monotonic()
    data = data_dir(data_dir_given)
    _build_base_image()
    _start_service(data)
    client = connect(data)
    names = [f"clone{number}" for number in range(1, clones + 1)]
    run = Demo(data, client, _key(data), _location(client))
    _clear_away(run)
    source, before = _make_source(run, size)
    after = _capture(run, before)
    copies = _deploy(run, names, size)
    compare(source, copies)
    run.steps.append(Step("all", time.monotonic() - began))
    _report(run, form, {"source": source, **copies}, [before, after])


def _build_base_image() -> None:
    note("The base image: built from Debian packages once, then found in the cache.")
    built = subprocess.run([sys.executable, "-m", "calco.catalog"], stdout=subprocess.DEVNULL, check=False)
    if built.returncode != 0:
        raise Failure("the base image could not be built", "See what this machine lacks: calco doctor")


def _start_service(data: DataDir) -> None:
    if data.running() is None:
        up = [sys.executable, "-m", "calco", "up", "--detach", "--data-dir", os.fspath(data.root)]
        if not _usual_port_is_free():
            up += ["--port", "0"]
        if subprocess.run(up, check=False).returncode != 0:
            raise Failure("the service did not start")


def _usual_port_is_free() -> bool:
    """The same port each time where it can be had: clients that were told of it find the service again."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", Settings().port))
        except OSError:
            return False
    return True


def _key(data: DataDir) -> Path:
    """A key pair of the demo's own, made once; ``calco vm ssh`` offers it too."""
    folder = data.root / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = folder / "demo"
    if not key.exists():
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "calco-demo", "-f", os.fspath(folder / "new")]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
        (folder / "new.pub").replace(folder / "demo.pub")
        write_private(key, (folder / "new").read_bytes())
        (folder / "new").unlink()
    return key


def _location(client: "Client") -> str:
    offered = client.list(f"{client.subscription}/locations")
    return text_at(offered[0], "name") or "eastus"


def _clear_away(run: Demo) -> None:
    groups = run.client.list(f"{run.client.subscription}/resourceGroups")
    if any((text_at(each, "name") or "").lower() == GROUP for each in groups):
        with run.step("clear away the last demo"):
            run.change("DELETE", "", label="Clearing away the last demo")


def _make_source(run: Demo, size: str) -> tuple[Seen, Look]:
    run.change("PUT", "", {"location": run.location}, label="Resource group")
    network: Document = {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    }
    path = "/providers/Microsoft.Network/virtualNetworks/demo-net"
    run.change("PUT", path, {"location": run.location, "properties": network}, label="Virtual network")
    data_disk: Document = {"lun": 0, "createOption": "Empty", "diskSizeGB": DATA_DISK_GB}
    with run.step("create a machine, to provisioned", watch_volumes=True):
        _put_machine(run, "source", size, {"imageReference": IMAGE, "dataDisks": [data_disk]})
    with run.step("write a file on each disk"):
        note("Writing a file on each disk, over SSH ...")
        run.ssh("source", USE_IT)
        source = _look(run, "source")
    with run.step("look at a snapshot of its disk"):
        before = Look("running, by a snapshot of its disk", look_at_snapshot(run))
    with run.step("waagent -deprovision+user"):
        note("sudo waagent -deprovision+user -force ...")
        run.ssh("source", "sudo waagent -deprovision+user -force && sync")
    return source, before


def look_at_snapshot(run: Demo) -> Report:
    """At the disk of the machine while it runs, which nobody but its guest may read; the snapshot goes again."""
    vm = run.client.get(f"{run.group}{SOURCE}")
    disk = text_at(vm, "properties", "storageProfile", "osDisk", "managedDisk", "id")
    creation: Document = {"createOption": "Copy", "sourceResourceId": disk}
    snapshot = "/providers/Microsoft.Compute/snapshots/before"
    body: Document = {"location": run.location, "properties": {"creationData": creation}}
    run.change("PUT", snapshot, body, label="Snapshot of the running machine's disk")
    try:
        return look(run.client, f"{run.group}{snapshot}")
    finally:
        run.change("DELETE", snapshot, label="Deleting the snapshot")


def _capture(run: Demo, before: Look) -> Look:
    with run.step("deallocate"):
        run.change("POST", f"{SOURCE}/deallocate", label="Deallocating")
    with run.step("look at its disk"):
        after = Look("deprovisioned and deallocated", look(run.client, f"{run.group}{SOURCE}"))
    check_verdicts(before, after)
    with run.step("generalize"):
        run.change("POST", f"{SOURCE}/generalize", label="Marking as generalized")
    with run.step("capture image", watch_volumes=True):
        body: Document = {
            "location": run.location,
            "properties": {"sourceVirtualMachine": {"id": f"{run.group}{SOURCE}"}},
        }
        run.change("PUT", "/providers/Microsoft.Compute/images/golden", body, label="Capturing the image")
    return after


def _deploy(run: Demo, names: Sequence[str], size: str) -> Mapping[str, Seen]:
    image: Document = {"imageReference": {"id": f"{run.group}/providers/Microsoft.Compute/images/golden"}}
    with run.step(f"create {len(names)} from the image, to provisioned", watch_volumes=True):
        _all_at_once(lambda name: _put_machine(run, name, size, image), names)
    with run.step("look at each over SSH"):
        note("Looking at each clone, over SSH ...")
        return dict(zip(names, _all_at_once(lambda name: _look(run, name), names), strict=True))


def _all_at_once(do: Callable[[str], Seen] | Callable[[str], None], names: Sequence[str]) -> list[Seen]:
    with ThreadPoolExecutor(len(names)) as pool:
        return [each for each in pool.map(do, names) if each is not None]


def _put_machine(run: Demo, name: str, size: str, storage: Document) -> None:
    key = run.key.with_name("demo.pub").read_text().strip()
    subnet = f"{run.group}/providers/Microsoft.Network/virtualNetworks/demo-net/subnets/default"
    body = machine_body(run.location, name, size=size, storage=storage, subnet=subnet, key=key)
    path = f"/providers/Microsoft.Compute/virtualMachines/{name}"
    run.change("PUT", path, body, label=f"Creating {name}")


def _look(run: Demo, name: str) -> Seen:
    said = run.ssh(name, LOOK_AT_IT).splitlines()
    if len(said) != 5:
        raise Failure(f"{name} answered with {len(said)} lines instead of 5: {said[:8]}")
    return Seen(*said)


def _report(run: Demo, form: Form, machines_seen: Mapping[str, Seen], looks: Sequence[Look]) -> None:
    machines: list[dict[str, Json]] = [
        {
            "machine": name,
            "host name": seen.host_name,
            "machine-id": seen.machine_id,
            "host key": f"...{seen.host_key[-16:]}",
            "files": f"{seen.os_file!r}, {seen.data_file!r}",
        }
        for name, seen in machines_seen.items()
    ]
    steps: list[dict[str, Json]] = [
        {"step": each.name, "seconds": f"{each.seconds:.1f}", "bytes copied": _bytes(each.copied)} for each in run.steps
    ]
    if form is Form.JSON:
        show(form, {}, [], {"machines": [*machines], "verdicts": verdict_documents(looks), "steps": [*steps]})
        return
    verdicts = verdict_rows(looks)
    print()
    show(form, {name: name.upper() for name in verdicts[0]}, verdicts, None)
    print("\n".join(verdict_lines(looks)))
    print()
    show(form, {name: name.upper() for name in machines[0]}, machines, None)
    print()
    show(form, {name: name.upper() for name in steps[0]}, steps, None)
    print(how_to_go_on(run, first=[*machines_seen][1]))


def how_to_go_on(run: Demo, *, first: str) -> str:
    """What the demo ends with: commands, and as the last line the link to the portal. ``first`` is a clone's name."""
    where = "" if data_dir(None).root == run.data.root else f" --data-dir {run.data.root}"
    activate = "" if shutil.which("calco") else "  . .venv/bin/activate\n"
    return (
        f"\nThe service answers at {str(run.client.http.base_url).rstrip('/')} and goes on.\n{activate}"
        f'  eval "$(calco env{where})"     for Azure clients in this shell\n'
        f"  calco vm ssh {first}{where}     log in to a clone\n"
        f"  calco vm list{where}           see the machines\n"
        f"  calco open{where}              see them in the portal, in your browser\n"
        f"  make demo-down          end the service, the guests and their networks\n\n{_portal(run.client)}"
    )


def _portal(client: "Client") -> str:
    try:
        link = new_link(client)
    except Failure as without:
        return f"There is no link to the portal: {without.message}. {without.hint}".rstrip()
    return (
        "The portal does all of this by mouse. This link opens it in a browser on this machine, with you signed in,\n"
        f"once and within {link.minutes}; calco open makes the next, and says how a browser comes to trust calco:\n"
        f"{link.url}"
    )


def _bytes(copied: int | None) -> str:
    return "" if copied is None else f"{copied:,}"
