"""The probe that runs something before it believes in KVM."""

import os
from pathlib import Path

from calco.compute.accelerator import choose_accelerator, probe, tcg
from calco.compute.probe_program import PASSED, probe_disk

MISSING = Path("/dev/no-such-device")


def stand_in_qemu(folder: Path, behaviour: str) -> str:
    """A program that answers --version as QEMU does and else does ``behaviour`` (shell); it counts its runs."""
    program = folder / "qemu"
    program.write_text(
        "#!/bin/sh\n"
        'test "$1" = --version && { echo "QEMU emulator version 9.9"; exit 0; }\n'
        f"echo run >>{folder}/runs\n"
        'for word; do case "$word" in file,id=said,path=*) said=${word#file,id=said,path=};; esac; done\n'
        f"{behaviour}\n"
    )
    program.chmod(0o755)
    return os.fspath(program)


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines()) if (folder / "runs").exists() else 0


def test_the_probe_program_comes_to_its_end_where_everything_works() -> None:
    assert probe(tcg(""), timeout_seconds=30) is None


def test_the_probe_program_is_a_boot_sector() -> None:
    disk = probe_disk()
    assert len(disk) == 1 << 20
    assert disk[510:512] == b"\x55\xaa"


def test_without_a_device_nothing_is_probed(tmp_path: Path) -> None:
    found = choose_accelerator(tmp_path / "cache", qemu=stand_in_qemu(tmp_path, "exit 0"), device=MISSING)
    assert (found.name, runs(tmp_path)) == ("tcg", 0)
    assert "does not exist" in found.reason
    assert not (tmp_path / "cache").exists()


def test_kvm_is_taken_when_every_letter_arrived_and_the_answer_is_kept(tmp_path: Path) -> None:
    qemu = stand_in_qemu(tmp_path, f'printf {PASSED.decode()} >"$said"')
    for _ in range(2):
        found = choose_accelerator(tmp_path / "cache", qemu=qemu, device=Path("/dev/null"))
        assert found.name == "kvm"
        assert "kvm" in found.arguments
    assert runs(tmp_path) == 1


def test_a_program_that_came_half_way_leads_to_tcg_and_says_how_far(tmp_path: Path) -> None:
    qemu = stand_in_qemu(tmp_path, 'printf LP >"$said"')
    for _ in range(2):
        found = choose_accelerator(tmp_path / "cache", qemu=qemu, device=Path("/dev/null"))
        assert found.name == "tcg"
        assert "it came through 2 of the 6 things" in found.reason
    assert runs(tmp_path) == 1


def test_a_machine_that_hangs_costs_the_time_limit_and_leads_to_tcg(tmp_path: Path) -> None:
    qemu = stand_in_qemu(tmp_path, "exec sleep 60")
    found = choose_accelerator(tmp_path / "cache", qemu=qemu, device=Path("/dev/null"), timeout_seconds=0.2)
    assert found.name == "tcg"
    assert "it came through 0 of the 6 things that a kernel does first, then took longer than 0.2 s" in found.reason


def test_an_answer_of_another_kernel_or_a_damaged_one_is_not_believed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    qemu = stand_in_qemu(tmp_path, f'printf {PASSED.decode()} >"$said"')
    choose_accelerator(cache, qemu=qemu, device=Path("/dev/null"))
    cache.write_bytes(cache.read_bytes().replace(os.uname().release.encode(), b"1.2.3"))
    choose_accelerator(cache, qemu=qemu, device=Path("/dev/null"))
    cache.write_bytes(b"{")
    assert choose_accelerator(cache, qemu=qemu, device=Path("/dev/null")).name == "kvm"
    assert runs(tmp_path) == 3
