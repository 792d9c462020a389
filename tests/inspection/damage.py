"""Damaged disks: small real ones, what may happen to them, and a process that looks at them and may die of it.

As a program (``damage.py FOLDER path...``) it looks at what it is told on its standard input, a line each, and answers
with a line each. It is not confined and has the disk in memory, so a look costs what reading costs.
"""

import json
import os
import random
import resource
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECTOR = 512
MIB = 1 << 20
MEMORY_BYTES = 1 << 30


@dataclass(frozen=True)
class Damage:
    """What happened to a disk: bytes laid over it, and then only so much of it left. ``size`` of None: all of it."""

    writes: tuple[tuple[int, bytes], ...] = ()
    size: int | None = None

    def done_to(self, disk: bytes) -> bytes:
        damaged = bytearray(disk)
        for offset, words in self.writes:
            damaged[offset : offset + len(words)] = words
        return bytes(damaged[: self.size])

    def document(self) -> dict[str, Any]:
        """To show, and to send. ``Damage.of`` it is the same damage."""
        return {"writes": [[offset, words.hex()] for offset, words in self.writes], "size": self.size}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Damage":
        return cls(tuple((at, bytes.fromhex(words)) for at, words in document["writes"]), document["size"])


# --- what may happen ---


def damage(chance: random.Random, disk: bytes, sectors: list[int]) -> Damage:
    """Some damage to a disk; mostly to ``sectors``, which a look at it reads."""
    if chance.random() < 0.03:
        return Damage(size=chance.choice([chance.randrange(len(disk)), chance.choice(sectors) * SECTOR]))
    if chance.random() < 0.01:
        whole = chance.randbytes(len(disk))
        return Damage(((0, whole if chance.random() < 0.5 else disk[: 2 * SECTOR] + whole[2 * SECTOR :]),))
    count = chance.choice([1, 1, 1, 1, 2, 2, 3, 5, 20, 100])
    return Damage(tuple(_write(chance, disk, sectors) for _ in range(count)))


@dataclass(frozen=True)
class Spot:
    """Where damage is done: a byte ``at``, in the block that begins at ``begin``; ``other`` is a block elsewhere."""

    chance: random.Random
    disk: bytes
    at: int
    begin: int
    length: int
    other: int

    def bit(self) -> tuple[int, bytes]:
        return self.at, bytes([self.disk[self.at] ^ 1 << self.chance.randrange(8)])

    def run(self) -> tuple[int, bytes]:
        return self.at, self.chance.randbytes(min(self.chance.randrange(1, 65), len(self.disk) - self.at))

    def lost(self) -> tuple[int, bytes]:
        return self.begin, self.chance.choice([bytes(self.length), b"\xff" * self.length])

    def noise(self) -> tuple[int, bytes]:
        return self.begin, self.chance.randbytes(self.length)

    def misdirected(self) -> tuple[int, bytes]:
        """A block that was written to the wrong place: folders that hold themselves, trees that have no end."""
        return self.begin, self.disk[self.other : self.other + self.length]

    def number(self) -> tuple[int, bytes]:
        """Numbers lie on multiples of their size, and those that name blocks lead back to here."""
        size = self.chance.choice([2, 4, 8])
        small = [0, 1, 2, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, self.chance.randrange(64)]
        value = self.chance.choice([*small, self.begin // 4096, self.begin // 1024])
        return self.at - self.at % size, value.to_bytes(8, "little")[:size]

    def number_of_elsewhere(self) -> tuple[int, bytes]:
        size = self.chance.choice([2, 4, 8])
        source = self.other + self.chance.randrange(0, SECTOR, size)
        return self.at - self.at % size, self.disk[source : source + size]

    def shifted(self) -> tuple[int, bytes]:
        return self.at, self.disk[self.at + 1 : self.at + 9] or b"\0"


def _write(chance: random.Random, disk: bytes, sectors: list[int]) -> tuple[int, bytes]:
    length = chance.choice([SECTOR, 1024, 4096])
    at = chance.choice(sectors) * SECTOR + chance.randrange(SECTOR)
    other = chance.choice(sectors) * SECTOR
    begin = at - at % length
    spot = Spot(chance, disk, at, begin, min(length, len(disk) - begin), other - other % length)
    kinds = (
        spot.bit,
        spot.run,
        spot.lost,
        spot.noise,
        spot.misdirected,
        spot.number,
        spot.number_of_elsewhere,
        spot.shifted,
    )
    return chance.choice(kinds)()


# --- looked at in a process of its own ---


@dataclass(frozen=True)
class Answer:
    """What a look at a damaged disk ended with. ``verdict`` of ``died`` or ``hung``: none."""

    verdict: str
    evidence: list[str]
    seconds: float


class Looker:
    """A process that looks at damaged disks, and another one when it is lost."""

    def __init__(self, folder: Path, hang_seconds: float) -> None:
        self._folder = folder
        self._hang_seconds = hang_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def sectors(self, name: str) -> list[int]:
        """Those of the whole disk that are read and hold something."""
        answer = self._asked({"disk": name, "sectors": True})
        assert answer is not None, name
        sectors: list[int] = answer["sectors"]
        return sectors

    def look(self, name: str, damage: Damage) -> Answer:
        began = time.monotonic()
        answer = self._asked({"disk": name, **damage.document()})
        seconds = time.monotonic() - began
        if answer is None:
            return Answer("hung" if seconds > self._hang_seconds else "died", [], seconds)
        return Answer(answer["verdict"], answer["evidence"], seconds)

    def _asked(self, question: dict[str, Any]) -> dict[str, Any] | None:
        if self._process is None:
            argv = [sys.executable, "-I", "-S", __file__, os.fspath(self._folder), *sys.path]
            self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        if select.select([self._process.stdout], [], [], self._hang_seconds)[0] and (
            line := self._process.stdout.readline()
        ):
            answered: dict[str, Any] = json.loads(line)
            return answered
        self.close()
        return None


def main() -> None:
    folder, sys.path[:] = Path(sys.argv[1]), sys.argv[2:]
    from calco.inspection.look import look  # noqa: PLC0415 - imported from where the caller does

    class Held:
        def __init__(self, disk: bytes) -> None:
            self.size_bytes = len(disk)
            self.read_sectors: set[int] = set()
            self._disk = disk

        def read(self, offset: int, length: int) -> bytes:
            self.read_sectors.update(range(offset // SECTOR, -(-(offset + length) // SECTOR)))
            return self._disk[offset : offset + length]

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    disks: dict[str, bytes] = {}
    for line in sys.stdin.buffer:
        question = json.loads(line)
        disk = disks.setdefault(question["disk"], (folder / question["disk"]).read_bytes())
        if question.get("sectors"):
            held = Held(disk)
            look(held)
            filled = [each for each in sorted(held.read_sectors) if any(disk[each * SECTOR : (each + 1) * SECTOR])]
            print(json.dumps({"sectors": filled}), flush=True)
            continue
        sighting = look(Held(Damage.of(question).done_to(disk)))
        print(json.dumps({"verdict": sighting.verdict.value, "evidence": sighting.evidence}), flush=True)


if __name__ == "__main__":
    main()
