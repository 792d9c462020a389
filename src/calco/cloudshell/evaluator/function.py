"""A function or block of a script as a cmdlet: declared by its param block, bound by the same binder as any other.

Source: Microsoft Learn, about_Functions, about_Functions_Advanced_Parameters, about_Script_Blocks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from calco.cloudshell import syntax
from calco.cloudshell.cmdlet import Call, Cmdlet, Commands, Kind, Parameter, View
from calco.cloudshell.errors import Terminating
from calco.cloudshell.evaluator.scope import Scope
from calco.cloudshell.objects import member
from calco.cloudshell.objects.convert import to_kind, to_type
from calco.cloudshell.objects.type_name import SHORT, full_name
from calco.cloudshell.values import PS_CMDLET, Hashtable, Long, Names, Record, Value

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "System.String": Kind.STRING,
        "System.String[]": Kind.STRINGS,
        "System.Int32": Kind.INT,
        "System.Int32[]": Kind.INTS,
        "System.Double": Kind.FLOAT,
        "System.Boolean": Kind.BOOL,
        "System.DateTime": Kind.DATE,
        SHORT["switch"]: Kind.SWITCH,
        SHORT["hashtable"]: Kind.HASHTABLE,
        SHORT["scriptblock"]: Kind.SCRIPT,
        SHORT["securestring"]: Kind.SECURE,
        SHORT["pscredential"]: Kind.CREDENTIAL,
    }
)
_EMPTY: Mapping[str, Value] = MappingProxyType(
    {
        "System.String": "",
        "System.Int32": 0,
        "System.Int64": Long(0),
        "System.Double": 0.0,
        "System.Boolean": False,
        SHORT["switch"]: False,
    }
)
"""What a parameter of a type is that was not given."""

_ARGS = Parameter("args", Kind.ANYS, "All that no parameter takes.", rest=True)


def declared(name: str, block: syntax.Block, run: Callable[[Call], Iterator[Value]]) -> Cmdlet:
    """The cmdlet that ``block`` is; ``run`` carries it out."""
    placed = any(each.position is not None for each in block.parameters)
    parameters: list[Parameter] = []
    for formal in block.parameters:
        taken = sum(each.position is not None for each in parameters)
        parameters.append(_parameter(formal, None if placed else taken))
    return Cmdlet(
        name=name,
        synopsis="A function of this session.",
        run=run,
        parameters=(*parameters, *((_ARGS,) if not block.advanced and not _named_args(block) else ())),
        module="",
        whole=True,
        common=block.advanced,
        confirms=block.confirms,
    )


def _named_args(block: syntax.Block) -> bool:
    return any(each.name.lower() == "args" for each in block.parameters)


def _parameter(formal: syntax.Formal, position: int | None) -> Parameter:
    kind = _kind(formal)
    never_empty = formal.mandatory and kind is Kind.STRING  # which the binder sees to
    if kind is not Kind.SWITCH and not formal.choices and not never_empty:
        kind = Kind.ANY  # converted by ``_transformed``, whose words a function's are
    return Parameter(
        formal.name,
        kind,
        mandatory=formal.mandatory,
        position=None if kind is Kind.SWITCH else formal.position if position is None else position,
        aliases=formal.aliases,
        choices=formal.choices,
        filled=formal.filled,
        pattern=formal.pattern,
        range=formal.range,
        from_pipeline=formal.from_pipeline,
        from_name=formal.from_name,
    )


def _kind(formal: syntax.Formal) -> Kind:
    return _KINDS.get(full_name(formal.type) or "", Kind.ANY) if formal.type else Kind.ANY


class Arguments:
    """What a function was given, put into its scope."""

    def __init__(self, name: str, block: syntax.Block, call: Call) -> None:
        self.block = block
        self._name = name
        self._call = call

    def enter(self, scope: Scope, default: Callable[[syntax.Expression], Value]) -> None:
        """Sets the parameters and the automatic variables; ``default`` evaluates in that scope."""
        rest = self._call.value("args") if not _named_args(self.block) else None
        scope.lend("args", rest if isinstance(rest, list) else [] if rest is None else [rest])
        scope.lend("PSBoundParameters", self._bound())
        self._tell_of_itself(scope)
        for name, value in self._call.preferences().items():
            scope.lend(name, value)
        for formal in self.block.parameters:
            if self._call.given(formal.name):
                value = _transformed(formal, self._call.value(formal.name))
            elif formal.default is not None:
                value = _transformed(formal, default(formal.default), given=False)
            else:
                value = _EMPTY.get(full_name(formal.type) or "") if formal.type else None
            scope.lend(formal.name, value, formal.type if value is not None else "")

    def _tell_of_itself(self, scope: Scope) -> None:
        command = Record.of("System.Management.Automation.FunctionInfo", {"Name": self._name})
        told: dict[str, Value] = {
            "MyCommand": command,
            "InvocationName": self._name,
            "BoundParameters": self._bound(),
        }
        invocation = Record.of("System.Management.Automation.InvocationInfo", told)
        if self._name:  # a script's own is of its file
            scope.lend("MyInvocation", invocation)
        if self.block.advanced:
            scope.lend("PSCmdlet", Record(PS_CMDLET, Names([("MyInvocation", invocation)]), held=self._should))

    def _should(self, target: str, action: str = "") -> bool:
        return self._call.should(target, action or self._name)

    def _bound(self) -> Hashtable:
        names = [each.name for each in self.block.parameters if self._call.given(each.name)]
        return Hashtable.of({name: self._call.value(name) for name in names})

    def take(self, scope: Scope, item: Value) -> None:
        """One object of the pipeline: ``$_``, and the parameters that it binds to."""
        scope.lend("_", item)
        for formal in self.block.parameters:
            if formal.from_pipeline and not formal.from_name:
                scope.lend(formal.name, _transformed(formal, item), formal.type)
            elif formal.from_name and not self._call.given(formal.name):
                self._take_named(formal, scope, item)

    def _take_named(self, formal: syntax.Formal, scope: Scope, item: Value) -> None:
        for name in (formal.name, *formal.aliases):
            found = member.get(item, name)
            if found is not None:
                scope.lend(formal.name, _transformed(formal, found), formal.type)
                return
        if formal.from_pipeline:
            scope.lend(formal.name, _transformed(formal, item), formal.type)


def _transformed(formal: syntax.Formal, value: Value, *, given: bool = True) -> Value:
    """A [bool] is given no text, but has one as its default."""
    if not formal.type or value is None:
        return value
    kind = _kind(formal)
    by_type = kind is Kind.ANY or (kind is Kind.BOOL and not given)
    try:
        return to_type(value, formal.type) if by_type else to_kind(value, kind)
    except Terminating as error:
        if error.fault.id == "TypeNotFound":
            raise
        raise Terminating(
            replace(
                error.fault,
                message=f"Cannot process argument transformation on parameter '{formal.name}'. {error.fault.message}",
                id="ParameterArgumentTransformationError",
                category="InvalidData",
                exception="System.Management.Automation.ParameterBindingArgumentTransformationException",
            )
        ) from None


class Known:
    """The session's functions, before the commands that come with the shell."""

    def __init__(self, commands: Commands, functions: Callable[[], Sequence[syntax.Function]]) -> None:
        self._commands = commands
        self._functions = functions

    def _cmdlets(self) -> list[Cmdlet]:
        return [declared(each.name.rpartition(":")[2], each.body, _only_shown) for each in self._functions()]

    def find(self, name: str) -> Cmdlet | None:
        own = next((each for each in self._cmdlets() if each.name.lower() == name.lower()), None)
        return own or self._commands.find(name)

    def all(self) -> tuple[Cmdlet, ...]:
        return (*self._cmdlets(), *self._commands.all())

    def aliases(self) -> Mapping[str, str]:
        return self._commands.aliases()

    def view(self, type: str) -> View | None:
        return self._commands.view(type)


def _only_shown(_: Call) -> Iterator[Value]:
    """What is listed is not run from the list."""
    return iter(())
