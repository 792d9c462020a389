"""What a screen shows of objects and errors is what PowerShell 7 shows."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.cloudshell.catalogue import Listed
from calco.cloudshell.cmdlet import Column, Module, View
from calco.cloudshell.errors import Fault, not_recognized, unsupported
from calco.cloudshell.objects.error_record import error_record
from calco.cloudshell.screen import text_table
from calco.cloudshell.screen.concise import error_text
from calco.cloudshell.screen.layout import Group, Layout
from calco.cloudshell.screen.show import print_all, text_lines
from calco.cloudshell.screen.text_table import Field
from calco.cloudshell.syntax import BEFORE, Place
from calco.cloudshell.values import CUSTOM, Hashtable, Record, SecureString, Value
from tests.cloudshell.world import NOON, Recorder, StillClock

VM = "PSVirtualMachine"
VIEWS = Listed(
    [
        Module(
            (),
            (
                View(
                    "Table", (Column("Name", "Name"), Column("Size", lambda record: record.get("S"), right=True)), True
                ),
                View("List", (Column("Name", "Name"), Column("Tags", "Tags")), table=False),
                View(VM, (Column("Name", "Name"), Column("Os", "Os"), Column("Zone", "Zone")), compact=True),
                View("Said", (), text=lambda record: f"All of {record.get('Name')}\x1b[31m"),
                View("Grouped", (Column("Name", "Name"),), table=True, group="TypeName"),
            ),
        )
    ]
)


def shown(*values: Value, width: int = 60) -> str:
    host = Recorder(width=width)
    print_all(iter(values), VIEWS, host)
    return host.text


def custom(**members: Value) -> Record:
    return Record.of(CUSTOM, members)


GOLDEN: list[tuple[str, list[Value], str]] = [
    ("texts and numbers are lines", ["web1", 3, 2.5, True, None, ["a", ["b"]]], "web1\n3\n2.5\nTrue\na\nb\n"),
    (
        "four members are a table, numbers to the right",
        [custom(Name="web1", Size=3), custom(Name="database", Size=12)],
        "\nName     Size\n----     ----\nweb1        3\ndatabase   12\n\n",
    ),
    (
        "five members are a list",
        [custom(A=1, Bc=None, C=True, D=[], E=Hashtable.of({"k": 1})), custom(A=2, Bc="x", C=False, D=[1], E=None)],
        "\nA  : 1\nBc :\nC  : True\nD  : {}\nE  : {[k, 1]}\n\nA  : 2\nBc : x\nC  : False\nD  : {1}\nE  :\n\n",
    ),
    (
        "a table of names and values",
        [Hashtable.of({"Name": "web1", "Size": 3, "Tags": [1, 2, 3, 4, 5]})],
        (
            "\nName                           Value\n----                           -----\n"
            "Name                           web1\nSize                           3\n"
            "Tags                           {1, 2, 3, 4…}\n\n"
        ),
    ),
    (
        "what is too wide is cut, and a column that has no room is left out",
        [custom(Name="x" * 50, Other="y" * 50, Third=1)],
        f"\n{'Name':<50} Other\n{'----':<50} -----\n{'x' * 50} {'y' * 8}…\n\n",
    ),
    (
        "numbers that are too wide show their end",
        [Record.of("Table", {"Name": "n" * 55, "S": 12345678})],
        f"\n{'Name':<55} Size\n{'----':<55} ----\n{'n' * 55} …678\n\n",
    ),
    (
        "the first object says which columns there are",
        [custom(Name="a"), custom(Name="b", Size=3), custom(Other=1)],
        "\nName\n----\na\nb\n\n\n",
    ),
    (
        "a text among rows stands where it comes",
        [custom(Name="a"), "text", custom(Name="b")],
        "\nName\n----\na\ntext\nb\n\n",
    ),
    (
        "another type begins anew",
        [custom(Name="a"), Record.of("List", {"Name": "b", "Tags": None})],
        "\nName\n----\na\n\n\nName : b\nTags :\n\n",
    ),
    (
        "a view says what a table shows",
        [Record.of("Table", {"Name": "a", "S": "3", "Hidden": 1})],
        "\nName Size\n---- ----\na       3\n\n",
    ),
    (
        "a compact list leaves out what is empty, and names what is nested",
        [Record.of(VM, {"Name": "a", "Os": Record.of("Os", {"Disk": 1, "Empty": None}), "Zone": []})],
        "\nName : a\nOs   : {Disk}\n\n",
    ),
    ("a view may be a text", [Record.of("Said", {"Name": "a"})], "\nAll of a\ufffd[31m\n\n"),
    (
        "a view may have groups",
        [Record.of("Grouped", {"Name": "a", "TypeName": "T"}), Record.of("Grouped", {"Name": "b", "TypeName": "U"})],
        "\n   TypeName: T\n\nName\n----\na\n\n\n   TypeName: U\n\nName\n----\nb\n\n",
    ),
    ("a date", [NOON], "\nMonday, November 23, 2026 12:00:00 PM\n\n"),
    ("a date in a cell", [custom(At=NOON)], "\nAt\n--\n11/23/2026 12:00:00 PM\n\n"),
    (
        "nested objects",
        [custom(One=custom(A=1), Some=[Record.of("Sub", {"Id": "/x"}), None], Type=Record.of("A.B", {"X": 1}))],
        "\nOne    Some        Type\n---    ----        ----\n@{A=1} {/x, $null} A.B\n\n",
    ),
    ("only the first line of a cell", [custom(Text="one\ntwo")], "\nText\n----\none…\n\n"),
    (
        "lines in a list",
        [Record.of("List", {"Name": "one\ntwo", "Tags": "word " * 20})],
        "\nName : one\n       two\nTags : " + ("word " * 10).strip() + "\n       " + ("word " * 10).strip() + "\n\n",
    ),
    ("a secret is not shown", [custom(Key=SecureString("hush"))], "\nKey\n---\nSystem.Security.SecureString\n\n"),
    (
        "control characters",
        ["a\x1b[2Jb\x07", custom(N="x\u202ey\x00")],
        "a\ufffd[2Jb\ufffd\n\nN\n-\nx\ufffdy\ufffd\n\n",
    ),
    ("wide characters", [custom(N="日本", M="x"), custom(N="abc", M="y")], "\nN    M\n-    -\n日本 x\nabc  y\n\n"),
]


@pytest.mark.parametrize(("values", "screen"), [row[1:] for row in GOLDEN], ids=[row[0] for row in GOLDEN])
def test_objects_show_as_powershell_shows_them(values: list[Value], screen: str) -> None:
    assert shown(*values) == screen


def test_an_error_that_is_output_reads_as_an_error() -> None:
    assert shown(error_record(Fault("no", command="Get-AzVM"))) == "Get-AzVM: no\n"


def test_a_table_waits_for_its_rows_only_a_moment() -> None:
    host, clock = Recorder(), StillClock()
    seen: list[str] = []

    def rows() -> Iterator[Value]:
        yield custom(Name="a")
        clock.sleep(1)
        yield custom(Name="b")
        seen.append(host.text)
        yield custom(Name="longer")

    print_all(rows(), VIEWS, host, clock.monotonic)

    assert seen == ["\nName\n----\na\nb\n"]
    assert host.text == "\nName\n----\na\nb\nlon…\n\n"


def test_what_was_there_is_shown_when_the_rest_fails() -> None:
    host = Recorder()

    def rows() -> Iterator[Value]:
        yield custom(Name="a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_all(rows(), VIEWS, host)

    assert host.text == "\nName\n----\na\n\n"


def test_a_list_that_holds_itself_comes_to_an_end() -> None:
    held: list[Value] = ["a"]
    held.append(held)

    text = shown(held)

    assert set(text.split()) == {"a", "System.Object[]"}
    assert text.count("a") < 20


def test_lines_for_outstring_are_those_of_the_screen() -> None:
    assert text_lines(iter([custom(Name="a"), "b"]), VIEWS, 60) == ["", "Name", "----", "a", "b", ""]


def test_a_wrapped_cell_goes_on_below_itself() -> None:
    fields = [Field("Name"), Field("Text", width=7), Field("End")]
    layout = Layout("table", [Group(fields, [["a", "one two three", "x"]])], wrap=True)

    assert shown(layout.record()) == ("\nName Text    End\n---- ----    ---\na    one two x\n     three\n\n")


def test_a_table_without_its_header() -> None:
    layout = Layout("table", [Group([Field("Name")], [["a"]])], headed=False)

    assert shown(layout.record()) == "\na\n\n"


def test_wide_puts_names_beside_each_other() -> None:
    layout = Layout("wide", [Group([], [["one"], ["two"], ["three"]])], columns=2)

    assert shown(layout.record(), width=20) == "\none       two\nthree\n\n"


@pytest.mark.slow
@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=4), st.integers(5, 40))
def test_no_line_of_a_table_is_wider_than_the_screen(rows: list[list[str]], width: int) -> None:
    clean = [[text_table.plain(each) for each in row] for row in rows]

    for wrap in (False, True):
        for line in text_table.table([Field("Name"), Field("Value", right=True)], clean, width, wrap=wrap):
            assert text_table.cells(line) <= width


@pytest.mark.slow
@given(st.text(), st.integers(2, 40))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    clean = text_table.plain(text)
    lines = text_table.wrapped(clean, width)

    assert all(text_table.cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean.split())


def test_a_wide_character_where_one_cell_is_left_is_not_shown() -> None:
    fields = [Field("N", width=1), Field("M", width=1, right=True)]

    assert text_table.row(fields, ["日", "本"]) == [""]
    assert text_table.row(fields, ["日", "本"], wrap=True) == ["… …"]


# --- errors -----------------------------------------------------------------------------------------------------------

AT = Place(2, 5, "$x = Get-AzVM -Name web1 | Stop-AzVM")


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault("It is not there.", command="Get-AzVM", category="CloseError"), "Get-AzVM: It is not there."),
        (Fault("boom"), "Exception: boom"),
        (Fault("You cannot.", category="InvalidOperation"), "InvalidOperation: You cannot."),
        (Fault("Too far.", exception="System.IndexOutOfRangeException"), "OperationStopped: Too far."),
        (
            Fault("Attempted to divide by zero.", category="NotSpecified", exception="System.DivideByZeroException"),
            "RuntimeException: Attempted to divide by zero.",
        ),
        (
            not_recognized("foo").fault,
            (
                "foo: The term 'foo' is not recognized as a name of a cmdlet, function, script file, or "
                "executable program.\n"
                "Check the spelling of the name, or if a path was included, verify that the path is correct and try "
                "again."
            ),
        ),
        (Fault("a\x1b[31mb", command="x"), "x: a\ufffd[31mb"),
    ],
)
def test_an_error_of_one_line_says_who_and_what(fault: Fault, line: str) -> None:
    assert error_text(fault) == line


def test_an_error_of_a_later_line_points_at_it() -> None:
    assert error_text(Fault("No.\nNever.", at=Place(2, 6, AT.text), command="Get-AzVM")).split("\n") == [
        "Get-AzVM: ",
        "Line |",
        "   2 |  $x = Get-AzVM -Name web1 | Stop-AzVM",
        "     |       ~~~~~~~~~~~~~~~~~~~",
        "     | No.",
        "     | Never.",
    ]


def test_an_error_of_a_file_names_it_and_keeps_to_the_screen() -> None:
    lines = error_text(Fault("word " * 20, at=Place(12, 1, "Stop-AzVM"), command="Stop-AzVM"), path="a.ps1", width=40)

    assert lines.split("\n")[:4] == ["Stop-AzVM: a.ps1:12", "Line |", "  12 |  Stop-AzVM", "     |  ~~~~~~~~~"]
    assert all(len(line) <= 40 for line in lines.split("\n"))
    assert lines.count("word") == 20


def test_what_a_script_was_given_is_in_none_of_its_lines() -> None:
    fault = Fault("There is one too few.", at=BEFORE, category="InvalidArgument")

    assert error_text(fault, path="/home/ada/a.ps1", script=True) == "a.ps1: There is one too few."
    assert error_text(fault, script=True) == "InvalidArgument: There is one too few."


def test_what_cannot_be_read_points_at_the_place_on_the_first_line_too() -> None:
    lines = error_text(unsupported("A class", Place(1, 1, "class A {}")).fault).split("\n")

    assert lines[:3] == ["ParserError: ", "Line |", "   1 |  class A {}"]
    assert lines[-1].startswith("     | A class is not supported in calco's Cloud Shell")
