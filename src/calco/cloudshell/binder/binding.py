"""Binds what was written after a command's name to its parameters, and runs it.

Names are matched without case and by any prefix that says enough; what has no name goes by position; the parameters
that were given choose the set; objects of the pipeline bind by value, then by the names of their properties. Sources:
Microsoft Learn, about_Parameters, about_Parameter_Sets, about_CommonParameters; PowerShell, ParameterSetResolver.cs
for which set is taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from calco.cloudshell.api import Refused, Unreachable
from calco.cloudshell.binder import asking, matching, refusal
from calco.cloudshell.binder.binding_faults import Faults
from calco.cloudshell.binder.bound import Bound
from calco.cloudshell.binder.common import PROFILE, is_azures, parameters_of
from calco.cloudshell.binder.defaults import take_defaults
from calco.cloudshell.binder.invocation import Invocation, Remembered
from calco.cloudshell.binder.jobs import Apart
from calco.cloudshell.binder.pipeline_binding import take_item
from calco.cloudshell.cmdlet import Cmdlet, Kind, Parameter, Shell, Told
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.member import get
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Record, Value


@dataclass(frozen=True)
class Given:
    """One thing given to a command. ``name`` empty: a value by position. ``has_value`` False: a bare ``-Name``, which
    takes the next value by position unless it is a switch."""

    at: Place
    value: Value = None
    name: str = ""
    has_value: bool = True


def run(
    command: Cmdlet, given: Sequence[Given], input: Iterator[Value] | None, shell: Shell, at: Place
) -> Iterator[Value]:
    """What ``command`` gives, one object at a time. ``input`` is None at the head of a pipeline.

    Raises Terminating: when nothing can be bound, when the command ends so, and for any error under ErrorAction Stop.
    """
    bound = Bound(command, parameters_of(command), Faults(command.name, at))
    piped = input is not None
    _take_positions(bound, _take_names(bound, given, piped), piped)
    take_defaults(bound, shell)
    running = _Running(bound, shell, at, Remembered())
    if input is None:
        values = running.once()
    elif command.whole:
        values = running.whole(input)
    else:
        values = running.each(input)
    yield from running.kept(values)


# --- arguments -------------------------------------------------------------------------------------------------------


def _take_names(bound: Bound, given: Sequence[Given], piped: bool) -> list[Given]:
    """Binds what has a name; gives back what has none."""
    rest: list[Given] = []
    left = list(given)
    while left:
        one = left.pop(0)
        parameter = _parameter(bound, one.name) if one.name else None
        if parameter is None:
            rest.append(one)
            continue
        if bound.has(parameter):
            raise bound.faults.twice(parameter)
        if one.has_value:
            bound.take(parameter, one.value, input=piped)
        elif parameter.kind is Kind.SWITCH:
            bound.take(parameter, True)
        elif left and not left[0].name:
            bound.take(parameter, left.pop(0).value, input=piped)
        else:
            raise bound.faults.no_argument(parameter)
    return rest


def _parameter(bound: Bound, name: str) -> Parameter | None:
    try:
        return matching.named(name, bound.parameters, bound.faults)
    except Terminating as unknown:
        takes_all = any(each.rest and each.name == "args" for each in bound.parameters)
        if takes_all and unknown.fault.id.startswith("NamedParameterNotFound"):
            return None
        raise


def _take_positions(bound: Bound, rest: Sequence[Given], piped: bool) -> None:
    """Binds what has no name, in the order of positions; the default set's parameters go first. A name that a function
    does not know is no value for a place: it stays among all that no parameter takes."""
    left, taker = list(rest), next((each for each in bound.free() if each.rest), None)
    while (first := next((each for each in left if not each.name), None)) is not None:
        parameter = _next(bound, first.value)
        if parameter is None:
            raise bound.faults.no_place(to_text(first.value))
        if parameter.rest:
            taker = parameter
            break
        left.remove(first)
        bound.take(parameter, first.value, input=piped)
    if left and taker is not None:
        values = [value for each in left for value in _as_written(each)]
        bound.take(taker, values[0] if len(values) == 1 and taker.position is not None else values)


def _as_written(one: Given) -> list[Value]:
    return [*([f"-{one.name}"] if one.name else []), *([one.value] if one.has_value else [])]


def _next(bound: Bound, value: Value) -> Parameter | None:
    """The parameter that the next value by position is for: of several at one place the one that takes it as it is."""
    free = list(bound.free())
    place = min((each.position for each in free if each.position is not None), default=None)
    if place is None:
        return next((each for each in free if each.rest), None)
    taking = [each for each in free if each.position == place]
    taking.sort(key=lambda each: bool(each.sets) and bound.sets[0] not in each.sets)
    return next((each for each in taking if matching.fits(value, each)), taking[0])


# --- running ---------------------------------------------------------------------------------------------------------


@dataclass
class _Running:
    """A command whose arguments are bound."""

    bound: Bound
    shell: Shell
    at: Place
    remembered: Remembered

    def once(self) -> Iterator[Value]:
        given = [each for each in self.bound.parameters if each.from_pipeline and each.name in self.bound.values]
        held = [self.bound.values[each.name] for each in given] if self.bound.command.whole else []
        items = [item for each in held for item in (each if isinstance(each, list) else [each])]
        return self._run(self.bound, self._settled(), iter(items))

    def whole(self, input: Iterator[Value]) -> Iterator[Value]:
        mine = [each for each in self.bound.parameters if not each.from_pipeline and not each.from_name]
        self.bound.parameters = mine
        return self._run(self.bound, self._settled(), input)

    def each(self, input: Iterator[Value]) -> Iterator[Value]:
        lacking = [self._never_piped(set) for set in self.bound.sets]
        if all(lacking):
            asking.fill_in(self.bound, lacking[0], self.shell.host)
        for item in input:
            one = self.bound.copy()
            try:
                take_item(one, item, self.shell)
                set = one.settle()
                if missing := one.missing(set):
                    raise one.faults.not_enough(each.name for each in missing)
            except Terminating as unbound:
                self._call(self.bound, "").error(replace(unbound.fault, target=item))
                continue
            yield from self._run(one, set)

    def _never_piped(self, set: str) -> list[Parameter]:
        return [each for each in self.bound.missing(set) if not each.from_pipeline and not each.from_name]

    def _settled(self) -> str:
        set = self.bound.settle()
        if missing := self.bound.missing(set):
            asking.fill_in(self.bound, missing, self.shell.host)
        return set

    def _call(self, bound: Bound, set: str, input: Iterator[Value] | None = None) -> Invocation:
        return Invocation(bound.command, self.shell, self.at, set, bound.values, input or iter(()), self.remembered)

    def _run(self, bound: Bound, set: str, input: Iterator[Value] | None = None) -> Iterator[Value]:
        call = self._call(bound, set, input)
        if call.common("AsJob") is True:
            yield _in_background(call)
        else:
            yield from _guarded(call)

    def kept(self, values: Iterator[Value]) -> Iterator[Value]:
        """The same, kept in the variable of -OutVariable too; the others of its kind begin empty."""
        call = self._call(self.bound, "")
        for parameter in ("ErrorVariable", "WarningVariable", "OutVariable"):
            name = call.common_text(parameter)
            if name and not name.startswith("+"):
                self.shell.set_variable(name, [])
        if not call.common_text("OutVariable"):
            yield from values
            return
        for value in values:
            call.add("OutVariable", value)
            yield value


def _guarded(call: Invocation) -> Iterator[Value]:
    """What the cmdlet gives. What the API refuses, and what a cmdlet of Az raises, is an error that ends nothing."""
    try:
        yield from _output(call)
    except (Refused, Unreachable) as refused:
        call.error(refusal.fault_of(refused))
    except Terminating as ended:
        if ended.stopping or not is_azures(call.command):
            ended.fault = ended.fault.placed(call.at, call.command.name)
            raise
        call.error(ended.fault)


def _output(call: Invocation) -> Iterator[Value]:
    """Raises Terminating where another context is asked for than the session's."""
    if is_azures(call.command) and call.value(PROFILE[0].name) is not None:
        given = call.record(PROFILE[0].name)
        found = get(get(get(given, "Context") or given, "Subscription"), "Id")
        if to_text(found).casefold() != call.shell.api.subscription_id.casefold():
            message = (
                "-DefaultProfile is of another subscription than this session: choose it with Set-AzContext first."
            )
            raise Terminating(Fault(message, "InvalidArgument", "InvalidArgument"))
    yield from call.command.run(call)


def _in_background(call: Invocation) -> Record:
    """A job for the call. Source: azure-powershell, AzureLongRunningJob (what it is called)."""
    told: list[Told] = []
    apart = replace(call, shell=Apart(call.shell, told))
    name = f"Long Running Operation for '{call.command.name}'"
    if call.text("Name"):
        name += f" on resource '{call.text('Name')}'"
    return call.shell.jobs.start(name, call.command.name, lambda: _raising(apart), told)


def _raising(call: Invocation) -> Iterator[Value]:
    """What the cmdlet gives; a refusal ends the job."""
    try:
        yield from _output(call)
    except (Refused, Unreachable) as refused:
        raise Terminating(refusal.fault_of(refused).placed(call.at, call.command.name)) from refused
    except Terminating as ended:
        raise Terminating(ended.fault.placed(call.at, call.command.name)) from ended
