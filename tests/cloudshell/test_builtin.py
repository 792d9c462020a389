"""The cmdlets that know no Azure do what PowerShell's do: scripts, and what the screen shows of them."""

from dataclasses import dataclass

import pytest

from calco.cloudshell.binder.jobs import Background
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.errors import Terminating
from calco.cloudshell.evaluator.evaluate import Interpreter
from calco.cloudshell.grammar.parse import parse
from calco.cloudshell.screen.show import print_all
from tests.cloudshell.world import Counting, FakeApi, Recorder, StillClock

COMMANDS = all_commands()
MACHINES = """
$vms = @(
    [pscustomobject]@{ Name = 'web1'; Size = 2; Location = 'westeurope' }
    [pscustomobject]@{ Name = 'db1'; Size = 16; Location = 'eastus' }
    [pscustomobject]@{ Name = 'web2'; Size = 4; Location = 'westeurope' }
)
"""


@dataclass
class Told:
    text: str
    errors: list[str]
    host: Recorder
    clock: StillClock


def run(source: str, *answers: str) -> Told:
    host, clock = Recorder(width=100, answers=list(answers)), StillClock()
    session = Interpreter(
        host,
        clock=clock,
        chance=Counting(),
        commands=COMMANDS,
        jobs=Background(clock),
        api=FakeApi,
        environment={},
        sleep=clock.sleep,
    )
    try:
        print_all(session.run(parse(source)), COMMANDS, host)
    except Terminating as ended:
        return Told(host.text, [*host.messages, ended.fault.message], host, clock)
    return Told(host.text, host.messages, host, clock)


def lines(*each: str) -> str:
    return "".join(f"{line}\n" for line in each)


