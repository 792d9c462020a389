"""A session without a language: what a cmdlet and the binder see, and a test looks into."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from calco.cloudshell.binder.binding import Given, run
from calco.cloudshell.binder.jobs import Background
from calco.cloudshell.catalogue import Listed
from calco.cloudshell.cmdlet import Cmdlet, Commands, Module
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.syntax import Block, Place
from calco.cloudshell.values import Names, ScriptBlock, Value
from tests.cloudshell.world import Counting, FakeApi, Recorder, StillClock

HERE = Place(1, 1, "Do-It")


@dataclass
class Bare:
    """A ``cmdlet.Shell``. A script block is a Python function in its ``scope``."""

    host: Recorder = field(default_factory=Recorder)
    api: FakeApi = field(default_factory=FakeApi)
    clock: StillClock = field(default_factory=StillClock)
    chance: Counting = field(default_factory=Counting)
    commands: Commands = field(default_factory=lambda: Listed([Module(())]))
    state: Names = field(default_factory=Names)
    held: Names = field(default_factory=Names)
    reported: list[tuple[Fault, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jobs = Background(self.clock)

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def invoke(self, block: ScriptBlock, *, item: Value = None, arguments: tuple[Value, ...] = ()) -> Iterator[Value]:
        work = block.scope
        assert not arguments
        assert callable(work)
        yield work(item)

    def report(self, fault: Fault, *, shown: bool = True) -> None:
        self.reported.append((fault, shown))

    def variable(self, name: str) -> Value:
        return self.held.get(name)

    def set_variable(self, name: str, value: Value) -> None:
        self.held[name] = value

    def variables(self) -> list[str]:
        return list(self.held)


def block(work: Callable[[Value], Value]) -> ScriptBlock:
    return ScriptBlock(Block(HERE, "{ }"), work)


def read(words: str | list[Value]) -> list[Given]:
    """Arguments as they are written: "-Name web1 -Force:$false 3". What is no text stands for itself."""
    given: list[Given] = []
    for word in words.split() if isinstance(words, str) else words:
        if isinstance(word, str) and word.startswith("-") and len(word) > 1:
            name, colon, value = word[1:].partition(":")
            given.append(Given(HERE, _plain(value) if colon else None, name, bool(colon)))
        else:
            given.append(Given(HERE, _plain(word)))
    return given


def _plain(word: Value) -> Value:
    known: dict[str, Value] = {"$true": True, "$false": False, "$null": None, "''": ""}
    if not isinstance(word, str):
        return word
    return known[word] if word in known else int(word) if word.isdigit() else word


def call(command: Cmdlet, words: str | list[Value], shell: Bare, *piped: Value, pipe: bool = False) -> list[Value]:
    """What it gives. ``pipe``: even when nothing is piped."""
    return list(run(command, read(words), iter(piped) if piped or pipe else None, shell, HERE))


def refused(command: Cmdlet, words: str | list[Value], shell: Bare) -> str:
    """What the fault says that ends it."""
    try:
        call(command, words, shell)
    except Terminating as ended:
        return ended.fault.message
    raise AssertionError("nothing was refused")
