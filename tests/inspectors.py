"""An inspector for tests: it reads the disk's first word, and believes it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from calco.model.ids import ResourceId
from calco.model.image import OS_SLOT
from calco.model.inspection import Container, OperatingSystem, Outcome, Report, Result, Severity, Verdict
from calco.model.volume import VolumeId
from calco.ports import VolumeView
from calco.work import blob
from calco.work.volume import DISK_SLOT
from tests.work.sources import disk_of
from tests.world import World

KEY = Outcome(
    "linux.ssh-host-keys",
    Result.FAILED,
    "/etc/ssh/ssh_host_rsa_key",
    "SSH host keys",
    "none",
    Severity.LEAKS,
    "Clones share them.",
    "rm -f /etc/ssh/ssh_host_*",
)


@dataclass
class FirstWord:
    """``ports.Inspector``: the verdict is the word the disk begins with, if it is one. ``asked``: how long each disk
    was that it was shown, and in which file it came; ``meanwhile`` happens before it answers."""

    asked: list[tuple[int, Container | None]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    evidence: tuple[str, ...] = ("an SSH host key is there.",)
    """Of a specialized disk."""
    ended: bool = True

    def inspect(self, disk: VolumeView, container: Container | None = None) -> Report:
        self.asked.append((disk.size_bytes, container))
        word = disk.read(0, 16).rstrip(b"\0").decode()
        disk.read(disk.size_bytes - 1, 1)
        self.meanwhile()
        if word not in set(Verdict):
            return Report(Verdict.UNKNOWN, ("There is no system.",), ended=self.ended)
        verdict = Verdict(word)
        lines = self.evidence if verdict is Verdict.SPECIALIZED else ("All was read.",)
        outcomes = (KEY,) if verdict is Verdict.SPECIALIZED else ()
        return Report(verdict, lines, OperatingSystem("Linux", "debian", "12"), outcomes, self.ended)


def looking(world: World, *, require: bool = False) -> FirstWord:
    """From now on disks are looked at in this world."""
    inspector = FirstWord()
    rules = replace(world.cloud.rules, looks=True, require_generalized=require)
    world.cloud = replace(world.cloud, inspector=inspector, rules=rules)
    return inspector


def volume_of(world: World, id: ResourceId) -> VolumeId:
    """What a disk, snapshot, image, blob or machine's OS disk holds."""
    if id.types == ("virtualMachines",):
        id = disk_of(world, id)
    with world.records.read() as view:
        held = view.held(id)
    return next(held[slot] for slot in (DISK_SLOT, OS_SLOT, blob.SLOT) if slot in held)


def write_word(world: World, id: ResourceId, word: str) -> None:
    """What a guest leaves on its OS disk."""
    world.disks.guest_writes(volume_of(world, id), 0, word.encode().ljust(16, b"\0"))
