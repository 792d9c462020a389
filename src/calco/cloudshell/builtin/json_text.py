"""ConvertTo-Json and ConvertFrom-Json.

Source: Microsoft Learn, ConvertTo-Json, ConvertFrom-Json; PowerShell 7 writes two spaces for each level.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime

from calco.cloudshell.cmdlet import UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.faults import too_much
from calco.cloudshell.objects.moment import format_date, read_date
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import CUSTOM, Hashtable, Long, Names, Record, Value
from calco.model.document import Json

_LONGEST = 20_000_000
_MOST_VALUES = 1_000_000
"""Of one text: a table that holds itself twice has 2 to the depth of them."""
_TOO_DEEP = "it is nested too deeply"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")


def _to(call: Call) -> Iterator[Value]:
    items = list(call.input)
    given = call.number("Depth")
    depth = 2 if given is None else given
    value = items[0] if len(items) == 1 and not call.switch("AsArray") else items
    shape = _Shape(depth)
    made = shape.of(value, 0)
    if shape.cut:
        call.warn(f"Resulting JSON is truncated as serialization has exceeded the set depth of {depth}.")
    if call.switch("Compress"):
        yield json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    else:
        yield json.dumps(made, ensure_ascii=False, indent=2)


class _Shape:
    """Values as JSON; what is deeper than ``depth`` is text, and ``cut`` says that there was some."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._left = _MOST_VALUES
        self.cut = False

    def of(self, value: Value, level: int) -> Json:
        self._left -= 1
        if self._left < 0:
            raise too_much()
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, datetime):
            return format_date(value, "o")
        if not isinstance(value, list | Hashtable | Record):
            return to_text(value)
        if level > self._depth:
            self.cut = True
            return to_text(value)
        if isinstance(value, list):
            return [self.of(each, level + 1) for each in value]
        pairs = value.pairs() if isinstance(value, Hashtable) else value.members.items()
        return {to_text(name): self.of(each, level + 1) for name, each in pairs}


def _from(call: Call) -> Iterator[Value]:
    text = "\n".join(to_text(each) for each in call.input)
    if not text.strip():
        return
    if len(text) > _LONGEST:
        raise _refused(f"the text is longer than {_LONGEST} characters")
    try:
        read: Json = json.loads(text)
    except RecursionError as deep:
        raise _refused(_TOO_DEEP) from deep
    except ValueError as wrong:
        said = str(wrong) if isinstance(wrong, json.JSONDecodeError) else "a number in it has too many digits."
        raise _refused(said) from wrong
    made = _value(read, table=call.switch("AsHashtable"), level=0)
    if isinstance(made, list) and not call.switch("NoEnumerate"):
        yield from made
    else:
        yield made


def _value(read: Json, *, table: bool, level: int) -> Value:
    if level > 1024:  # Source: ConvertFrom-Json's own limit
        raise _refused(_TOO_DEEP)
    match read:
        case dict():
            pairs = [(name, _value(each, table=table, level=level + 1)) for name, each in read.items()]
            return Hashtable.of(dict(pairs), ordered=True) if table else Record(CUSTOM, Names(pairs))
        case list():
            return [_value(each, table=table, level=level + 1) for each in read]
        case str() if _MOMENT.fullmatch(read):
            return read_date(read) or read
        case int() if not isinstance(read, bool):
            return Long(read)
        case _:
            return read


def _refused(why: str) -> Terminating:
    return Terminating(
        Fault(
            f"Conversion from JSON failed with error: {why}",
            "System.ArgumentException,Microsoft.PowerShell.Commands.ConvertFromJsonCommand",
            "NotSpecified",
            "System.ArgumentException",
        )
    )


TO = cmdlet(
    "ConvertTo-Json",
    "Writes objects as JSON.",
    _to,
    plain("InputObject", "The objects; several make an array.", 0, Kind.ANY, from_pipeline=True),
    plain("Depth", "How deep; what is deeper is text. 2 if not given.", kind=Kind.INT, range=(0, 100)),
    switch("Compress", "On one line."),
    switch("AsArray", "An array even of one object."),
    switch("EnumsAsStrings", "Taken for compatibility: it is always so."),
    output="System.String",
    whole=True,
    examples={"An image with all its parts": "Get-AzImage -ResourceGroupName web | ConvertTo-Json -Depth 10"},
)
FROM = cmdlet(
    "ConvertFrom-Json",
    "Reads JSON.",
    _from,
    plain("InputObject", "The text; its lines may come one by one.", 0, Kind.ANYS, from_pipeline=True),
    switch("AsHashtable", "Tables instead of objects."),
    switch("NoEnumerate", "An array stays one object."),
    plain("Depth", "Taken for compatibility.", kind=Kind.INT),
    output=CUSTOM,
    whole=True,
    examples={"Read settings": '$settings = \'{"size": "Standard_B1s"}\' | ConvertFrom-Json'},
)

MODULE = Module(of(UTILITY, TO, FROM))
