"""Asks the person at the shell for mandatory parameters that were not given.

Source: PowerShell's own prompt ("Supply values for the following parameters").
"""

from collections.abc import Sequence

from calco.cloudshell.binder.bound import Bound
from calco.cloudshell.cmdlet import Kind, Parameter
from calco.cloudshell.host import Host, NobodyToAsk
from calco.cloudshell.screen.text_table import plain
from calco.cloudshell.values import CREDENTIAL, Record, SecureString, Value

ASKED = frozenset({Kind.STRING, Kind.STRINGS, Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DATE, Kind.SECURE, Kind.CREDENTIAL})
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
    prompt = f"{heading}{parameter.name}"
    if parameter.kind is Kind.CREDENTIAL:
        user = host.ask(f"{prompt}\nUser: ")
        password = SecureString(host.ask(f"Password for user {plain(user)}: ", secret=True))
        return Record.of(CREDENTIAL, {"UserName": user, "Password": password})
    if parameter.kind is Kind.SECURE:
        return SecureString(host.ask(f"{prompt}: ", secret=True))
    if parameter.kind is not Kind.STRINGS:
        return host.ask(f"{prompt}: ")
    said: list[Value] = []
    while answer := host.ask(f"{prompt}[{len(said)}]: "):
        said.append(answer)
        prompt = parameter.name
    return said
