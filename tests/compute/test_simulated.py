"""What only the simulated hypervisor and network do."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from calco.compute.simulated import SimulatedHypervisor, SimulatedNetwork
from calco.model.machine import Machine
from calco.model.subnet import Port, Subnet
from calco.ports import FabricSockets, VirtualNetwork
from tests.compute.machines import VM, machine

NETWORK = "9b0f5a52-5d1c-4f52-8a51-07f3c0a5d0aa"
SUBNET = Subnet("default", IPv4Network("10.0.0.0/24"))
PORT = Port("1d0f5a52-5d1c-4f52-8a51-07f3c0a5d0bb", NETWORK, SUBNET, "00:0d:3a:00:00:01", "10.0.0.4")


class Crash(BaseException):
    pass


def test_a_guest_hears_of_each_boot_once(tmp_path: Path) -> None:
    booted: list[Machine] = []
    hypervisor = SimulatedHypervisor(tmp_path, on_boot=booted.append)
    hypervisor.start(machine())
    hypervisor.start(machine())
    assert booted == [machine()]
    hypervisor.reset(VM)
    assert booted == [machine(), machine()]
    assert hypervisor.console_log(VM) == b"simulated machine web1, boot 2\n"


def test_a_boot_cut_short_is_told_again_by_the_next_start(tmp_path: Path) -> None:
    def dies(_: Machine) -> None:
        raise Crash

    with pytest.raises(Crash):
        SimulatedHypervisor(tmp_path, on_boot=dies).start(machine())
    booted: list[Machine] = []
    SimulatedHypervisor(tmp_path, on_boot=booted.append).start(machine())
    assert booted == [machine()]


def test_a_guest_may_switch_itself_off_while_it_boots(tmp_path: Path) -> None:
    hypervisor = SimulatedHypervisor(tmp_path, on_boot=lambda booted: hypervisor.shut_down(booted.vm_id))
    hypervisor.start(machine())
    assert hypervisor.state(VM) == "shut down"


@pytest.fixture
def network(tmp_path: Path) -> SimulatedNetwork:
    return SimulatedNetwork(tmp_path)


def test_a_plugged_nic_greets_like_ssh_and_refuses_the_rest(network: SimulatedNetwork) -> None:
    network.open(NETWORK, [SUBNET])
    network.plug(PORT)
    with network.dial(PORT, 22, timeout_seconds=1) as connection:
        assert connection.recv(100) == b"SSH-2.0-simulated\r\n"
    with pytest.raises(ConnectionRefusedError):
        network.dial(PORT, 80, timeout_seconds=1)


def test_a_nic_that_is_not_plugged_in_is_not_reached(network: SimulatedNetwork) -> None:
    with pytest.raises(OSError, match="not open"):
        network.plug(PORT)
    network.open(NETWORK, [SUBNET])
    network.plug(PORT)
    network.unplug(PORT)
    network.unplug(PORT)
    with pytest.raises(OSError, match="not plugged in"):
        network.dial(PORT, 22, timeout_seconds=1)


def test_networks_outlive_the_service_until_they_are_closed(network: SimulatedNetwork, tmp_path: Path) -> None:
    network.open(NETWORK, [SUBNET])
    network.plug(PORT)
    again: VirtualNetwork = SimulatedNetwork(tmp_path)
    again.open(NETWORK, [SUBNET])
    assert again.networks() == {NETWORK}
    again.dial(PORT, 22, timeout_seconds=1).close()
    again.close(NETWORK)
    again.close(NETWORK)
    assert again.networks() == set()
    assert list(tmp_path.iterdir()) == []


def test_nothing_simulated_is_published_and_nobody_asks_the_fabric(network: SimulatedNetwork) -> None:
    network.open(NETWORK, [SUBNET])
    assert network.publish(PORT, "20.0.0.1", [22]) == {}
    fabric: FabricSockets = network
    assert fabric.listeners(NETWORK) == ()
    network.unpublish("20.0.0.1")
    with pytest.raises(OSError, match="not open"):
        network.listeners(PORT.nic)
