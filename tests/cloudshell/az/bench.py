"""Az cmdlets, run as a script would run them: bound by the real binder, against the API of ``world``."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from calco.cloudshell.binder import binding
from calco.cloudshell.catalogue import Listed
from calco.cloudshell.cmdlet import Commands, Jobs, Module
from calco.cloudshell.errors import Fault
from calco.cloudshell.screen.show import print_all
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Hashtable, Names, Record, ScriptBlock, Value
from tests.cloudshell.world import Counting, FakeApi, Recorder, StillClock

HERE = Place(1, 1)


class NoJobs:
    """Nothing runs in the background of a test."""

    def start(self, name: str, command: str, work: object, told: object = ()) -> Record:
        raise NotImplementedError

    def all(self) -> list[Record]:
        return []

    def remove(self, record: Record) -> None:
        raise NotImplementedError


@dataclass
class Bench:
    """A session with these cmdlets; ``modules`` are those of the files under test."""

    modules: tuple[Module, ...]
    host: Recorder = field(default_factory=Recorder)
    api: FakeApi = field(default_factory=FakeApi)
    clock: StillClock = field(default_factory=StillClock)
    chance: Counting = field(default_factory=Counting)
    state: Names = field(default_factory=Names)
    names: Names = field(default_factory=Names)
    reported: list[Fault] = field(default_factory=list)
    """Errors that did not end the script, and that people see."""
    silent: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commands: Commands = Listed(self.modules)
        self.jobs: Jobs = NoJobs()

    def run(self, name: str, *values: Value, input: Value = None, **named: Value) -> list[Value]:
        """What the cmdlet gives: ``values`` by position, ``named`` by name, ``input``, a list, by the pipeline. True is
        a switch that is on; ``table`` makes a table."""
        command = self.commands.find(name)
        assert command is not None, name
        given = [binding.Given(HERE, each) for each in values]
        given += [
            binding.Given(HERE, True if each is True else each, key, has_value=each is not True)
            for key, each in named.items()
        ]
        piped = iter(input) if isinstance(input, list) else None
        return list(binding.run(command, given, piped, self, HERE))

    def one(self, name: str, *values: Value, input: Value = None, **named: Value) -> Record:
        """The one object that the cmdlet gives."""
        (found,) = self.run(name, *values, input=input, **named)
        assert isinstance(found, Record), found
        return found

    def shown(self, *values: Value) -> str:
        """What is printed of them."""
        self.host.written.clear()
        print_all(iter(values), self.commands, self.host)
        return self.host.text

    # --- cmdlet.Shell ---

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def invoke(self, block: ScriptBlock, *, item: Value = None, arguments: tuple[Value, ...] = ()) -> Iterator[Value]:
        raise NotImplementedError

    def report(self, fault: Fault, *, shown: bool = True) -> None:
        (self.reported if shown else self.silent).append(fault)

    def variable(self, name: str) -> Value:
        return self.names.get(name)

    def set_variable(self, name: str, value: Value) -> None:
        self.names[name] = value

    def variables(self) -> list[str]:
        return list(self.names)


def table(**pairs: Value) -> Hashtable:
    return Hashtable.of(pairs)
