"""A service's life, seen from outside: start, answer, stop, killed, started again."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import httpx
import pytest

from calco import process, service
from calco.compute.slirp import SlirpNetwork
from calco.data_dir import DataDir, DataDirTaken, Running, log_tail
from calco.model.machine import MachineState
from calco.model.subnet import Port, Subnet
from calco.ports import Hypervisor, VirtualNetwork
from calco.service import end_guests

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Calco:
    """The command line, with a data directory of its own."""

    data: DataDir

    def __call__(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("CALCO_", "AZURE_"))}
        return subprocess.run(
            [sys.executable, "-m", "calco", *words],
            env={**clean, "CALCO_HOME": str(self.data.root), "CALCO_HYPERVISOR": "simulated", **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def up(self) -> Running:
        done = self("up", "--detach", "--port", "0")
        assert done.returncode == 0, done.stderr
        return running(self)


def ended(data: DataDir) -> None:
    """Leave nothing behind, in /run neither."""
    service.stop(data)
    if data.root.exists():
        service.end_everything(data)
    assert data.running() is None
    assert not data.run_dir.exists()


@pytest.fixture
def calco(tmp_path: Path) -> Iterator[Calco]:
    found = Calco(DataDir(tmp_path / "data"))
    yield found
    ended(found.data)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calco]:
    """One that runs, for tests that leave it running."""
    found = Calco(DataDir(tmp_path_factory.mktemp("served") / "data"))
    found.up()
    yield found
    ended(found.data)


def running(calco: Calco) -> Running:
    found = calco.data.running()
    assert found is not None
    return found


def test_what_env_prints_is_enough_to_get_a_token_over_verified_https(served: Calco) -> None:
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    script = f"eval \"$('{sys.executable}' -m calco env)\"; '{sys.executable}' -c '{show}'"
    shell = subprocess.run(
        ["sh", "-c", script],
        env={"CALCO_HOME": str(served.data.root), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        timeout=60,
        check=True,
    )
    seen = json.loads(shell.stdout)

    trust = ssl.create_default_context(cafile=seen["SSL_CERT_FILE"])
    with httpx.Client(verify=trust, trust_env=False, timeout=60) as client:
        found = client.get(f"{seen['AZURE_AUTHORITY_HOST']}/{seen['AZURE_TENANT_ID']}/.well-known/openid-configuration")
        form = {
            "grant_type": "client_credentials",
            "client_id": seen["AZURE_CLIENT_ID"],
            "client_secret": seen["AZURE_CLIENT_SECRET"],
            "scope": f"{seen['CALCO_ENDPOINT']}/.default",
        }
        answer = client.post(found.json()["token_endpoint"], data=form)

    assert answer.status_code == 200
    assert seen["CALCO_ENDPOINT"] == running(served).url
    assert seen["REQUESTS_CA_BUNDLE"] == seen["SSL_CERT_FILE"]
    assert Path(seen["NODE_EXTRA_CA_CERTS"]).is_file()
    assert "AZURE_SUBSCRIPTION_ID" in seen


def test_a_second_service_on_the_same_data_is_refused_and_the_first_goes_on(served: Calco) -> None:
    first = running(served)

    second = served("up", "--port", "0")

    assert second.returncode == 1
    assert f"in use by another calco (process {first.process.pid}" in second.stderr
    assert "calco down --data-dir" in second.stderr
    assert "Traceback" not in second.stderr
    assert running(served) == first


def test_up_detached_twice_says_that_it_runs_already(served: Calco) -> None:
    first = running(served)

    again = served("up", "--detach")

    assert (again.returncode, running(served)) == (0, first)
    assert first.url in again.stderr


def test_stopped_or_killed_it_is_gone_and_the_next_one_has_the_same_ids_and_keys(calco: Calco) -> None:
    first = calco.up()
    secrets = {file.name: file.read_bytes() for file in calco.data.secrets.iterdir()}

    down = calco("down")

    assert (down.returncode, process.is_alive(first.process)) == (0, False)
    assert not calco.data.service_note.exists()
    assert not calco.data.door.exists()

    second = calco.up()
    pidfd = os.pidfd_open(second.process.pid)
    os.kill(second.process.pid, signal.SIGKILL)
    assert process.wait_gone(pidfd, 10)
    os.close(pidfd)
    status = calco("status", "-o", "json")

    assert (status.returncode, json.loads(status.stdout)["state"]) == (3, "stopped")
    assert calco.data.service_note.exists(), "nobody was there to take it back"
    calco.up()
    assert {file.name: file.read_bytes() for file in calco.data.secrets.iterdir()} == secrets


def test_down_where_nothing_runs_is_fine(calco: Calco) -> None:
    down = calco("down")

    assert down.returncode == 0
    assert "no calco runs on" in down.stderr
    assert not calco.data.root.exists()


@pytest.mark.parametrize("detach", [[], ["--detach"]], ids=["foreground", "detached"])
def test_a_taken_port_is_named_with_the_way_out_and_nothing_is_announced(calco: Calco, detach: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        up = calco("up", "--port", str(port), *detach)

    assert up.returncode == 1
    assert f"port {port} is taken by another program" in up.stderr
    assert "--port 0" in up.stderr
    assert "Traceback" not in up.stderr
    assert not calco.data.service_note.exists()


def test_a_damaged_secret_is_named_and_kept(calco: Calco) -> None:
    calco.data.prepare()
    (calco.data.secrets / "principal.json").write_text("{")

    up = calco("up", "--detach", "--port", "0")

    assert up.returncode == 1
    assert "principal.json is damaged" in up.stderr
    assert (calco.data.secrets / "principal.json").read_text() == "{"


def test_a_setting_that_cannot_be_used_is_named_before_anything_is_made(calco: Calco) -> None:
    up = calco("up", CALCO_TRASH_DAYS="soon")

    assert (up.returncode, up.stderr) == (1, "calco: CALCO_TRASH_DAYS: 'soon' is no whole number\n")
    assert not calco.data.root.exists()


HELD = """
import asyncio, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from calco import service, settings

