"""The tests' own service: it can be trusted to end, and to be the same one after it was killed."""

import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from calco import process
from calco.model.document import number_at, objects_at, text_at
from tests.service_process import ServiceProcess, processes_of, serving

pytestmark = pytest.mark.slow


def test_a_killed_service_comes_back_at_the_same_address(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        first, env = service.running, service.env
        assert service.client.list(f"{service.client.subscription}/resourceGroups") == []

        service.kill()
        assert not process.is_alive(first.process)
        second = service.restart()

        assert second.process != first.process
        assert (second.url, service.env) == (first.url, env)
        assert service.client.list(f"{service.client.subscription}/resourceGroups") == []
        data = service.data

    assert data.running() is None
    assert processes_of(data) == []
    assert not data.run_dir.exists()


def test_a_service_tells_of_its_own_host_and_what_its_doctor_found(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        told = service.client.get(f"{service.client.subscription}/providers/Calco/host")

        assert (told["hypervisor"], told["cpus"]) == ("simulated", len(os.sched_getaffinity(0)))
        assert told["accelerator"] == {"name": "none", "reason": "machines are simulated"}
        assert number_at(told, "disk", "totalBytes") == shutil.disk_usage(tmp_path).total
        for _ in range(30):  # each request waits for the doctor, a second at most
            if told["examinedAt"] is None:
                told = service.client.get(f"{service.client.subscription}/providers/Calco/host")
        codes = {text_at(each, "code") for each in objects_at(told, "warnings")}
        assert "network-security-groups" in codes
        assert "kvm" not in codes, "nothing was tried that would run machines"
        assert not (service.data.root / "accelerator.json").exists()


def test_pages_of_the_services_own_and_no_others_may_use_its_blobs(tmp_path: Path) -> None:
    """The blob process knows where the service answers: the port was chosen at its start."""
    with serving(tmp_path / "data", any_port=True) as service, blobs_of(service) as blobs:
        port = service.url.rpartition(":")[2]
        for origin, status in (
            (service.url, 200),
            (f"https://127.0.0.1:{port}", 200),
            (f"https://[::1]:{port}", 200),
            ("https://evil.test", 403),
            (str(blobs.base_url).rstrip("/"), 403),
        ):
            asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            answer = blobs.options("/any/any/any", headers=asked)
            allowed = answer.headers.get("access-control-allow-origin")
            assert (answer.status_code, allowed) == (status, origin if status == 200 else None)


def blobs_of(service: ServiceProcess) -> httpx.Client:
    trust = ssl.create_default_context(cafile=service.data.certificates / "ca.pem")
    return httpx.Client(base_url=service.running.blob_url, verify=trust, trust_env=False, timeout=60)


def test_what_still_runs_at_the_end_is_ended_and_told(tmp_path: Path) -> None:
    stray = None
    with pytest.raises(AssertionError, match="still running"), serving(tmp_path / "data") as service:
        stray = subprocess.Popen([sys.executable, "-c", "input()", str(service.data.root)], stdin=subprocess.PIPE)
    assert stray is not None
    with stray:
        assert stray.wait(10) != 0
