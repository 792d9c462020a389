"""Out-Null, Out-Host, Out-Default, Out-String and Tee-Object: where objects end.

Source: Microsoft Learn, Out-Null, Out-Host, Out-Default, Out-String, Tee-Object.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import CORE, INPUT, UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
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


NULL = cmdlet(
    "Out-Null",
    "Drops what comes.",
    _null,
    INPUT,
    whole=True,
    examples={"Set a disk without showing it": "Set-AzImageOsDisk -Image $config -OsType Linux | Out-Null"},
)
HOST = cmdlet(
    "Out-Host",
    "Shows objects at once, as they are shown at the end of a pipeline.",
    _host,
    INPUT,
    aliases="oh",
    whole=True,
    examples={"Show it now": "Get-AzVM | Out-Host"},
)
DEFAULT = cmdlet(
    "Out-Default",
    "Shows objects; it stands at the end of every pipeline by itself.",
    _host,
    INPUT,
    whole=True,
    examples={"What happens anyway": "Get-AzVM | Out-Default"},
)
STRING = cmdlet(
    "Out-String",
    "Gives what would be shown, as text.",
    _string,
    switch("Stream", "One text for each line."),
    plain("Width", "Characters of a line.", kind=Kind.INT),
    switch("NoNewline", "Without line breaks."),
    INPUT,
    output="System.String",
    aliases="oss",
    whole=True,
    examples={"A table as text": "$report = Get-AzVM | Format-Table Name, Location | Out-String"},
)
TEE = cmdlet(
    "Tee-Object",
    "Keeps what comes in a variable, and passes it on.",
    _tee,
    plain("Variable", "The variable's name.", 0, mandatory=True),
    INPUT,
    aliases="tee",
    whole=True,
    examples={"Keep the machines and count them": "Get-AzVM | Tee-Object -Variable machines | Measure-Object"},
)

MODULE = Module((*of(CORE, NULL, HOST, DEFAULT), *of(UTILITY, STRING, TEE)))
