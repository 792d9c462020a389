"""The main job on real machines, with the service killed where it hurts."""

import base64
import os
import socket
import threading
from pathlib import Path

import pytest

from calco.model.document import Document, Json, at, objects_at, text_at
from calco.model.run_command import OUTPUT_BYTES_MAX

from .lab import Lab, laboratory, qemu_of
from .source import SAME, STORAGE, WRITTEN, use_and_generalize

pytestmark = [pytest.mark.guest, pytest.mark.timeout(1800)]

CUSTOM_DATA = base64.b64encode(b"#cloud-config\nwrite_files:\n- path: /opt/custom\n  content: custom data\n").decode()
HOT_LUN = 5
HOT = f"/dev/disk/azure/scsi1/lun{HOT_LUN}"
WAIT_FOR_HOT = f"for i in $(seq 100); do test -e {HOT} && break; sleep 0.1; done; sudo udevadm settle"
IMDS = "curl -s -H Metadata:true 'http://169.254.169.254/metadata/instance"


def test_the_main_job_survives_the_service_being_killed(tmp_path: Path) -> None:
    with laboratory(tmp_path) as lab:
        nothing = lab.leftovers()
        create_while_the_service_is_killed(lab)
        look_at_the_guest(lab)
        scripts_are_run_by_the_guests_agent(lab)
        guests_go_on_without_the_service(lab)
        disks_come_and_go_under_a_running_guest(lab)
        use_and_generalize(lab)
        a_generalized_machine_never_starts(lab)
        images = capture_while_the_service_is_killed(lab)
        a_clone_is_another_machine(lab, images[0])
        delete_everything(lab)
        left = [each for each in lab.leftovers() if not each.startswith("networks/")]
        assert left == [each for each in nothing if not each.startswith("networks/")]
        assert lab.leftovers() == []


def create_while_the_service_is_killed(lab: Lab) -> None:
    operation = lab.put("virtualMachines", "source", lab.machine("source", STORAGE, customData=CUSTOM_DATA))
    vm_id = lab.vm_id("source")
    _wait_for(lab.service.data.root / "machines" / vm_id / "qemu.mark")

    lab.service.kill()
    pid = qemu_of(lab, vm_id)
    os.kill(pid, 0)  # the guest goes on
    lab.service.start()

    lab.succeeded(operation)
    assert qemu_of(lab, vm_id) == pid, "the machine was started a second time"
    assert text_at(lab.get("virtualMachines", "source"), "properties", "provisioningState") == "Succeeded"


def look_at_the_guest(lab: Lab) -> None:
    """The guest is what was asked for, and believes it is on Azure."""
    vm_id = lab.vm_id("source")
    said = lab.ssh(
        "source",
        f"cloud-init status --wait >/dev/null; hostname; whoami; cat /opt/custom; echo; systemd-detect-virt\n"
        f"{IMDS}/compute/vmId?api-version=2021-02-01&format=text'; echo\n"
        f"{IMDS}/compute/vmId?api-version=2021-02-01' -o /dev/null -w '%{{http_code}}\\n'\n"
        f"readlink /dev/disk/azure/scsi1/lun3 | wc -l\n"
        f"systemctl is-active walinuxagent\n",
    ).splitlines()
    assert said == ["source", "azureuser", "custom data", "microsoft", vm_id, "400", "1", "active"]
    assert b"Linux version" in lab.service.run("vm", "console", "source").encode()
    view = lab.get("virtualMachines", "source", "/instanceView")
    assert [each["code"] for each in objects_at(view, "statuses")] == [
        "ProvisioningState/succeeded",
        "PowerState/running",
    ]
    assert (text_at(view, "vmAgent", "vmAgentVersion") or "").startswith("2.7.3"), at(view, "vmAgent")
    public = lab.service.client.list(f"{lab.group}/providers/Microsoft.Network/publicIPAddresses")
    address = text_at(public[0], "properties", "ipAddress") or ""
    with socket.create_connection((address, 22), timeout=20) as connection:
        assert connection.recv(4) == b"SSH-", f"{address} does not answer"


def scripts_are_run_by_the_guests_agent(lab: Lab) -> None:
    """As root, with what was sent; once, also when the service is killed while one runs."""
    out, err = _printed(lab, _begun(lab, "hostname; echo $1 $named $(id -u)", "named=value"))
    assert (out, err) == ("source\nvalue value 0\n", "")
    _, err = _printed(lab, _begun(lab, "#!/bin/bash\nseq 3000 >&2; exit 3"))
    assert err.endswith("\n2999\n3000\n")
    assert len(err) == OUTPUT_BYTES_MAX

    operation = _begun(lab, "echo begun >>/root/runs; sleep 10; echo ended >>/root/runs; cat /root/runs")
    _wait_for_line(lab, "sudo cat /root/runs", "begun")
    lab.service.kill()
    lab.service.start()

    assert _printed(lab, operation) == ("begun\nended\n", "")
    assert lab.ssh("source", "sudo ls /var/tmp | grep -c calco-run-command || true") == "0"


def _begun(lab: Lab, script: str, *parameters: str) -> str:
    """The URL of the operation that runs the script in ``source``."""
    named: list[Json] = [dict(zip(("name", "value"), each.split("="), strict=True)) for each in parameters]
    body: Document = {"commandId": "RunShellScript", "script": [*script.split("\n")], "parameters": named}
    answer = lab.service.client.send("POST", f"{lab.path('virtualMachines', 'source')}/runCommand", body)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["azure-asyncoperation"])


