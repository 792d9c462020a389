"""The doctor: each finding says what was seen, what it costs and what mends it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from calco.doctor import (
    TOOLS,
    Check,
    Doctor,
    Tool,
    Verdict,
    disk,
    examine,
    firmware,
    inspection,
    memory,
    security_groups,
    tool,
    tun,
    warnings,
)
from calco.inspection.inspector import ChildInspector
from calco.model.host import Examination, HostWarning
from calco.tool import ToolFailed
from tests.standing import StandingClock

QEMU = TOOLS[0]


def program(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_a_missing_program_costs_something_and_names_its_package(tmp_path: Path) -> None:
    found = tool(QEMU, str(tmp_path))

    assert (found.verdict, found.seen) == (Verdict.MISSING, "not found")
    assert "simulated" in found.cost
    assert found.mend == "sudo apt-get install qemu-system-x86"


def test_a_program_that_is_there_tells_its_version(tmp_path: Path) -> None:
    program(tmp_path, QEMU.program)

    found = tool(QEMU, str(tmp_path), run=lambda argv: b"QEMU 7.2\nmore" if argv[1:] == ["--version"] else b"")

    assert (found.verdict, found.seen, found.mend) == (Verdict.FINE, "QEMU 7.2", "")


def test_a_program_that_does_not_run_is_as_good_as_missing(tmp_path: Path) -> None:
    program(tmp_path, QEMU.program)

    def broken(argv: list[str]) -> bytes:
        raise ToolFailed(tuple(argv), 127, "libfoo.so not found")

    found = tool(QEMU, str(tmp_path), run=broken)

    assert found.verdict is Verdict.MISSING
    assert "libfoo.so" in found.seen
    assert "--reinstall" in found.mend


def test_only_qemu_is_asked_for_its_version(tmp_path: Path) -> None:
    program(tmp_path, "sgdisk")

    def never(argv: list[str]) -> bytes:
        pytest.fail(f"ran {argv}")

    assert tool(Tool("sgdisk", "gdisk", "x"), str(tmp_path), run=never).verdict is Verdict.FINE


def test_firmware_is_looked_for_in_every_place(tmp_path: Path) -> None:
    places = (tmp_path / "new", tmp_path / "old")
    assert firmware(places).mend == "sudo apt-get install ovmf"

    places[1].touch()
    assert firmware(places).seen == str(places[1])


@pytest.mark.parametrize(("kib", "verdict"), [(8 << 20, Verdict.FINE), (1 << 20, Verdict.SLOWER)])
def test_memory_is_what_the_kernel_calls_available(tmp_path: Path, kib: int, verdict: Verdict) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable: {kib} kB\n\n")

    found = memory(tmp_path / "meminfo")

    assert (found.verdict, found.seen) == (verdict, f"{kib // 1024} MiB available")


def test_the_disk_is_looked_at_where_the_data_would_be_and_nothing_is_made(tmp_path: Path) -> None:
    found = disk(tmp_path / "a" / "b")

    assert str(tmp_path) in found.seen
    assert list(tmp_path.iterdir()) == []


def test_a_tun_device_that_is_absent_or_shut_is_told_apart(tmp_path: Path) -> None:
    assert tun(tmp_path / "tun").mend == "sudo modprobe tun"
    (tmp_path / "tun").touch()
    assert tun(tmp_path / "tun").verdict is Verdict.FINE


def test_disks_can_be_looked_at_when_an_empty_one_is_looked_at_to_its_end(tmp_path: Path) -> None:
    assert inspection(ChildInspector()).verdict is Verdict.FINE

    broken = inspection(ChildInspector(start=[str(tmp_path / "no-python")]))

    assert broken.verdict is Verdict.MISSING
    assert "could not be started" in broken.seen
    assert broken.cost


def test_whatever_is_not_fine_has_a_cost(tmp_path: Path) -> None:
    checks = list(examine(tmp_path / "data", environ_path=str(tmp_path)))

    assert len({check.name for check in checks}) == len(checks)
    assert all(check.cost for check in checks if check.verdict is not Verdict.FINE)
    assert not (tmp_path / "data").exists()


def test_whoever_trusts_rules_of_security_groups_is_told() -> None:
    found = security_groups()

    assert found.verdict is Verdict.SLOWER
    assert "not enforced on the wire" in found.cost
    assert found.mend


# --- a doctor who is asked again and again ---------------------------------------------------------------------------

POOR = Check("/dev/net/tun", Verdict.SLOWER, "absent", "slirp is used", "sudo modprobe tun")
FINE = Check("memory", Verdict.FINE, "9 MiB available")


class Looks:
    """Looks that are done when the test says so."""

    def __init__(self, *found: Check) -> None:
        self.clock = StandingClock()
        self.found: tuple[Check, ...] = found
        self.begun: list[Callable[[], None]] = []
        self.doctor = Doctor(lambda: self.found, self.clock, aside=self.begun.append, patience_seconds=0)


def test_only_what_is_not_fine_is_warned_of_with_a_code_and_what_mends_it() -> None:
    assert list(warnings([POOR, FINE])) == [
        HostWarning("dev-net-tun", "limited", "/dev/net/tun: absent; slirp is used", "sudo modprobe tun")
    ]


def test_what_differs_from_host_to_host_goes_with_a_warning(tmp_path: Path) -> None:
    (found,) = warnings([disk(tmp_path, wanted_gib=1 << 30)])

    assert found.arguments["folder"] == str(tmp_path)
    assert set(found.arguments) == {"free", "wanted", "folder"}
    assert all(each in found.message for each in found.arguments.values())


def test_nobody_waits_for_a_look_and_one_is_enough_for_all() -> None:
    looks = Looks(POOR)

    assert looks.doctor.examination() is None
    assert looks.doctor.examination() is None
    assert len(looks.begun) == 1

    looks.begun.pop()()
    assert looks.doctor.examination() == Examination(looks.clock.now(), tuple(warnings([POOR])))
    assert looks.begun == []


def test_what_was_found_is_shown_until_a_new_look_has_ended() -> None:
    looks = Looks(POOR)
    looks.doctor.examination()
    looks.begun.pop()()
    first = looks.doctor.examination()
    looks.found = (FINE,)

    looks.clock.move(timedelta(seconds=59))
    looks.doctor.examination()
    assert looks.begun == []

    looks.clock.move(timedelta(seconds=1))
    assert looks.doctor.examination() == first
    looks.begun.pop()()
    assert looks.doctor.examination() == Examination(looks.clock.now())


def test_a_check_that_breaks_costs_the_warnings_and_is_tried_again() -> None:
    def broken() -> Iterator[Check]:
        yield POOR
        raise ValueError("no such thing")

    looks = Looks()
    looks.doctor = Doctor(broken, looks.clock, aside=lambda look: look(), patience_seconds=0)

    assert looks.doctor.examination() is None
    looks.doctor = Doctor(lambda: [POOR], looks.clock, patience_seconds=20)
    found = looks.doctor.examination()
    assert found is not None
    assert len(found.warnings) == 1


def test_where_machines_are_simulated_nothing_is_tried_that_would_run_them(tmp_path: Path) -> None:
    names = [each.name for each in examine(tmp_path, boots=False)]

    assert "disk" in names
    assert not [each for each in names if each == "KVM" or each.startswith("network: ")]
