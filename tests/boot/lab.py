"""Real machines for tests: a group with a network, machines asked for over the API, and SSH into them."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from calco.cli.demo_machine import USER, machine_body
from calco.model.document import Document, Json, objects_at, text_at
from tests.service_process import ServiceProcess, serving

API = {"api-version": "2024-07-01"}
DEBIAN_V1: Document = {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}
DEBIAN_V2: Document = {**DEBIAN_V1, "sku": "12-gen2"}
BUILD_SECONDS = 900
BOOT_SECONDS = 600
"""Twice what a busy machine takes under emulation."""


def base_image() -> Path:
    """The base image; built now if this machine has none. Safe from two test processes at once."""
    argv = [sys.executable, "-m", "calco.catalog"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    assert done.returncode == 0, f"the base image could not be built:\n{done.stderr[-3000:]}"
    return Path(done.stdout.strip())


@dataclass
class Lab:
    """One service and what a test does to it."""

    service: ServiceProcess
    key: Path
    group_name: str = "lab"

    @property
    def group(self) -> str:
        return f"{self.service.client.subscription}/resourceGroups/{self.group_name}"

    def path(self, type: str, name: str) -> str:
        namespaces = {"virtualNetworks": "Microsoft.Network", "storageAccounts": "Microsoft.Storage"}
        namespace = namespaces.get(type, "Microsoft.Compute")
        return f"{self.group}/providers/{namespace}/{type}/{name}"

    def furnish(self) -> None:
        """Resource group and network."""
        self.service.client.change("PUT", self.group, {"location": "eastus"}, label="group")
        network: Document = {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        }
        body: Document = {"location": "eastus", "properties": network}
        self.service.client.change("PUT", self.path("virtualNetworks", "net"), body, label="network")

    def machine(self, name: str, storage: Document, **profile: Json) -> Document:
        """The body of a machine; ``profile`` adds to its osProfile."""
        subnet = f"{self.path('virtualNetworks', 'net')}/subnets/default"
        key = self.key.with_suffix(".pub").read_text().strip()
        body = machine_body("eastus", name, size="Standard_B1s", storage=storage, subnet=subnet, key=key)
        properties = body["properties"]
        assert isinstance(properties, dict)
        shown = properties["osProfile"]
        assert isinstance(shown, dict)
        shown.update(profile)
        return body

    def put(self, type: str, name: str, body: Document) -> str:
        """Ask for a resource; the URL of the operation that makes it."""
        answer = self.service.client.send("PUT", self.path(type, name), body)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["azure-asyncoperation"])

    def make(self, type: str, name: str, body: Document) -> None:
        """Make a resource, to its end."""
        self.service.client.change("PUT", self.path(type, name), body, label=name)

    def has_disks(self, name: str, *more: Document) -> None:
        """Let the machine have these data disks beside those it came with, LUN 3, and no others."""
        machine = self.get("virtualMachines", name)
        first: Json = [
            each for each in objects_at(machine, "properties", "storageProfile", "dataDisks") if each["lun"] == 3
        ]
        assert isinstance(first, list)
        profile: Document = {"dataDisks": [*first, *more]}
        body: Document = {"properties": {"storageProfile": profile}}
        self.service.client.change("PATCH", self.path("virtualMachines", name), body, label="disks")

    def post(self, name: str, act: str) -> None:
        """Do something to a machine, to its end."""
        self.service.client.change("POST", f"{self.path('virtualMachines', name)}/{act}", label=act)

    def ended(self, operation: str, *, seconds: float = BOOT_SECONDS) -> Document:
        """Poll an operation to its end, as SDKs do: a connection that is refused is tried again."""
        client, pause = self.service.client, threading.Event()
        for _ in range(int(seconds)):
            try:
                answer = client.http.get(operation, headers={"Authorization": f"Bearer {self.token()}"})
            except httpx.TransportError:
                pause.wait(1)
                continue
            assert answer.status_code == 200, answer.text
            document: Document = dict(answer.json())
            if document["status"] != "InProgress":
                return document
        raise AssertionError(f"{operation} did not end within {seconds} polls\n{self.service.log[-3000:]}")

    def succeeded(self, operation: str) -> None:
        document = self.ended(operation)
        assert document["status"] == "Succeeded", f"{document}\n{self.service.log[-3000:]}"

    def token(self) -> str:
        self.service.client.get(self.group)  # renews a token that ran out
        return self.service.client.token()

    def get(self, type: str, name: str, more: str = "") -> Document:
        return self.service.client.get(f"{self.path(type, name)}{more}")

    def vm_id(self, name: str) -> str:
        return text_at(self.get("virtualMachines", name), "properties", "vmId") or ""

    def ssh(self, name: str, script: str, *, user: str | None = None, key: Path | None = None) -> str:
        """What the script prints in the guest, without the last line end. ``user``: another than its admin user."""
        done, pause = self.try_ssh(name, script, user=user, key=key), threading.Event()
        for _ in range(40):
            # 255 is ssh's own failure: the account is made a moment after the machine counts as provisioned.
            if done.returncode != 255:
                break
            pause.wait(3)
            done = self.try_ssh(name, script, user=user, key=key)
        assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def try_ssh(
        self, name: str, script: str, *, user: str | None = None, key: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Once, however it ends."""
        login = ["-i", str(key or self.key), *(["-l", user] if user else [])]
        argv = [sys.executable, "-m", "calco", "vm", "ssh", *login, name, "--", "sh", "-s"]
        environ = {**self.service.environ, "CALCO_HOME": str(self.service.data.root)}
        return subprocess.run(argv, input=script, env=environ, capture_output=True, text=True, timeout=300, check=False)

    def leftovers(self) -> list[str]:
        """What lies in the data directory's folders of things that live and die with resources."""
        root = self.service.data.root
        found = []
        for folder in ("volumes", "machines", "networks/namespace", "networks/slirp"):
            if not (root / folder).exists():
                continue
            found += [f"{folder}/{each.name}" for each in sorted((root / folder).iterdir()) if each.name != "trash"]
        return found


def key_pair(key: Path) -> Path:
    """A new private key in ``key``, the public one beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


@contextmanager
def laboratory(folder: Path, *flags: str, group: str = "lab") -> Iterator[Lab]:
    """A service with real machines, a key pair, a group and a network."""
    base_image()
    with serving(folder / "data", *flags, hypervisor="qemu") as service:
        lab = Lab(service, key_pair(folder / "key"), group)
        lab.furnish()
        yield lab


def qemu_of(lab: Lab, vm_id: str) -> int:
    """The pid of the machine's QEMU, as its mark has it."""
    mark = json.loads((lab.service.data.root / "machines" / vm_id / "qemu.mark").read_bytes())
    return int(mark["pid"])


__all__ = ["USER", "Lab", "key_pair", "laboratory", "qemu_of"]
