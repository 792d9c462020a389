"""ConvertTo-Csv and ConvertFrom-Csv; and what needs files, which this shell has none of.

Source: Microsoft Learn, ConvertTo-Csv, ConvertFrom-Csv.
"""

import csv
import io
from collections.abc import Iterator

from calco.cloudshell.cmdlet import INPUT, MANAGEMENT, UTILITY, Call, Cmdlet, Kind, Module, Run
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.member import get, names_of
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import CUSTOM, Names, Record, Value

_DELIMITER = plain("Delimiter", "What stands between two values; a comma.", 1)


def _to(call: Call) -> Iterator[Value]:
    delimiter = call.text("Delimiter") or ","
    always = call.text("UseQuotes") != "AsNeeded"
    names: list[str] | None = None
    for item in call.input:
        if names is None:
            names = names_of(item)
            if not call.switch("NoHeader"):
                yield delimiter.join(_quoted(name, delimiter, always=always) for name in names)
        values = (get(item, name) for name in names)
        yield delimiter.join(
            "" if each is None else _quoted(to_text(each), delimiter, always=always) for each in values
        )


def _quoted(text: str, delimiter: str, *, always: bool) -> str:
    needed = always or any(sign in text for sign in (delimiter, '"', "\n", "\r"))
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if needed else text


def _from(call: Call) -> Iterator[Value]:
    delimiter = call.text("Delimiter") or ","
    if len(delimiter) != 1:
        raise Terminating(Fault("A delimiter is one character.", "CannotConvertArgumentNoMessage", "InvalidArgument"))
    lines = [line for each in call.input for line in to_text(each).splitlines(keepends=False)]
    kept = "\n".join(line for line in lines if not line.startswith("#TYPE"))
    rows = [row for row in csv.reader(io.StringIO(kept), delimiter=delimiter) if row]
    names = call.texts("Header") or (rows.pop(0) if rows else [])
    for row in rows:
        padded: list[str | None] = [*row, *[None] * (len(names) - len(row))]
        yield Record(CUSTOM, Names((name, value) for name, value in zip(names, padded, strict=False)))


def _refuse(instead: str) -> Run:
    def run(_: Call) -> list[Value]:
        raise Terminating(
            Fault(
                f"The Cloud Shell has no files. {instead}",
                "NotSupported",
                "NotImplemented",
                "System.NotSupportedException",
            )
        )

    return run


_SHOW = "Let the result be shown, and keep it with '>' in the shell that you ran calco in."
_PATH = plain("Path", "A file.", 0, Kind.ANY, aliases="FilePath LiteralPath")
_REST = plain("Value", "Taken so that the answer is about files.", 1, Kind.ANYS, rest=True)
_FLAGS = tuple(switch(each, "Taken likewise.") for each in ("NoTypeInformation", "Append", "Force", "Raw"))
_WORDS = tuple(plain(each, "Taken likewise.") for each in ("Encoding", "Delimiter", "PathType"))


def _without_files(name: str, instead: str, aliases: str = "") -> Cmdlet:
    return cmdlet(
        name,
        "Not here: the Cloud Shell has no files.",
        _refuse(instead),
        *(_PATH, _REST, *_FLAGS, *_WORDS, INPUT),
        aliases=aliases,
        whole=True,
        note=f"The Cloud Shell has no files. {instead}",
        examples={"What it says": f"{name} report.csv"},
    )


TO = cmdlet(
    "ConvertTo-Csv",
    "Writes objects as comma-separated values, one line each.",
    _to,
    INPUT,
    _DELIMITER,
    switch("NoTypeInformation", "Taken for compatibility: there is none.", aliases="NTI"),
    switch("NoHeader", "Without the names."),
    plain("UseQuotes", "Always if not given.", choices="Always AsNeeded"),
    output="System.String",
    whole=True,
    examples={"A report to copy": "Get-AzVM | Select-Object Name, Location | ConvertTo-Csv"},
)
FROM = cmdlet(
    "ConvertFrom-Csv",
    "Reads comma-separated values.",
    _from,
    plain("InputObject", "The lines; the first names the columns.", 0, Kind.ANYS, from_pipeline=True),
    _DELIMITER,
    plain("Header", "The names of the columns, when no line has them.", kind=Kind.STRINGS),
    output=CUSTOM,
    whole=True,
    examples={"Machines from a list": '$machines = "Name,Size`nweb1,Standard_B1s" | ConvertFrom-Csv'},
)

MODULE = Module(
    (
        *of(
            UTILITY,
            TO,
            FROM,
            _without_files("Export-Csv", f"Use ConvertTo-Csv. {_SHOW}", "epcsv"),
            _without_files("Import-Csv", "Use ConvertFrom-Csv on a text of the script.", "ipcsv"),
            _without_files("Out-File", _SHOW),
        ),
        *of(
            MANAGEMENT,
            _without_files("Set-Content", _SHOW, "sc"),
            _without_files("Add-Content", _SHOW, "ac"),
            _without_files("Get-Content", "Put the text into the script, between @' and '@.", "gc cat type"),
            _without_files("Test-Path", "There is nothing to look for."),
        ),
    )
)
