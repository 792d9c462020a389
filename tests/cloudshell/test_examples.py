"""What help shows can be typed: every example parses, names commands that there are and parameters that they have."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from calco.cloudshell import syntax
from calco.cloudshell.binder import matching
from calco.cloudshell.binder.binding_faults import Faults
from calco.cloudshell.binder.common import parameters_of
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.cmdlet import Cmdlet
from calco.cloudshell.grammar.parse import parse

COMMANDS = all_commands()
EXAMPLES = [
    pytest.param(command, example.code, id=f"{command.name}-{number}")
    for command in COMMANDS.all()
    for number, example in enumerate(command.examples, 1)
]


def commands_in(node: object) -> Iterator[syntax.Command]:
    if isinstance(node, syntax.Command):
        yield node
    if isinstance(node, tuple):
        for each in node:
            yield from commands_in(each)
    elif is_dataclass(node):
        for each in fields(node):
            yield from commands_in(getattr(node, each.name))


@pytest.mark.parametrize(("command", "code"), EXAMPLES)
def test_an_example_can_be_typed(command: Cmdlet, code: str) -> None:
    called = []
    for one in commands_in(parse(code)):
        assert isinstance(one.name, syntax.Literal), code
        found = COMMANDS.find(str(one.name.value))
        assert found is not None, f"{one.name.value} in: {code}"
        called.append(found.name)
        for each in one.arguments:
            if isinstance(each, syntax.Named):
                matching.named(each.name, parameters_of(found), Faults(found.name, one.at))
    assert command.name in called, f"it does not show {command.name}: {code}"