def assemble(foundation):
    let_go = asyncio.Event()
    async def held(request):
        print("held", flush=True)
        await let_go.wait()
        return PlainTextResponse("stopping")
    def nothing(*_):
        print("drivers", flush=True)
    return service.Parts(Starlette(routes=[Route("/", held)]), service.Behind(nothing, nothing, nothing),
                         start=lambda: None, stopping=let_go.set, stop=nothing)

service.build(settings.load({"data_dir": sys.argv[1], "port": "0"}), assemble).run(
    lambda running: print(running.url, flush=True))
print("end", flush=True)
"""


def test_a_held_request_is_answered_when_the_service_is_told_to_stop(calco: Calco) -> None:
    argv = [sys.executable, "-c", HELD, str(calco.data.root)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        trust = ssl.create_default_context(cafile=calco.data.certificates / "ca.pem")
        with ThreadPoolExecutor(1) as pool, httpx.Client(verify=trust, trust_env=False, timeout=30) as client:
            held = pool.submit(client.get, url)
            assert child.stdout.readline() == "held\n"
            child.send_signal(signal.SIGTERM)
            answer = held.result(30)
        rest, _ = child.communicate(timeout=30)

    assert answer.text == "stopping"
    assert rest == "drivers\nend\n", "drivers close after the last request, and the stop is no death by signal"
    assert child.returncode == 0


class FakeHypervisor:
    def __init__(self, **states: MachineState) -> None:
        self.states = states
        self.stopped: list[str] = []

    def machines(self) -> set[str]:
        return set(self.states)

    def state(self, vm_id: str) -> MachineState:
        return self.states[vm_id]

    def stop(self, vm_id: str, *, grace_seconds: float) -> None:
        assert grace_seconds > 0
        self.stopped.append(vm_id)


class FakeNetworks:
    def __init__(self, *names: str) -> None:
        self.open = set(names)

    def networks(self) -> set[str]:
        return set(self.open)

    def close(self, network: str) -> None:
        self.open.remove(network)


def test_ending_guests_stops_every_machine_and_closes_every_network(tmp_path: Path) -> None:
    hypervisor = FakeHypervisor(a=MachineState.RUNNING, b=MachineState.CRASHED, c=MachineState.ABSENT)
    networks = FakeNetworks("n")

    ended = end_guests(DataDir(tmp_path), as_hypervisors(hypervisor), as_networks(networks))

    assert ended == (2, 1)
    assert sorted(hypervisor.stopped) == ["a", "b", "c"]
    assert networks.open == set()


def test_what_a_killed_service_left_for_others_to_find_goes_with_its_guests(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.prepare()
    left = (data.service_note, data.portal_page, data.door)
    for each in left:
        each.touch()

    end_guests(data, (), ())

    assert [each for each in left if each.exists()] == []
    data.run_dir.rmdir()


def test_guests_are_not_ended_under_a_running_service(tmp_path: Path) -> None:
    data, hypervisor = DataDir(tmp_path), FakeHypervisor(a=MachineState.RUNNING)

    with data.lock(), pytest.raises(DataDirTaken):
        end_guests(data, as_hypervisors(hypervisor), ())

    assert hypervisor.stopped == []


def as_hypervisors(fake: FakeHypervisor) -> tuple[Hypervisor, ...]:
    return (fake,)  # type: ignore[return-value] # the three methods that are used


def as_networks(fake: FakeNetworks) -> tuple[VirtualNetwork, ...]:
    return (fake,)  # type: ignore[return-value] # the two methods that are used


def test_the_tail_of_a_log_is_its_last_lines_and_empty_without_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(map(str, range(100_000))))

    assert log_tail(tmp_path / "log", lines=2) == "99998\n99999"
    assert log_tail(tmp_path / "none") == ""


def test_volumes_without_their_database_are_not_touched(calco: Calco) -> None:
    calco.data.prepare()
    volumes = calco.data.root / "volumes"
    volumes.mkdir()
    (volumes / "11111111-1111-1111-1111-111111111111.qcow2").write_bytes(b"precious")

    up = calco("up", "--detach", "--port", "0")

    assert up.returncode == 1
    assert "Traceback" not in up.stderr
    assert [file.read_bytes() for file in volumes.glob("*.qcow2")] == [b"precious"]
    assert not calco.data.service_note.exists()


def test_without_qemu_the_doctor_is_named(calco: Calco, tmp_path: Path) -> None:
    up = calco("up", "--hypervisor", "qemu", "--port", "0", PATH=str(tmp_path))

    assert up.returncode == 1
    assert "qemu-system-x86_64" in up.stderr
    assert "calco doctor" in up.stderr
    assert "Traceback" not in up.stderr


def test_data_of_simulated_machines_is_not_opened_for_real_ones(calco: Calco) -> None:
    calco.up()
    assert calco("down").returncode == 0

    up = calco("up", "--hypervisor", "qemu", "--port", "0")

    assert up.returncode == 1
    assert "was made with --hypervisor simulated" in up.stderr
    assert not calco.data.service_note.exists()
    assert calco.up().hypervisor == "simulated"


def test_a_network_is_ended_by_the_driver_that_made_it(calco: Calco) -> None:
    calco.data.prepare()
    network, nic = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    subnet = Subnet("default", IPv4Network("10.0.0.0/24"))
    slirp = SlirpNetwork(calco.data.root / "networks" / "slirp", calco.data.run_dir)
    slirp.open(network, [subnet])
    slirp.plug(Port(nic, network, subnet, "00:0d:3a:00:00:01", "10.0.0.4"))
    slirp.detach()
    assert [*calco.data.run_dir.iterdir()], "the sockets of its NIC are not there to begin with"

    ended = service.end_everything(calco.data)

    assert ended == (0, 1)
    assert not calco.data.run_dir.exists()