WHERE = [
    ("1..5 | Where-Object { $_ -gt 3 }", lines("4", "5")),
    ("1..5 | ? { $_ -gt 3 }", lines("4", "5")),
    ("$vms | Where-Object Size -gt 3 | % Name", lines("db1", "web2")),
    ("$vms | where Name -like web* | % Name", lines("web1", "web2")),
    ("$vms | where -Property Location -EQ -Value EASTUS | % Name", lines("db1")),
    ("$vms | where Location -CEQ EASTUS | % Name", ""),
    ("$vms | where Size -in 2, 4 | % Name", lines("web1", "web2")),
    ("$vms | where Name -match '^w.*2$' | % Name", lines("web2")),
    ("'a', '', $null, 'b' | Where-Object { $_ }", lines("a", "b")),
    ("@{a=1}, @{b=2} | where a | % a", lines("1")),
    ("$null | Where-Object { $true } | Measure-Object | % Count", lines("0")),
]
FOR_EACH = [
    ("1..3 | ForEach-Object { $_ * 2 }", lines("2", "4", "6")),
    ("1..3 | % -Begin { $sum = 0 } -Process { $sum += $_ } -End { $sum }", lines("6")),
    ("1..2 | % { 'begin' } { $_ } { 'end' }", lines("begin", "1", "2", "end")),
    ("'a', 'b' | % ToUpper", lines("A", "B")),
    ("'a-b' | % Replace '-' '_'", lines("a_b")),
    ("'web' | % Length", lines("3")),
    ("$vms | foreach Name", lines("web1", "db1", "web2")),
    ('$(1; 2) | % { "<$_>" }', lines("<1>", "<2>")),
]
SELECT = [
    ("1..10 | Select-Object -First 2", lines("1", "2")),
    ("1..10 | Select-Object -Last 2", lines("9", "10")),
    ("1..10 | select -Skip 8", lines("9", "10")),
    ("1..10 | select -First 1 -Last 1", lines("1", "10")),
    ("1..10 | select -SkipLast 8", lines("1", "2")),
    ("1..10 | select -Index 0, 9", lines("1", "10")),
    ("3, 1, 3, 1 | select -Unique", lines("3", "1")),
    ("$vms | select -ExpandProperty Name -First 1", lines("web1")),
    ("$vms | select Name -First 1", "\nName\n----\nweb1\n\n"),
    ("$vms | select * -ExcludeProperty Location -First 1", "\nName Size\n---- ----\nweb1    2\n\n"),
    ("$vms | select @{n='Twice'; e={ $_.Size * 2 }} -First 1", "\nTwice\n-----\n    4\n\n"),
    ("$x = $vms | select @{n='X'; e={ $_.Nope.Split('/')[-1] }} -First 1; $null -eq $x.X", lines("True")),
    ("$ErrorActionPreference = 'Stop'; $vms | sort { throw 'no' } | % Name; 'on'", lines("web1", "db1", "web2", "on")),
    ("$vms | select Name, Nope -First 1", "\nName Nope\n---- ----\nweb1\n\n"),
    ("$made = 0; 1..100 | % { $made++; $_ } | select -First 3 | Out-Null; $made", lines("3")),
    ("1 | select -First 0", ""),
]
SORT = [
    ("3, 1, 2 | Sort-Object", lines("1", "2", "3")),
    ("'b', 'A', 'c' | sort -Descending", lines("c", "b", "A")),
    ("3, 1, 3 | sort -Unique", lines("1", "3")),
    ("$vms | sort Size -Descending | % Name", lines("db1", "web2", "web1")),
    ("$vms | sort Location, @{e='Size'; Descending=$true} | % Name", lines("db1", "web2", "web1")),
    ("$vms | sort { $_.Name.Length }, Name | % Name", lines("db1", "web1", "web2")),
    ("5, 3, 9 | sort -Top 2", lines("3", "5")),
    ("5, 3, 9 | sort -Bottom 1", lines("9")),
]
GROUP = [
    (
        "$vms | Group-Object Location",
        (
            "\nCount Name                      Group\n----- ----                      -----\n"
            "    1 eastus                    {@{Name=db1; Size=16; Location=eastus}}\n"
            "    2 westeurope                {@{Name=web1; Size=2; Location=westeurope}, @{Name=web2; Size=4; Lo…\n\n"
        ),
    ),
    ("($vms | group Location -AsHashTable)['westeurope'].Count", lines("2")),
    ("($vms | group Location | where Count -gt 1).Group.Name", lines("web1", "web2")),
    ('1, 2, 1 | group -NoElement | % { "$($_.Name)=$($_.Count)" }', lines("1=2", "2=1")),
]
MEASURE = [
    ("(1..4 | Measure-Object).Count", lines("4")),
    (
        "(1..4 | measure -Sum -Average -Maximum -Minimum | % { $_.Sum, $_.Average, $_.Maximum, $_.Minimum })",
        lines("10", "2.5", "4", "1"),
    ),
    ("($vms | measure Size -Sum).Sum", lines("22")),
    ("@() | measure | % Count", lines("0")),
    (
        "('one two', 'three' | measure -Word -Line -Character | % { $_.Words, $_.Lines, $_.Characters })",
        lines("3", "2", "12"),
    ),
]
FORMAT = [
    ("$vms | Format-Table Name, Size", "\nName Size\n---- ----\nweb1    2\ndb1    16\nweb2    4\n\n"),
    ("$vms | ft Name -HideTableHeaders", "\nweb1\ndb1\nweb2\n\n"),
    ("$vms | select -First 1 | fl", "\nName     : web1\nSize     : 2\nLocation : westeurope\n\n"),
    ("$vms | select -First 1 | fl N*, S*", "\nName : web1\nSize : 2\n\n"),
    (
        "$vms | sort Location | ft Name -GroupBy Location",
        "\n   Location: eastus\n\nName\n----\ndb1\n\n\n   Location: westeurope\n\nName\n----\nweb1\nweb2\n\n",
    ),
    ("$vms | ft @{n='MB'; e={ $_.Size * 1024 }; f='N0'}", "\n    MB\n    --\n 2,048\n16,384\n 4,096\n\n"),
    ("$vms | ft @{l='N'; e='Name'; w=3; a='right'}", "\n  N\n  -\n…b1\ndb1\n…b2\n\n"),
    ("$vms | fw Name -Column 2", "\nweb1" + " " * 46 + "db1\nweb2\n\n"),
    ("'text' | ft", lines("text")),
    ("@{ a = 1 } | fl", "\nName  : a\nValue : 1\n\n"),
    ('($vms | ft Name | Out-String) -split "`n" | select -First 2 -Skip 1', lines("Name", "----")),
]
OUT = [
    ("1 | Out-Null; 'x' | Out-Host", lines("x")),
    ("'x' | Out-Default", lines("x")),
    ("('a', 'b' | Out-String).Length", lines("4")),
    ("('a', 'b' | Out-String -Stream).Count", lines("2")),
    ("1, 2 | Tee-Object -Variable kept | Out-Null; $kept.Count", lines("2")),
]
WRITE = [
    ("Write-Output 1, 2 3", lines("1", "2", "3")),
    ("echo hi", lines("hi")),
    ("Write-Host a b 1", lines("a b 1")),
    ("Write-Host 'a' -NoNewline; Write-Host 'b'", lines("ab")),
    ("Write-Host 1, 2 -Separator ', '", lines("1, 2")),
    ("'a', 'b' | Write-Host", lines("a", "b")),
    ("Write-Host", "\n"),
    ("@() | Write-Host", ""),
    ("Write-Information 'quiet'; Write-Information 'loud' -InformationAction Continue", lines("loud")),
    ("$x = Write-Host 'past'; $null -eq $x", lines("past", "True")),
]
JSON = [
    ("@{ a = 1 } | ConvertTo-Json", lines("{", '  "a": 1', "}")),
    ("@{ a = @(1, 'x', $null, $true) } | ConvertTo-Json -Compress", lines('{"a":[1,"x",null,true]}')),
    ("1, 2 | ConvertTo-Json -Compress", lines("[1,2]")),
    ("1 | ConvertTo-Json -AsArray -Compress", lines("[1]")),
    ("@() | ConvertTo-Json", lines("[]")),
    ('(\'{"a": {"b": [1, 2]}}\' | ConvertFrom-Json).a.b[1]', lines("2")),
    ("('{\"a\": 1}' | ConvertFrom-Json -AsHashtable)['a']", lines("1")),
    ("'[1, 2]' | ConvertFrom-Json | Measure-Object | % Count", lines("2")),
    ('(\'{"at": "2026-11-23T10:00:00Z"}\' | ConvertFrom-Json).at.Year', lines("2026")),
    ("'{', '\"a\": 1}' | ConvertFrom-Json | % a", lines("1")),
    ("[pscustomobject]@{ n = 'é' } | ConvertTo-Json -Compress", lines('{"n":"é"}')),
]
CSV = [
    ("$vms | select Name, Size -First 1 | ConvertTo-Csv", lines('"Name","Size"', '"web1","2"')),
    ("[pscustomobject]@{ a = 'x\"y' } | ConvertTo-Csv -NoHeader", lines('"x""y"')),
    ('"Name,Size`nweb1,2" | ConvertFrom-Csv | % { $_.Name + $_.Size }', lines("web12")),
    ("'a;b' | ConvertFrom-Csv -Delimiter ';' -Header One, Two | % Two", lines("b")),
]
TIME = [
    ("Get-Date -Format 'yyyy-MM-dd HH:mm'", lines("2026-11-23 12:00")),
    ("'FileDate', 'filedatetime' | % { Get-Date -Format $_ }", lines("20261123", "20261123T1200000000")),
    (
        "Get-Date -Format FileDateUniversal; Get-Date -F FileDateTimeUniversal",
        lines("20261123Z", "20261123T1200000000Z"),
    ),
    ("(Get-Date -Year 2025).Year", lines("2025")),
    (
        "Get-Date '2026-11-23 15:04:05' -UFormat 'on %Y-%m-%d %H:%M:%S, day %j, %s, %p %% %q'",
        lines("on 2026-11-23 15:04:05, day 327, 1795446245, PM % q"),
    ),
    (
        "Get-Date '2027-01-03 05:04' -UFormat '+%C|%e|%g|%G|%k|%l|%u|%V|%w'",
        lines("20| 3|26|2026| 5| 5|7|53|0"),
    ),
    (
        "@{ b = 2 }.GetEnumerator()",
        lines("", f"{'Name':<30} Value", f"{'----':<30} -----", f"{'b':<30} 2", ""),
    ),
    ("(Get-Date '2026-01-02').DayOfYear", lines("2")),
    ("Start-Sleep 5; Start-Sleep -Milliseconds 500; Get-Date -Format ss.f", lines("05.5")),
    ("(New-TimeSpan -Hours 2 -Minutes 30).TotalHours", lines("2.5")),
    ("(New-TimeSpan -End '2026-11-24').TotalHours", lines("12")),
]
OBJECTS = [
    ("(New-Object PSObject -Property @{ A = 1 }).A", lines("1")),
    ("$list = New-Object System.Collections.ArrayList; $list.Add('x') | Out-Null; $list.Count", lines("1")),
    ("$list = New-Object 'System.Collections.Generic.List[string]'; $list.Add('x'); $list.Count", lines("1")),
    (
        (
            "$secret = ConvertTo-SecureString 'hush' -AsPlainText -Force; "
            "(New-Object System.Management.Automation.PSCredential ('ada', $secret)).UserName"
        ),
        lines("ada"),
    ),
    ("ConvertTo-SecureString 'hush' -AsPlainText | ConvertFrom-SecureString -AsPlainText", lines("hush")),
    ("$o = [pscustomobject]@{ A = 1 }; $o | Add-Member B 2; $o.B", lines("2")),
    (
        "[pscustomobject]@{ A = 1 } | Get-Member A",
        (
            "\n   TypeName: System.Management.Automation.PSCustomObject\n\n"
            "Name MemberType   Definition\n---- ----------   ----------\nA    NoteProperty int A=1\n\n"
        ),
    ),
    ("'x' | gm -MemberType Property | % Name", lines("Length")),
    ("Get-Random -Minimum 5 -Maximum 6", lines("5")),
    ("(1..3 | Get-Random -Count 2).Count", lines("2")),
    ("(New-Guid).Length", lines("36")),
    ('Compare-Object 1, 2 2, 3 | % { "$($_.InputObject)$($_.SideIndicator)" }', lines("3=>", "1<=")),
    ("Join-Path /a b", lines("/a/b")),
    ("Split-Path /a/b/c.vhd -Leaf", lines("c.vhd")),
    ("$x = 3; Get-Variable x -ValueOnly; Set-Variable y 4; $y", lines("3", "4")),
    ("(Get-Alias %).Definition", lines("ForEach-Object")),
    ("(Get-Command New-AzImage).Source; (gcm -Verb Remove -Noun AzImage).Name", lines("Az.Compute", "Remove-AzImage")),
    ("(Get-Module Az -ListAvailable).Name; Import-Module Az.Compute", lines("Az")),
]
TABLES = {
    "where": WHERE,
    "for each": FOR_EACH,
    "select": SELECT,
    "sort": SORT,
    "group": GROUP,
    "measure": MEASURE,
    "format": FORMAT,
    "out": OUT,
    "write": WRITE,
    "json": JSON,
    "csv": CSV,
    "time": TIME,
    "objects": OBJECTS,
}
ROWS = [
    pytest.param(source, screen, id=f"{name}: {source}") for name, rows in TABLES.items() for source, screen in rows
]


