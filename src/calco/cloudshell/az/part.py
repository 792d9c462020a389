"""Named parts of an object of Az.Network, such as a network's subnets: described, added, changed, taken out, read, all
in memory. What is sent is the whole object, by its own Set cmdlet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from calco.cloudshell.az.declaration import cmdlet, plain
from calco.cloudshell.az.network import object_parameter
from calco.cloudshell.az.noun import Noun
from calco.cloudshell.az.record import Kind, blank, items, text
from calco.cloudshell.az.target import argument, matches
from calco.cloudshell.cmdlet import Call, Cmdlet, Parameter, Run
from calco.cloudshell.values import Record, Value


@dataclass(frozen=True)
class Part:
    """``owner`` is the parameter that takes the object, ``member`` the object's list of parts, ``cmdlets`` the noun of
    the cmdlets. ``fill`` puts what a call says into a part; ``settings`` are the parameters that it reads."""

    whole: Noun
    owner: str
    member: str
    called: str
    cmdlets: str
    kind: Kind
    fill: Callable[[Call, Record], None]
    settings: tuple[Parameter, ...]
    default_set: str = ""

    @property
    def owner_parameter(self) -> Parameter:
        return object_parameter(self.whole, self.owner)

    def new(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            yield self._made(call)

        return self._cmdlet("New", f"Describes a {self.called}, to hand to New-Az{self.owner}.", run, examples)

    def add(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            owner = call.record(self.owner)
            if self._place(call, owner) is not None:
                raise self._wrong(call, "exists already")
            owner.members[self.member] = [*items(owner, self.member), self._made(call)]
            yield owner

        return self._cmdlet("Add", f"Adds a {self.called} to a {self.whole.called} in memory.", run, examples)

    def change(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            owner = call.record(self.owner)
            place = self._place(call, owner)
            if place is None:
                raise self._wrong(call, "does not exist")
            self.fill(call, items(owner, self.member)[place])
            yield owner

        return self._cmdlet("Set", f"Changes a {self.called} of a {self.whole.called} in memory.", run, examples)

    def remove(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            owner = call.record(self.owner)
            place = self._place(call, owner)
            left: list[Value] = [each for at, each in enumerate(items(owner, self.member)) if at != place]
            owner.members[self.member] = left
            yield owner

        synopsis = f"Takes a {self.called} out of a {self.whole.called} in memory."
        return self._cmdlet("Remove", synopsis, run, examples)

    def get(self, call: Call, member: str = "") -> Iterable[Record]:
        """Those whose name fits. Raises Terminating when one was named that is not there."""
        name = call.text("Name")
        found = [each for each in items(call.record(self.owner), member or self.member) if _fits(each, name)]
        if not found and name:
            raise self._wrong(call, "does not exist")
        return found

    def _made(self, call: Call) -> Record:
        made = blank(self.kind, {"Name": call.text("Name")})
        self.fill(call, made)
        return made

    def _place(self, call: Call, owner: Record) -> int | None:
        names = [text(each, "Name").casefold() for each in items(owner, self.member)]
        name = call.text("Name").casefold()
        return names.index(name) if name in names else None

    def _wrong(self, call: Call, how: str) -> Exception:
        return argument(f"The {self.called} '{call.text('Name')[:80]}' {how} in this {self.whole.called}.")

    def _cmdlet(self, verb: str, synopsis: str, run: Run, examples: Mapping[str, str]) -> Cmdlet:
        return cmdlet(
            f"{verb}-Az{self.cmdlets}",
            synopsis,
            run,
            plain("Name", f"The name of the {self.called}.", mandatory=True),
            *(() if verb == "New" else (self.owner_parameter,)),
            *(() if verb == "Remove" else self.settings),
            default_set="" if verb == "Remove" else self.default_set,
            output=self.kind.type if verb == "New" else self.whole.kind.type,
            examples=examples,
        )


def _fits(part: Record, pattern: str) -> bool:
    return matches(text(part, "Name"), pattern)
