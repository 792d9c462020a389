"""Asks the person at the shell for mandatory parameters that were not given.

Source: PowerShell's own prompt ("Supply values for the following parameters").
"""

from collections.abc import Sequence

from calco.cloudshell.bound import Bound
from calco.cloudshell.cmdlet import Kind, Parameter
from calco.cloudshell.host import Host, NobodyToAsk
from calco.cloudshell.values import Value

ASKED = frozenset({Kind.STRING, Kind.STRINGS, Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DATE, Kind.SECURE})
"""What a person can type."""


def fill_in(bound: Bound, missing: Sequence[Parameter], host: Host) -> None:
    """Raises Terminating: "one or more missing mandatory parameters" when there is no one to ask."""
    lacking = bound.faults.missing(each.name for each in missing)
    if any(each.kind not in ASKED for each in missing):
        raise lacking
    heading = (
        f"cmdlet {bound.command.name} at command pipeline position 1\nSupply values for the following parameters:\n"
    )
    for parameter in missing:
        try:
            answer = _answer(parameter, heading, host)
        except NobodyToAsk as nobody:
            raise lacking from nobody
        heading = ""
        bound.take(parameter, answer)


def _answer(parameter: Parameter, heading: str, host: Host) -> Value:
    if parameter.kind is not Kind.STRINGS:
        return host.ask(f"{heading}{parameter.name}: ", secret=parameter.kind is Kind.SECURE)
    said: list[Value] = []
    while answer := host.ask(f"{heading}{parameter.name}[{len(said)}]: "):
        said.append(answer)
        heading = ""
    return said