@pytest.mark.slow
@pytest.mark.parametrize(("source", "screen"), ROWS)
def test_a_script_shows_what_powershell_shows(source: str, screen: str) -> None:
    told = run(MACHINES + source)

    assert (told.text, told.errors) == (screen, [])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[pscustomobject]@{ A = 1 } | select -ExpandProperty B", 'Property "B" cannot be found.'),
        ("1 | sort @{ x = 1 }", "The x key is not valid."),
        ("'x' | measure -Sum | Out-Null", 'Input object "x" is not numeric.'),
        ("1 | measure Nope -Sum", 'The property "Nope" cannot be found in the input for any objects.'),
        ("'{' | ConvertFrom-Json", "Conversion from JSON failed with error:"),
        pytest.param(
            "$a = @{}; $a.a = $a.b = $a; $a | ConvertTo-Json -Depth 100",
            "Insufficient memory to continue",
            marks=pytest.mark.slow,
        ),
        ("('[' * 100000) | ConvertFrom-Json", "Conversion from JSON failed with error: it is nested too deeply"),
        (
            "('9' * 5000) | ConvertFrom-Json",
            "Conversion from JSON failed with error: a number in it has too many digits.",
        ),
        ("Get-Date -Year 99999", "Year, Month, and Day parameters describe an un-representable DateTime."),
        ("Get-Variable nope", "Cannot find a variable with the name 'nope'."),
        ("New-Object System.IO.StreamReader", "Cannot find type [System.IO.StreamReader]: verify that the assembly"),
        ("Import-Module Nope", "The specified module 'Nope' was not loaded because no valid module file"),
        ("Get-Command Nope", "The term 'Nope' is not recognized"),
        ("'x' | Export-Csv a.csv -NoTypeInformation", "The Cloud Shell has no files."),
        ("Get-Random -Minimum 5 -Maximum 5", "The Minimum value (5) cannot be greater than or equal"),
        ("Read-Host 'Name'", "PowerShell is in NonInteractive mode."),
        ("ConvertTo-SecureString abc", "A text that is not plain cannot be read here"),
        ("Write-Error 'no'", "no"),
        ("Where-Object", "Cannot process command because of one or more missing mandatory parameters: FilterScript."),
        ("1 | select -First -1", "Cannot validate argument on parameter 'First'. The -1 argument is less than the"),
        ("1 | sort -Top 0", "Cannot validate argument on parameter 'Top'. The 0 argument is less than the minimum"),
        ("Start-Sleep -1", "Cannot validate argument on parameter 'Seconds'."),
    ],
)
def test_what_goes_wrong_is_said_in_words(source: str, said: str) -> None:
    told = run(source)

    assert len(told.errors) == 1
    assert all(COMMANDS.find(fault.command) for fault in told.host.errors), "an error says which command it is of"
    assert told.errors[0].startswith(said)
    assert told.text == ""


