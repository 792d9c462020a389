"""Get-Help says of every command what it does and how it is written; the catalogue lists each of them once."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import calco.cloudshell
from calco.cloudshell.binder.binding_faults import Faults
from calco.cloudshell.binder.bound import Bound, sets_of
from calco.cloudshell.binder.common import COMMON, PROFILE, parameters_of
from calco.cloudshell.builtin import get_help
from calco.cloudshell.builtin import help_text as pages
from calco.cloudshell.catalogue import AZ, BUILTIN, Listed, all_commands
from calco.cloudshell.cmdlet import Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.errors import Terminating
from tests.cloudshell.bare import Bare, call

COMMANDS = all_commands().all()
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
NEW = Cmdlet(
    "New-It",
    "Makes it.",
    lambda _: (),
    (
        Parameter("ImageName", Kind.STRING, "Its name.", ("One", "Two"), True, 1, ("Name",), from_name=True),
        Parameter("ResourceGroupName", Kind.STRING, "Its group.", ("One", "Two"), True, 0),
        Parameter("Os", Kind.STRING, "Its system.", ("One",), choices=("Linux", "Windows")),
        Parameter("Image", Kind.RECORD, "It.", ("Two",), mandatory=True, from_pipeline=True),
        Parameter("Zones", Kind.STRINGS, "Its zones.", position=2),
        Parameter("Force", Kind.SWITCH, "Do it."),
    ),
    default_set="One",
    confirms=True,
    examples=(Example("One of them", "New-It g x"),),
)


def test_a_line_for_each_parameter_set_says_how_it_is_written() -> None:
    assert pages.syntax(NEW) == [
        (
            "New-It [-ResourceGroupName] <String> [-ImageName] <String> [[-Zones] <String[]>] [-Os {Linux | Windows}] "
            "[-Force] [-DefaultProfile <Object>] [-WhatIf] [-Confirm] [<CommonParameters>]"
        ),
        (
            "New-It [-ResourceGroupName] <String> [-ImageName] <String> [[-Zones] <String[]>] -Image <Object> [-Force] "
            "[-DefaultProfile <Object>] [-WhatIf] [-Confirm] [<CommonParameters>]"
        ),
    ]


def test_a_parameter_says_all_there_is_to_know() -> None:
    assert pages.parameter(NEW.parameters[0]) == [
        "-ImageName <String>",
        "    Its name.",
        "",
        "    Required?                    true",
        "    Position?                    1",
        "    Default value",
        "    Accept pipeline input?       true (ByPropertyName)",
        "    Aliases                      Name",
        "    Accept wildcard characters?  false",
        "",
    ]


@pytest.fixture
def shell() -> Bare:
    return Bare(commands=Listed([Module((NEW, *get_help.MODULE.cmdlets))]))


@pytest.mark.parametrize(
    ("words", "there", "not_there"),
    [
        ("New-It", ["NAME\n    New-It", "SYNTAX\n    New-It [-R", "REMARKS"], ["PARAMETERS", "Example 1"]),
        ("new-it -Full", ["PARAMETERS\n    -ImageName", "Position?", "PS /> New-It g x"], []),
        ("New-It -Detailed", ["PARAMETERS\n    -ImageName"], ["Position?"]),
        ("New-It -Examples", ["Example 1: One of them"], ["SYNTAX"]),
        ("New-It -Parameter I*", ["-ImageName <String>", "-Image <Object>"], ["-Zones"]),
        ("New-It -Parameter DefaultProfile", ["-DefaultProfile <Object>", "AzContext"], ["-Image"]),
        ("", ["Get-Command"], []),
        ("it", ["NAME\n    New-It"], []),
    ],
)
def test_help_says_what_was_asked_for(words: str, there: list[str], not_there: list[str], shell: Bare) -> None:
    said = "\n".join(str(each) for each in call(get_help.COMMAND, words, shell))

    assert all(each in said for each in there), said
    assert not any(each in said for each in not_there)


def test_several_are_a_list_and_none_is_an_error(shell: Bare) -> None:
    assert len(call(get_help.COMMAND, "*e*", shell)) == 2
    assert call(get_help.COMMAND, "Nothing-Such", shell) == []
    assert shell.reported[0][0].message == "Get-Help could not find Nothing-Such in a help file in this session."


# --- every command there is ------------------------------------------------------------------------------------------


@pytest.mark.slow
@every_command
def test_every_command_says_what_help_needs(command: Cmdlet) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+-[A-Z][A-Za-z]+", command.name)
    assert command.synopsis.endswith(".")
    assert command.examples
    for parameter in command.parameters:
        assert parameter.help.endswith((".", "?")), parameter.name
    for part in ("", "Examples", "Detailed", "Full"):
        assert [
            line
            for line in pages.page(command, part)
            if len(line) > 140 and not any(sign in line for sign in ("PS />", "-----"))
        ] == []


@pytest.mark.slow
@every_command
def test_every_commands_parameters_can_be_told_apart(command: Cmdlet) -> None:
    names = [name.casefold() for each in parameters_of(command) for name in (each.name, *each.aliases)]

    assert not [name for name, times in Counter(names).items() if times > 1]
    assert not command.default_set or command.default_set in sets_of(command)
    for set in sets_of(command):
        members = [each for each in command.parameters if not each.sets or set in each.sets]
        places = [each.position for each in members if each.position is not None]
        assert len(places) == len(frozenset(places)), f"two parameters of {set} at one place"


@pytest.mark.slow
@every_command
def test_every_command_without_arguments_has_a_set_or_says_that_it_has_none(command: Cmdlet) -> None:
    bound = Bound(command, parameters_of(command), Faults(command.name, None))
    try:
        said = bound.settle()
    except Terminating as ended:
        said = ended.fault.id
    assert said in {*sets_of(command), f"AmbiguousParameterSet,{command.name}"}


def test_no_name_and_no_alias_means_two_commands() -> None:
    names = [name.casefold() for each in COMMANDS for name in (each.name, *each.aliases)]

    assert not [name for name, times in Counter(names).items() if times > 1]


@pytest.mark.parametrize(("folder", "listed"), [("builtin", BUILTIN), ("az", AZ)])
def test_every_file_of_cmdlets_is_in_the_catalogue(folder: str, listed: tuple[str, ...]) -> None:
    root = Path(next(iter(calco.cloudshell.__path__))) / folder
    there = {path.stem for path in root.glob("*.py") if re.search(r"^MODULE\b", path.read_text(), re.MULTILINE)}

    assert there == set(listed)


@pytest.mark.parametrize("alias", ["?", "%", "where", "foreach", "select", "sort", "ft", "fl", "echo", "cls", "gm"])
def test_powershells_short_names_are_there(alias: str) -> None:
    assert all_commands().find(alias.upper()) is not None


def test_common_parameters_are_those_of_every_command_and_a_context_is_for_those_of_az() -> None:
    named = {each.name for each in parameters_of(NEW)}

    assert {each.name for each in (*COMMON, *PROFILE)} <= named
    assert {each.name for each in parameters_of(replace(NEW, module="Other"))} == named - {"DefaultProfile"}
