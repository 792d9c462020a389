"""The main job by az alone, on real machines: create, log in, run a script, generalize, capture, clone."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from calco.model.document import Json
from tests.boot.lab import BOOT_SECONDS, Lab, laboratory
from tests.boot.source import SAME
from tests.contract.azure_cli import BIN, Az, logged_in

pytestmark = [pytest.mark.guest, pytest.mark.timeout(2400)]

CREATE = ("vm", "create", "-g", "lab", "--size", "Standard_B1s", "--admin-username", "azureuser")
WRITE = (
    "echo on the os disk | sudo tee /opt/os >/dev/null; sudo cp /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /opt"
)
STORE = "sudo mv /opt/ssh_host_ed25519_key.pub /opt/host-key; sync"


def test_az_makes_uses_generalizes_captures_and_clones_a_real_machine(tmp_path: Path) -> None:
    if not BIN.exists() and not os.environ.get("CI"):
        pytest.skip(f"{BIN} is missing: make deps-az")
    with laboratory(tmp_path) as lab:
        az = replace(logged_in(lab.service, tmp_path / "az"), seconds=BOOT_SECONDS)
        key = ("--ssh-key-values", lab.key.with_suffix(".pub"))
        one = ("-g", "lab", "-n", "source")

        made = az(*CREATE, "-n", "source", "--image", "Debian:debian-12:12:latest", *key, "--query", "powerState")
        assert made == "VM running"
        assert lab.ssh("source", f"cloud-init status --wait >/dev/null; {WRITE}; {STORE}; hostname") == "source"
        assert scripted(az, "source", "hostname") == "Enable succeeded: \n[stdout]\nsource\n\n[stderr]\n"
        az("vm", "boot-diagnostics", "enable", *one)
        log = az.run(BIN / "az", "vm", "boot-diagnostics", "get-boot-log", *one, "--only-show-errors")
        assert "Linux version" in log.stdout, log.stderr

        lab.ssh("source", "sudo waagent -deprovision+user -force >/dev/null && sync")
        for act in ("deallocate", "generalize"):
            az("vm", act, *one)
        image = az("image", "create", "-g", "lab", "-n", "golden", "--source", "source", "--query", "provisioningState")
        assert image == "Succeeded"

        assert az(*CREATE, "-n", "clone", "--image", "golden", *key, "--query", "powerState") == "VM running"
        is_another(lab)


def scripted(az: Az, name: str, script: str) -> Json:
    words = ("vm", "run-command", "invoke", "-g", "lab", "-n", name, "--command-id", "RunShellScript")
    return az(*words, "--scripts", script, "--query", "value[0].message")


def is_another(lab: Lab) -> None:
    said = lab.ssh("clone", f"cloud-init status --wait >/dev/null; hostname; cat /opt/os\n{SAME}").splitlines()
    assert said == ["clone", "on the os disk", "1", "1"]
    assert lab.vm_id("clone") != lab.vm_id("source")
