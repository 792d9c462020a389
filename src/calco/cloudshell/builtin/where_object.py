"""Where-Object: the objects for which a block, or a comparison of one member, is true.

Source: Microsoft Learn, Where-Object.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import CORE, INPUT, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
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


WHERE = cmdlet(
    "Where-Object",
    "Passes on the objects that fit a condition.",
    _where,
    plain(
        "FilterScript",
        "True for what is passed on; $_ is the object.",
        0,
        Kind.SCRIPT,
        mandatory=True,
        sets="ScriptBlockSet",
    ),
    plain("Property", "The member that is compared.", 0, mandatory=True, sets="PropertySet"),
    plain("Value", "What it is compared with.", 1, Kind.ANY, sets="PropertySet"),
    switch("Not", "Whether the member is false, empty or absent.", "PropertySet"),
    *(switch(each, f"Compare as -{each.lower()} does.", "PropertySet") for each in COMPARISONS),
    INPUT,
    default_set="ScriptBlockSet",
    aliases="where ?",
    whole=True,
    examples={
        "The machines of one size": "Get-AzVM | Where-Object { $_.HardwareProfile.VmSize -like '*_B*' }",
        "The same kind of question, shorter": "Get-AzImage | Where-Object Location -eq westeurope",
    },
)

MODULE = Module(of(CORE, WHERE))
