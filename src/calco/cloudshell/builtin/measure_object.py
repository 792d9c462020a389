"""Measure-Object: how many, and what they come to.

Source: Microsoft Learn, Measure-Object.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cmp_to_key

from calco.cloudshell.cmdlet import INPUT, UTILITY, Call, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects import compare, convert
from calco.cloudshell.objects.properties import expanded, read, value_of
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import Record, Value

MEASURE = "Microsoft.PowerShell.Commands.GenericMeasureInfo"
TEXT_MEASURE = "Microsoft.PowerShell.Commands.TextMeasureInfo"
_NUMBERS = ("Average", "Sum", "Maximum", "Minimum", "StandardDeviation")


def _measure(call: Call) -> Iterator[Value]:
    items = [item for item in call.input if item is not None]
    wanted = read(call.value("Property"))
    if any(call.switch(each) for each in ("Line", "Word", "Character")):
        yield _texts(call, items)
        return
    if not wanted:
        yield _numbers(call, items, None, len(items))
        return
    for label in dict.fromkeys(one.label for item in items for one in expanded(wanted, item)):
        found = [
            value_of(each, item, call.shell) for item in items for each in expanded(wanted, item) if each.label == label
        ]
        held = [each for each in found if each is not None]
        if held:
            yield _numbers(call, held, label, len(held))
        else:
            call.error(
                Fault(
                    f'The property "{label}" cannot be found in the input for any objects.',
                    "GenericMeasurePropertyNotFound",
                    "InvalidArgument",
                )
            )


def _numbers(call: Call, values: Sequence[Value], label: str | None, count: int) -> Record:
    wanted = {each: call.switch(each) or call.switch("AllStats") for each in _NUMBERS}
    made: dict[str, Value] = {"Count": count, **dict.fromkeys(_NUMBERS)}
    numbers = _as_numbers(call, values) if wanted["Average"] or wanted["Sum"] or wanted["StandardDeviation"] else []
    if numbers:
        total = math.fsum(numbers)
        average = total / len(numbers)
        made["Sum"] = total if wanted["Sum"] else None
        made["Average"] = average if wanted["Average"] else None
        spread = math.fsum((each - average) ** 2 for each in numbers) / max(1, len(numbers) - 1)
        made["StandardDeviation"] = math.sqrt(spread) if wanted["StandardDeviation"] else None
    ordered = sorted(values, key=cmp_to_key(compare.order)) if wanted["Maximum"] or wanted["Minimum"] else []
    if ordered:
        made["Maximum"] = ordered[-1] if wanted["Maximum"] else None
        made["Minimum"] = ordered[0] if wanted["Minimum"] else None
    return Record.of(MEASURE, {**made, "Property": label})


def _as_numbers(call: Call, values: Sequence[Value]) -> list[float]:
    numbers: list[float] = []
    for each in values:
        try:
            numbers.append(float(convert.to_number(each)))
        except (Terminating, OverflowError):
            call.error(Fault(f'Input object "{to_text(each)}" is not numeric.', "NonNumericInputObject", "InvalidType"))
    return numbers


def _texts(call: Call, items: Sequence[Value]) -> Record:
    shown = [to_text(each) for each in items]
    counts: dict[str, Value] = {
        "Lines": sum(each.count("\n") + 1 for each in shown) if call.switch("Line") else None,
        "Words": sum(len(each.split()) for each in shown) if call.switch("Word") else None,
        "Characters": sum(map(len, shown)) if call.switch("Character") else None,
    }
    return Record.of(TEXT_MEASURE, {**counts, "Property": None})


CMDLET = cmdlet(
    "Measure-Object",
    "Counts objects, and adds up, averages and compares what they hold.",
    _measure,
    plain("Property", "The members to measure.", 0, Kind.ANYS),
    *(switch(each, f"Work out {each}.") for each in _NUMBERS),
    switch("AllStats", "Work out all of them."),
    switch("Line", "Count lines."),
    switch("Word", "Count words."),
    switch("Character", "Count characters."),
    INPUT,
    output=MEASURE,
    aliases="measure",
    whole=True,
    examples={"How much all disks hold": "Get-AzDisk | Measure-Object DiskSizeGB -Sum"},
)

MODULE = Module(
    of(UTILITY, CMDLET),
    (
        View(MEASURE, columns(f"Count {' '.join(_NUMBERS)} Property")),
        View(TEXT_MEASURE, columns("Lines Words Characters Property"), table=True),
    ),
)