def _printed(lab: Lab, operation: str) -> tuple[str, str]:
    document = lab.ended(operation)
    assert document["status"] == "Succeeded", document
    (value,) = objects_at(document, "properties", "output", "value")
    out, _, err = (text_at(value, "message") or "").partition("[stdout]\n")[2].partition("\n[stderr]\n")
    return out, err


def _wait_for_line(lab: Lab, command: str, line: str) -> None:
    pause = threading.Event()
    for _ in range(60):
        if line in lab.ssh("source", f"{command} 2>/dev/null || true"):
            return
        pause.wait(0.5)
    raise AssertionError(f"{command} never printed {line}")


def guests_go_on_without_the_service(lab: Lab) -> None:
    before = lab.ssh("source", "cat /proc/sys/kernel/random/boot_id")
    pid = qemu_of(lab, lab.vm_id("source"))
    lab.service.kill()
    os.kill(pid, 0)
    lab.service.start()
    assert lab.ssh("source", "cat /proc/sys/kernel/random/boot_id") == before


def disks_come_and_go_under_a_running_guest(lab: Lab) -> None:
    """A disk is plugged in, written, snapshot under the guest that goes on writing, taken away; its copy is plugged in
    and has what was written before the snapshot."""
    boot = lab.ssh("source", "cat /proc/sys/kernel/random/boot_id")
    lab.has_disks("source", {"lun": HOT_LUN, "name": "hot", "createOption": "Empty", "diskSizeGB": 1})
    lab.ssh("source", f"{WAIT_FOR_HOT}; echo before | sudo dd of={HOT} bs=4096 conv=sync,fsync status=none")
    lab.make("snapshots", "of-hot", copy_of(lab.path("disks", "hot")))
    lab.make("snapshots", "of-os", copy_of(disk_id(lab)))
    lab.ssh(
        "source", f"echo after | sudo dd of={HOT} bs=4096 conv=sync,fsync status=none; echo goes on >/tmp/file; sync"
    )
    lab.has_disks("source")
    assert lab.ssh("source", f"sudo udevadm settle; test -e {HOT}; echo $?") == "1"

    lab.make("disks", "copy", copy_of(lab.path("snapshots", "of-hot")))
    lab.has_disks(
        "source", {"lun": HOT_LUN, "createOption": "Attach", "managedDisk": {"id": lab.path("disks", "copy")}}
    )
    said = lab.ssh("source", f"{WAIT_FOR_HOT}; sudo head -n 1 {HOT}; cat /tmp/file /proc/sys/kernel/random/boot_id")
    assert said.split() == ["before", "goes", "on", boot], (
        "the snapshot has what came after it, or the guest was restarted"
    )
    lab.has_disks("source")


def copy_of(source: str) -> Document:
    creation: Document = {"createOption": "Copy", "sourceResourceId": source}
    return {"location": "eastus", "properties": {"creationData": creation}}


def disk_id(lab: Lab, name: str = "source") -> str:
    """The machine's OS disk."""
    machine = lab.get("virtualMachines", name)
    return text_at(machine, "properties", "storageProfile", "osDisk", "managedDisk", "id") or ""


def a_generalized_machine_never_starts(lab: Lab) -> None:
    refused = lab.service.client.http.post(
        f"{lab.path('virtualMachines', 'source')}/start?api-version=2024-07-01",
        headers={"Authorization": f"Bearer {lab.token()}"},
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")


def capture_while_the_service_is_killed(lab: Lab) -> list[str]:
    """Killed at five moments from the instant the request was accepted."""
    images = []
    volumes = sorted((lab.service.data.root / "volumes").glob("*.qcow2"))
    for number in range(5):
        name = f"golden{number}"
        body = {
            "location": "eastus",
            "properties": {"sourceVirtualMachine": {"id": lab.path("virtualMachines", "source")}},
        }
        operation = lab.put("images", name, body)  # type: ignore[arg-type]
        threading.Event().wait(0.002 * number)
        lab.service.kill()
        lab.service.start()
        lab.succeeded(operation)
        assert text_at(lab.get("images", name), "properties", "provisioningState") == "Succeeded"
        images.append(lab.path("images", name))
    assert sorted((lab.service.data.root / "volumes").glob("*.qcow2")) == volumes, "a capture made or lost a file"
    return images


def a_clone_is_another_machine(lab: Lab, image: str) -> None:
    lab.succeeded(lab.put("virtualMachines", "clone", lab.machine("clone", {"imageReference": {"id": image}})))
    said = lab.ssh(
        "clone",
        f"cloud-init status --wait >/dev/null; hostname; cat /opt/os /data/file\n{SAME}",
    ).splitlines()
    assert said == ["clone", *WRITTEN, "1", "1"]
    assert lab.vm_id("clone") != lab.vm_id("source")


def delete_everything(lab: Lab) -> None:
    lab.service.client.change("DELETE", lab.group, label="delete the group")


def _wait_for(file: Path) -> None:
    pause = threading.Event()
    for _ in range(600):
        if file.exists():
            return
        pause.wait(0.1)
    raise AssertionError(f"{file} never came")
