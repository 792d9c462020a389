"""Out-Null, Out-Host, Out-Default, Out-String and Tee-Object: where objects end.

Source: Microsoft Learn, Out-Null, Out-Host, Out-Default, Out-String, Tee-Object.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import CORE, INPUT, UTILITY, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.screen.show import print_all, text_lines
from calco.cloudshell.values import Value


def _null(call: Call) -> list[Value]:
    for _ in call.input:
        pass
    return []


def _host(call: Call) -> list[Value]:
    print_all(call.input, call.shell.commands, call.shell.host, call.shell.clock.monotonic)
    return []


def _string(call: Call) -> Iterator[Value]:
    width = call.number("Width") or call.shell.host.width
    lines = text_lines(call.input, call.shell.commands, max(2, width))
    if call.switch("Stream"):
        yield from lines
    elif call.switch("NoNewline"):
        yield "".join(lines)
    else:
        yield "".join(f"{line}\n" for line in lines)


def _tee(call: Call) -> Iterator[Value]:
    kept: list[Value] = []
    for item in call.input:
        kept.append(item)
        yield item
    call.shell.set_variable(call.text("Variable"), kept[0] if len(kept) == 1 else list(kept))


NULL = Cmdlet(
    "Out-Null",
    "Drops what comes.",
    _null,
    parameters=(INPUT,),
    module=CORE,
    whole=True,
    examples=(Example("Set a disk without showing it", "Set-AzImageOsDisk -Image $config -OsType Linux | Out-Null"),),
)
HOST = Cmdlet(
    "Out-Host",
    "Shows objects at once, as they are shown at the end of a pipeline.",
    _host,
    parameters=(INPUT,),
    aliases=("oh",),
    module=CORE,
    whole=True,
    examples=(Example("Show it now", "Get-AzVM | Out-Host"),),
)
DEFAULT = Cmdlet(
    "Out-Default",
    "Shows objects; it stands at the end of every pipeline by itself.",
    _host,
    parameters=(INPUT,),
    module=CORE,
    whole=True,
    examples=(Example("What happens anyway", "Get-AzVM | Out-Default"),),
)
STRING = Cmdlet(
    "Out-String",
    "Gives what would be shown, as text.",
    _string,
    parameters=(
        Parameter("Stream", Kind.SWITCH, "One text for each line."),
        Parameter("Width", Kind.INT, "Characters of a line."),
        Parameter("NoNewline", Kind.SWITCH, "Without line breaks."),
        INPUT,
    ),
    aliases=("oss",),
    module=UTILITY,
    whole=True,
    output="System.String",
    examples=(Example("A table as text", "$report = Get-AzVM | Format-Table Name, Location | Out-String"),),
)
TEE = Cmdlet(
    "Tee-Object",
    "Keeps what comes in a variable, and passes it on.",
    _tee,
    parameters=(Parameter("Variable", help="The variable's name.", mandatory=True, position=0), INPUT),
    aliases=("tee",),
    module=UTILITY,
    whole=True,
    examples=(
        Example("Keep the machines and count them", "Get-AzVM | Tee-Object -Variable machines | Measure-Object"),
    ),
)

MODULE = Module((NULL, HOST, DEFAULT, STRING, TEE))
