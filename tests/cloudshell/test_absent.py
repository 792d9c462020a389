"""What the shell says of commands that it has not: PowerShell's own words, and what to write in their place."""

import pytest

from calco.cloudshell.absent import instead
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.errors import not_recognized

_OWN = [
    "The term '{}' is not recognized as a name of a cmdlet, function, script file, or executable program.",
    "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("get-AzureRmVM", "AzureRM is now Az: try get-AzVM."),
        ("Get-AzVmssVM", "calco has no scale sets: make machines one by one, in a loop."),
        ("Get-AutomationVariable", "There is no Automation here: give the value as a parameter of the script."),
        ("SET-Item", "Nothing but variables can be set here: $env:NAME = 'value'."),
    ],
)
def test_a_command_that_is_known_to_be_absent_is_answered_with_what_to_write_in_its_place(name: str, says: str) -> None:
    assert not_recognized(name).fault.message.split("\n") == [_OWN[0].format(name), _OWN[1], says]


@pytest.mark.parametrize("name", ["Get-AzImages", "Set-Items", "vmss", "AzVmss", "Get-AzureRm", ""])
def test_a_misspelt_name_is_answered_as_powershell_does_and_with_no_guess(name: str) -> None:
    assert not_recognized(name).fault.message.split("\n") == [_OWN[0].format(name), _OWN[1]]
    assert not instead(name)


def test_no_command_that_is_there_is_called_absent() -> None:
    assert [each.name for each in all_commands().all() if instead(each.name)] == []
