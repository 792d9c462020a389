"""ForEach-Object: does something for each object, or takes one member of each.

Source: Microsoft Learn, ForEach-Object.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import CORE, INPUT, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain
from calco.cloudshell.errors import Terminating
from calco.cloudshell.objects import method
from calco.cloudshell.objects.member import get, names_of
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import ScriptBlock, Value


def _for_each(call: Call) -> Iterator[Value]:
    if call.given("MemberName"):
        yield from _members(call)
        return
    begin, process, end = _blocks(call)
    yield from _run(call, begin)
    for item in call.input:
        for block in process:
            yield from call.shell.invoke(block, item=item)
    yield from _run(call, end)


def _blocks(call: Call) -> tuple[list[ScriptBlock], list[ScriptBlock], list[ScriptBlock]]:
    """Begin, process, end. Several blocks by position are meant so: the first, those between, the last."""
    begin, end = _given(call, "Begin"), _given(call, "End")
    process = _given(call, "Process")
    if len(process) > 1 and not begin:
        begin, process = process[:1], process[1:]
    if len(process) > 1 and not end:
        process, end = process[:-1], process[-1:]
    return begin, process, end


def _given(call: Call, name: str) -> list[ScriptBlock]:
    value = call.value(name)
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ScriptBlock)]


def _run(call: Call, blocks: list[ScriptBlock]) -> Iterator[Value]:
    for block in blocks:
        yield from call.shell.invoke(block)


def _members(call: Call) -> Iterator[Value]:
    """A member's value; what is no member is a method's name."""
    wanted, arguments = call.text("MemberName"), call.value("ArgumentList")
    given = arguments if isinstance(arguments, list) else []
    for item in call.input:
        known = {each.casefold() for each in names_of(item)} | {"count", "length"}
        called = bool(given) or wanted.casefold() not in known
        found = _called(call, item, wanted, given) if called else get(item, wanted)
        yield from found if isinstance(found, list) else [found]


def _called(call: Call, item: Value, wanted: str, given: list[Value]) -> Value:
    """What the method gives; null when there is no such method either."""
    try:
        return method.call(item, wanted, given, _invoker(call), Place(1, 1))
    except Terminating as ended:
        if ended.fault.id == "MethodNotFound" and not given:
            return get(item, wanted)
        raise


def _invoker(call: Call) -> method.Invoke:
    return lambda block, item, arguments: call.shell.invoke(block, item=item, arguments=arguments)


FOR_EACH = cmdlet(
    "ForEach-Object",
    "Does something for each object that comes.",
    _for_each,
    plain(
        "Process", "What is done; $_ is the object.", 0, Kind.SCRIPT, mandatory=True, sets="ScriptBlockSet", rest=True
    ),
    plain("Begin", "What is done before the first.", kind=Kind.SCRIPT, sets="ScriptBlockSet"),
    plain("End", "What is done after the last.", kind=Kind.SCRIPT, sets="ScriptBlockSet"),
    plain("MemberName", "The member to take of each.", 0, mandatory=True, sets="PropertyAndMethodSet"),
    plain(
        "ArgumentList",
        "What the method is given.",
        kind=Kind.ANYS,
        sets="PropertyAndMethodSet",
        aliases="Args",
        rest=True,
    ),
    INPUT,
    default_set="ScriptBlockSet",
    aliases="foreach %",
    whole=True,
    examples={
        "Start every machine of a group": "Get-AzVM -ResourceGroupName web | ForEach-Object { $_ | Start-AzVM }",
        "Only the names": "Get-AzVM | ForEach-Object Name",
    },
)

MODULE = Module(of(CORE, FOR_EACH))
