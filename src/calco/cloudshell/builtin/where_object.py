"""Where-Object: the objects for which a block, or a comparison of one member, is true.

Source: Microsoft Learn, Where-Object.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import CORE, INPUT, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.objects import convert, operators
from calco.cloudshell.objects.member import get
from calco.cloudshell.values import ScriptBlock, Value

_PLAIN = ("EQ", "NE", "GT", "GE", "LT", "LE", "Like", "NotLike", "Match", "NotMatch")
_SETS = ("Contains", "NotContains", "In", "NotIn")
COMPARISONS = (*_PLAIN, *_SETS, *(f"C{each}" for each in (*_PLAIN, *_SETS)), "Is", "IsNot")


def _where(call: Call) -> Iterator[Value]:
    block = call.value("FilterScript")
    if isinstance(block, ScriptBlock):
        return (item for item in call.input if convert.to_bool(_one(list(call.shell.invoke(block, item=item)))))
    return (item for item in call.input if _holds(call, item))


def _one(found: list[Value]) -> Value:
    return found[0] if len(found) == 1 else found


def _holds(call: Call, item: Value) -> bool:
    held = get(item, call.text("Property"))
    comparison = next((each for each in COMPARISONS if call.switch(each)), "")
    if call.switch("Not"):
        return not convert.to_bool(held)
    if not comparison:
        return convert.to_bool(held) if not call.given("Value") else _compare("EQ", held, call.value("Value"))
    return _compare(comparison, held, call.value("Value"))


def _compare(comparison: str, held: Value, wanted: Value) -> bool:
    return convert.to_bool(operators.binary(f"-{comparison.lower()}", held, wanted))


WHERE = Cmdlet(
    "Where-Object",
    "Passes on the objects that fit a condition.",
    _where,
    parameters=(
        Parameter(
            "FilterScript", Kind.SCRIPT, "True for what is passed on; $_ is the object.", ("ScriptBlockSet",), True, 0
        ),
        Parameter("Property", Kind.STRING, "The member that is compared.", ("PropertySet",), True, 0),
        Parameter("Value", Kind.ANY, "What it is compared with.", ("PropertySet",), position=1),
        Parameter("Not", Kind.SWITCH, "Whether the member is false, empty or absent.", ("PropertySet",)),
        *(Parameter(each, Kind.SWITCH, f"Compare as -{each.lower()} does.", ("PropertySet",)) for each in COMPARISONS),
        INPUT,
    ),
    aliases=("where", "?"),
    module=CORE,
    whole=True,
    default_set="ScriptBlockSet",
    examples=(
        Example("The machines of one size", "Get-AzVM | Where-Object { $_.HardwareProfile.VmSize -like '*_B*' }"),
        Example("The same kind of question, shorter", "Get-AzImage | Where-Object Location -eq westeurope"),
    ),
)

MODULE = Module((WHERE,))
