"""What the Tab key offers."""

import pytest

from calco.cloudshell import session
from calco.cloudshell.completion import KEPT_SECONDS, ResourceNames, completions, quoted
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.session import Session
from tests.cloudshell.world import SUBSCRIPTION, Counting, FakeApi, Recorder, StillClock

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1"


@pytest.fixture
def shell(host: Recorder, clock: StillClock, chance: Counting, api: FakeApi) -> Session:
    for path in ("virtualMachines/web1", "virtualMachines/web2", "virtualMachines/db 'old'"):
        api.when("LIST", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines", {})
        api.put(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/{path}", {})
    api.answers.clear()
    return session.begun(host, clock=clock, chance=chance, api=lambda: api, environment={}, sleep=clock.sleep)


@pytest.fixture
def names(api: FakeApi, clock: StillClock) -> ResourceNames:
    return ResourceNames(lambda: api, clock.monotonic)


def offered(text: str, shell: Session, names: ResourceNames) -> list[str]:
    """What could stand where "|" is, each as the whole line it makes."""
    cursor = text.index("¦") if "¦" in text else len(text)
    line = text.replace("¦", "")
    found = completions(line, cursor, shell.interpreter.shell, names)
    return [line[:start] + each + line[cursor:] for each, start, _description in found]


def test_a_command_is_offered_by_how_it_begins(shell: Session, names: ResourceNames) -> None:
    found = offered("get-azima", shell, names)

    assert "Get-AzImage" in found
    assert all(each.lower().startswith("get-azima") for each in found)


@pytest.mark.parametrize("before", ["$x = ", "foo | ", "if (1) { ", "(", "1; ", "foo\n", "& "])
def test_a_command_is_offered_wherever_one_may_stand(before: str, shell: Session, names: ResourceNames) -> None:
    assert f"{before}Get-AzImage" in offered(f"{before}get-azima", shell, names)


def test_parameters_are_those_declared_and_those_of_every_cmdlet_without_what_is_there(
    shell: Session, names: ResourceNames
) -> None:
    found = offered("Get-AzVM -Name web1 -", shell, names)

    assert "Get-AzVM -Name web1 -ResourceGroupName" in found
    assert "Get-AzVM -Name web1 -ErrorAction" in found
    assert "Get-AzVM -Name web1 -Name" not in found


def test_a_functions_own_parameter_is_offered_once(shell: Session, names: ResourceNames) -> None:
    shell.run("function F([switch]$Verbose) { }")

    assert offered("F -Verb", shell, names) == ["F -Verbose"]


def test_a_parameter_of_a_command_in_the_middle_of_a_line_is_offered(shell: Session, names: ResourceNames) -> None:
    found = offered("$vm = Get-AzVM -Stat¦ | Format-List", shell, names)

    assert found == ["$vm = Get-AzVM -Status | Format-List"]


def test_words_that_a_parameter_takes_are_offered(shell: Session, names: ResourceNames) -> None:
    found = offered("Get-AzVM -ErrorAction S", shell, names)

    assert found == ["Get-AzVM -ErrorAction SilentlyContinue", "Get-AzVM -ErrorAction Stop"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Get-AzVM -Name w", ["Get-AzVM -Name web1", "Get-AzVM -Name web2"]),
        ("Get-AzVM -ResourceGroupName rg1 -Name web2", ["Get-AzVM -ResourceGroupName rg1 -Name web2"]),
        ("Get-AzVM -Name d", ["Get-AzVM -Name 'db ''old'''"]),
        ('Get-AzVM -Name "d', ["Get-AzVM -Name \"db 'old'\""]),
        ("Stop-AzVM rg1 web1 -Name w", ["Stop-AzVM rg1 web1 -Name web1", "Stop-AzVM rg1 web1 -Name web2"]),
        ("Stop-AzVM rg1 w", ["Stop-AzVM rg1 web1", "Stop-AzVM rg1 web2"]),
        ("Get-AzVM -Status w", []),
    ],
)
def test_names_of_resources_are_offered_where_a_parameter_takes_one(
    text: str, found: list[str], shell: Session, names: ResourceNames
) -> None:
    assert offered(text, shell, names) == found


def test_names_are_asked_for_once_in_a_few_seconds(
    shell: Session, names: ResourceNames, api: FakeApi, clock: StillClock
) -> None:
    offered("Get-AzVM -Name ", shell, names)
    offered("Get-AzVM -Name w", shell, names)
    assert len(api.asked) == 1

    clock.sleep(KEPT_SECONDS + 1)
    offered("Get-AzVM -Name we", shell, names)

    assert len(api.asked) == 2


def test_where_nobody_is_signed_in_no_names_are_offered_and_nothing_fails(shell: Session, clock: StillClock) -> None:
    def nobody() -> FakeApi:
        raise Terminating(Fault("Run Connect-AzAccount to login."))

    assert offered("Get-AzVM -Name ", shell, ResourceNames(nobody, clock.monotonic)) == []


def test_variables_and_their_properties_are_offered(shell: Session, names: ResourceNames) -> None:
    shell.run("$machine = [pscustomobject]@{ Name = 'a'; Disk = @{ Size = 3; Sku = 'x' } }; $list = @($machine)")

    assert offered("$mach", shell, names) == ["$machine"]
    assert offered('"a $mach', shell, names) == ['"a $machine']
    assert offered("Foo @mach", shell, names) == ["Foo @machine"]
    assert offered("$machine.n", shell, names) == ["$machine.Name"]
    assert offered("$machine.Disk.S", shell, names) == ["$machine.Disk.Size", "$machine.Disk.Sku"]
    assert offered("$list.n", shell, names) == ["$list.Name"]
    assert offered("$nothing.n", shell, names) == []


@pytest.mark.parametrize("text", ["# get-azv", "'$mach", "@'\nget-az", "Get-Nothing -", "Get-Nothing x"])
def test_in_comments_and_strings_and_after_what_nobody_knows_nothing_is_offered(
    text: str, shell: Session, names: ResourceNames
) -> None:
    shell.run("$machine = 1")

    assert offered(text, shell, names) == []


@pytest.mark.parametrize(
    ("word", "quote", "written"),
    [("web1", "", "web1"), ("a b", "", "'a b'"), ("it's", "'", "'it''s'"), ('$a"b', '"', '"`$a`"b"'), ("", "", "''")],
)
def test_a_name_is_written_so_that_it_is_read_as_it_is(word: str, quote: str, written: str) -> None:
    assert quoted(word, quote) == written
