"""Plays recordings, each over a world of its own."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.arm.api import Api
from tests.contract import shapes
from tests.contract.recorded import Exchange, exchanges, names
from tests.contract.replay import Difference, Replay, recorded_world
from tests.contract.scope import scope


@dataclass(frozen=True)
class Played:
    """One recording. ``recorded``: its exchanges; ``out``: those out of scope, by what they depend on."""

    name: str
    recorded: int
    out: Counter[str]
    asked: list[Exchange]
    differences: list[Difference]

    @property
    def compared(self) -> int:
        return len(self.asked)


def play(name: str, folder: Path) -> Played:
    """One recording over a world of its own in ``folder``."""
    recorded = exchanges(name)
    whole = name not in shapes.SHAPES
    found = scope(recorded)
    guest = None if whole else shapes.SHAPES[name].guest
    replay = Replay(Api(recorded_world(folder, guest)), found, whole)
    if whole:
        replay.play(recorded)
    else:
        shapes.play(replay, name)
    return Played(name, len(recorded), Counter(found.out.values()), replay.asked, replay.differences)


def play_all() -> list[Played]:
    found = []
    for name in names():
        with tempfile.TemporaryDirectory() as folder:
            found.append(play(name, Path(folder)))
    return found
