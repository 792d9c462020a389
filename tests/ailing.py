"""Everything that the doctor may find wrong, on whatever machine the tests run."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from calco.compute.accelerator import tcg
from calco.compute.network_probe import NetworkFinding
from calco.doctor import (
    TOOLS,
    Check,
    Verdict,
    disk,
    firmware,
    inspection,
    kvm,
    memory,
    network,
    security_groups,
    tool,
    tun,
    warnings,
)
from calco.inspection.inspector import ChildInspector
from calco.model.host import HostWarning
from calco.tool import ToolFailed


def ailments(folder: Path) -> list[HostWarning]:
    """Every finding in every state. ``folder`` is made."""
    folder.mkdir()
    return [*warnings(_checks(folder))]


def _checks(folder: Path) -> Iterator[Check]:
    def broken(argv: list[str]) -> bytes:
        raise ToolFailed(tuple(argv), 127, "libfoo.so was not found")

    yield from (tool(each, str(folder)) for each in TOOLS)
    (folder / "qemu-img").write_text("#!/bin/sh\n")
    (folder / "qemu-img").chmod(0o755)
    yield tool(TOOLS[1], str(folder), broken)
    yield firmware(())
    broken_kvm = kvm(tcg("this is what the probe saw"), Path("/dev/null"))
    yield from (broken_kvm, kvm(tcg("it is absent"), folder / "kvm"))
    yield replace(
        broken_kvm, mend="join the group", arguments={**broken_kvm.arguments, "state": "shut"}
    )  # to root nothing is shut
    for driver in ("namespace", "slirp"):
        yield network(NetworkFinding(driver, False, "this is what the probe saw"))
    yield inspection(ChildInspector(start=[str(folder / "no-python")]))
    yield replace(tun(folder / "tun"), name="/dev/net/tun")
    (folder / "meminfo").write_text("MemAvailable: 1024 kB\n")
    yield memory(folder / "meminfo")
    yield disk(Path("/"), wanted_gib=1 << 30)
    yield security_groups()


UNHEARD_OF = HostWarning("new-here", Verdict.SLOWER.value, "this is what it is", "sudo mend this")
"""Nobody has words for it."""