def test_readhost_and_getcredential_ask_the_person() -> None:
    told = run("$n = Read-Host 'Name'; $c = Get-Credential -UserName ada; \"$n $($c.UserName)\"", "web1", "hush")

    assert told.host.asked == [("Name: ", False), ("Password for user ada: ", True)]
    assert told.text.endswith("web1 ada\n")
    assert "hush" not in told.text


def test_what_people_hear_past_the_pipeline() -> None:
    told = run(
        "Write-Warning 'careful'; Write-Verbose 'quiet'; Write-Verbose 'loud' -Verbose; "
        "Write-Host 'green' -ForegroundColor green; Write-Progress Capturing -Status web1 -PercentComplete 50; "
        "Write-Progress Capturing -Completed; cls"
    )

    assert told.host.warnings == ["careful"]
    assert told.host.verboses == ["loud"]
    assert told.host.colours == ["Green"]
    assert told.host.progresses == [("Capturing", "web1", 50)]
    assert told.host.finished == ["Capturing"]
    assert told.host.cleared == 1


def test_a_strict_mode_is_heard_and_said_to_change_nothing() -> None:
    told = run('Set-StrictMode -Version Latest; Set-StrictMode -Off; "[$($nothing.at.all)]"')

    assert told.text.endswith("[]\n")
    (said,) = told.host.warnings
    assert said.startswith("Set-StrictMode changes nothing here")


def test_json_that_is_too_deep_is_cut_and_says_so() -> None:
    told = run("@{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress")

    assert told.text == '{"a":{"b":{"c":"System.Collections.Hashtable"}}}\n'
    assert told.host.warnings == ["Resulting JSON is truncated as serialization has exceeded the set depth of 2."]


def test_defaults_of_parameters_hold_from_then_on() -> None:
    told = run("$PSDefaultParameterValues['Write-*:ForegroundColor'] = 'Red'; Write-Host a; Write-Output b")

    assert (told.text, told.errors) == ("a\nb\n", [])
    assert told.host.colours[0] == "Red"


def test_an_error_goes_on_and_under_stop_it_can_be_caught() -> None:
    told = run("Write-Error 'one'; try { Write-Error 'two' -ErrorAction Stop } catch { \"caught $_\" }")

    assert told.errors == ["one"]
    assert told.text == "caught two\n"
