from pathlib import Path

import pytest

from calco.compute.network_probe import NetworkFinding, probe_namespace, probe_slirp

PROGRAMS = ("unshare", "nsenter", "setpriv", "ip", "bridge", "dnsmasq", "nft")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which everything is installed, to take things away from."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).touch(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return programs


def probed(proc: Path, *refused: str) -> NetworkFinding:
    return probe_namespace(lambda argv: "denied" if refused and set(refused) <= set(argv) else None, proc)


def test_a_machine_that_lets_us_make_bridge_and_tap_will_do(installed: Path, tmp_path: Path) -> None:
    assert probed(tmp_path) == NetworkFinding("namespace", True, "bridge and tap can be made in a namespace")


def test_what_is_not_installed_is_named_with_its_package(installed: Path, tmp_path: Path) -> None:
    (installed / "dnsmasq").unlink()
    (installed / "bridge").unlink()

    finding = probed(tmp_path)

    assert not finding.works
    assert "dnsmasq" in finding.reason
    assert finding.mend == "sudo apt-get install dnsmasq-base iproute2"


@pytest.mark.parametrize(
    ("setting", "value", "mend"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
    ],
    ids=["Ubuntu 24.04", "Debian 10", "none allowed"],
)
def test_a_refused_bridge_is_explained_by_the_kernels_settings(
    installed: Path, tmp_path: Path, setting: str, value: str, mend: str
) -> None:
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(f"{value}\n")

    finding = probed(tmp_path, "bridge")

    assert not finding.works
    assert "denied" in finding.reason
    assert finding.mend == f"sudo sysctl -w {mend}"


def test_a_refused_bridge_without_a_known_cause_has_no_cure(installed: Path, tmp_path: Path) -> None:
    assert probed(tmp_path, "bridge").mend is None


def test_a_refused_tap_is_the_devices_mode(installed: Path, tmp_path: Path) -> None:
    finding = probed(tmp_path, "tuntap")

    assert not finding.works
    assert finding.mend in {"sudo chmod 0666 /dev/net/tun", "sudo modprobe tun"}


def test_without_nft_it_works_less_well_and_says_so(installed: Path, tmp_path: Path) -> None:
    (installed / "nft").unlink()

    finding = probed(tmp_path)

    assert finding.works
    assert "relayed" in finding.reason
    assert finding.mend == "sudo apt-get install nftables"


def test_slirp_needs_a_qemu(tmp_path: Path) -> None:
    finding = probe_slirp(str(tmp_path / "qemu-system-x86_64"))

    assert not finding.works
    assert finding.mend == "sudo apt-get install qemu-system-x86"
