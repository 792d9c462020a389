"""Whatever is typed, what comes back is output, an error of the shell, or a sentence that says what cannot be read."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calco.cloudshell.errors import NotParsed
from calco.cloudshell.evaluator.evaluate import FRAMES
from tests.cloudshell import language_flow
from tests.cloudshell.test_language import TABLES
from tests.cloudshell.world import Session

STEPS = 3_000
SECONDS = 10.0
"""Of processor time, for others may keep this machine busy."""
"""Far more than any of them needs; a hang is minutes."""

SCRIPTS = [str(row[0]) for table in TABLES.values() for row in table] + [row[0] for row in language_flow.ENDS]
CHARACTERS = "abxF_$@(){}[]<>|&;,.:'\"`-+*/%=!?#0159 \n\\é\u2028\x00\U0001f600"

names = st.sampled_from(["x", "y", "_", "h", "null", "true", "Error", "args", "F"])
scalars = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "2147483647",
        "9223372036854775807",
        "1.5",
        "1e308",
        "''",
        "'abc'",
        "'5'",
        "$null",
        "$true",
        "@()",
        "(1, 2)",
        "@{}",
        "@{a = 1}",
        "{ $_ }",
        "[int]",
        "(Get-Date)",
        "[timespan]'1'",
        "[pscustomobject]@{a = 1}",
    ]
)
operators = st.sampled_from(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "..",
        "-eq",
        "-ne",
        "-gt",
        "-lt",
        "-ge",
        "-le",
        "-like",
        "-notlike",
        "-match",
        "-notmatch",
        "-replace",
        "-split",
        "-join",
        "-in",
        "-contains",
        "-f",
        "-and",
        "-or",
        "-xor",
        "-band",
        "-bor",
        "-bxor",
        "-shl",
        "-shr",
        "-is",
        "-as",
        "-ceq",
        "-creplace",
    ]
)
members = st.sampled_from(
    ["a", "Count", "Length", "Keys", "Name", "Year", "PSObject", "Exception", "Ticks", "TotalHours"]
)
methods = st.sampled_from(
    [
        "ToString",
        "Substring",
        "Split",
        "Replace",
        "PadLeft",
        "Insert",
        "Remove",
        "Add",
        "AddDays",
        "AddMonths",
        "Contains",
        "IndexOf",
        "GetType",
        "Where",
        "ForEach",
        "Invoke",
        "Trim",
        "Sort",
        "Reverse",
        "Subtract",
        "GetEnumerator",
        "CompareTo",
        "SetValue",
        "AddRange",
    ]
)
types = st.sampled_from(
    [
        "int",
        "long",
        "byte",
        "double",
        "string",
        "bool",
        "char",
        "array",
        "datetime",
        "timespan",
        "guid",
        "hashtable",
        "ordered",
        "pscustomobject",
        "int[]",
        "string[]",
        "scriptblock",
        "version",
        "uri",
        "switch",
        "regex",
        "securestring",
        "math",
        "System.Collections.ArrayList",
        "nothing",
        "void",
    ]
)
of_types = st.sampled_from(
    [
        "[math]::Round",
        "[math]::Pow",
        "[math]::Log",
        "[math]::Floor",
        "[string]::Join",
        "[string]::Format",
        "[convert]::ToInt32",
        "[guid]::Parse",
        "[convert]::FromBase64String",
        "[regex]::Matches",
        "[regex]::Replace",
        "[datetime]::new",
        "[timespan]::new",
        "[int]::Parse",
        "[timespan]::FromDays",
        "[datetime]::DaysInMonth",
        "[string]::new",
        "[array]::Sort",
        "[version]::new",
        "[uri]::new",
    ]
)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions of expressions."""
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("({}).{}".format, inner, members),
        st.builds("({}).{}({})".format, inner, methods, inner),
        st.builds("({}).{}({}, {})".format, inner, methods, inner, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("([{}]{})".format, types, inner),
        st.builds("(-not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds('"a$({})b"'.format, inner),
        st.builds("@({}; {})".format, inner, inner),
        st.builds("@{{k = {}}}".format, inner),
        st.builds("({}, {})".format, inner, inner),
        st.builds("({}({}))".format, of_types, inner),
        st.builds("({}({}, {}))".format, of_types, inner, inner),
        st.builds("('{{0:N2}}|{{0,5:yyyy}}' -f {})".format, inner),
        st.builds("(& {{ param($x) {} }} {})".format, inner, inner),
    )


expressions = st.recursive(st.one_of(scalars, st.builds("${}".format, names)), grown, max_leaves=6)


def told(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Statements of statements."""
    return st.one_of(
        st.builds("{}; {}".format, inner, inner),
        st.builds("if ({}) {{ {} }} else {{ {} }}".format, expressions, inner, inner),
        st.builds("foreach ($x in {}) {{ {} }}".format, expressions, inner),
        st.builds("while ({}) {{ {} }}".format, expressions, inner),
        st.builds("for ($i = 0; $i -lt 3; $i++) {{ {} }}".format, inner),
        st.builds("switch ({}) {{ {} {{ {} }}\ndefault {{ 1 }} }}".format, expressions, scalars, inner),
        st.builds("try {{ {} }} catch {{ {} }} finally {{ {} }}".format, inner, inner, inner),
        st.builds("function F {{ param($x = {}) {} }}; F {}".format, expressions, inner, expressions),
        st.builds("{} | ForEach-Object {{ {} }}".format, expressions, inner),
        st.builds("{} | Where-Object {{ {} }} | Select-Object -First 1".format, expressions, expressions),
        st.builds("& {{ {} }} 2>&1".format, inner),
    )


leaves = st.one_of(
    expressions,
    st.builds("${} = {}".format, names, expressions),
    st.builds("${} {} {}".format, names, st.sampled_from(["+=", "-=", "*=", "/=", "%="]), expressions),
    st.builds("$x.{} = {}".format, members, expressions),
    st.builds("$x[{}] = {}".format, expressions, expressions),
    st.builds("[{}]$y = {}".format, types, expressions),
    st.builds("{} {}".format, st.sampled_from(["throw", "return", "exit"]), expressions),
    st.sampled_from(
        ["break", "continue", "$x++", "throw", "F", "No-Such -x 1", "Write-Error x", "$Error[0].Exception"]
    ),
)
programs = st.recursive(leaves, told, max_leaves=6)


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A script of the tables with a few characters of it replaced, taken out or put in."""
    source = draw(st.sampled_from(SCRIPTS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(source)))
        gone = draw(st.integers(0, 3))
        source = source[:at] + draw(st.text(CHARACTERS, max_size=3)) + source[at + gone :]
    return source


def survives(source: str) -> None:
    """Anything that is no error of the shell comes through and fails the test."""
    begun = time.process_time()
    with suppress(NotParsed):
        Session(budget=STEPS).run(source)
    assert time.process_time() - begun < SECONDS, source


@pytest.fixture(autouse=True, scope="module")
def _deep() -> Iterator[None]:
    """Hypothesis minds who changes the limit while it runs."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(FRAMES)
    yield
    sys.setrecursionlimit(before)


patient = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)


@pytest.mark.slow
@given(programs)
@patient
def test_no_program_leaks_an_error_of_python(source: str) -> None:
    survives(source)


@pytest.mark.slow
@given(changed())
@patient
def test_no_mistyped_script_leaks_an_error_of_python(source: str) -> None:
    survives(source)


@pytest.mark.slow
@given(st.text(CHARACTERS, max_size=40) | st.text(max_size=40))
@patient
def test_no_text_leaks_an_error_of_python(source: str) -> None:
    survives(source)


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "while ($true) { }",
        "while ($true) { try { throw 'x' } catch { } finally { } }",
        "for (;;) { try { 1 } finally { while (1) { } } }",
        "function F { F }; while ($true) { try { F } catch { } }",
        "'a' * 1e9",
        "$s = 'aaaaaaaaaa'; while ($true) { $s += $s }",
        "$a = 1, 2; while ($true) { $a += $a }",
        "1..2147483647 | ForEach-Object { $_ }",
        "$r = ('a' * 60) + 'b' -match '^(a|aa)+$'; if ($Error) { throw $Error[0] }",
        "'x'.PadLeft(2147483647)",
        "'{0,2000000000}' -f 1",
        "[string]::new('x', 2147483647)",
        '$h = @{}; $h.self = $h; "$h"; $o = [pscustomobject]@{a = 1}; $o.a = $o; "$o"',
        "(1..1000) * 2000",
        "'aaaaaaaaaaaaaaaaaaaa' -replace '', ('x' * 8000000)",
        "1 -shl 2147483647; [math]::Pow(1e308, 1e308); [convert]::ToInt32('9' * 99, 10)",
        "'{0:N999999999}' -f 1.5; (1).ToString('0' * 100000)",
        "([datetime]'9999-12-31').AddDays(1); [timespan]::FromDays(1e300); [datetime]::new(1, 1, 1).AddYears(-5)",
    ],
)
def test_what_would_never_end_or_fit_ends_soon(source: str) -> None:
    begun = time.process_time()

    ran = Session(budget=20_000).run(source)

    assert time.process_time() - begun < SECONDS
    assert ran.ended or ran.errors or len(ran.output) < 10
