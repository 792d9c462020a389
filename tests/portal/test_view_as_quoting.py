"""A text that anybody typed is one value in every language, read as that language reads it."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calco.portal.view_as import quoting
from tests.portal.view_actions import NASTY

pytestmark = pytest.mark.slow

TERRAFORM = shutil.which("terraform")
_CUNNING = (
    "", "'", "''", '"', "\\", "\\'", "$'", "${", "$${", "$$${a}", "%{", "%%{ if }", "$(id)", "`id`", "!!", "a\nb", "\t",
    "\x1b]0;\x07", "\x7f", "\u2018\u2019\u201a\u201b", "\u201c\u201d\u201e", "\u202e", "\u2028", "\u00a0", "ñandú",
    "\U0001f600", "\U000e0001", "-rf", "--yes", "@/etc/passwd", "#", "a=b", "{}", NASTY,
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(_CUNNING),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.text(st.sampled_from("'\"\\$%{}`!\u2018\u2019\u201c \n\x1bab0u"), max_size=12),
)


# --- bash ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=20))
@example(list(_CUNNING))
def test_bash_reads_one_word_and_runs_nothing(given: list[str]) -> None:
    words = " ".join(map(quoting.bash, given))

    done = subprocess.run(
        ["bash", "--norc", "-c", f"printf '%s\\0' {words}"], capture_output=True, check=True, timeout=20
    )

    assert done.stdout.decode().split("\0")[:-1] == given
    assert done.stderr == b""


def test_an_argument_cannot_hold_nul_and_bash_gets_its_replacement() -> None:
    assert quoting.bash("a\0b") == "'a\ufffdb'"


# --- PowerShell ------------------------------------------------------------------------------------------------------

_SINGLE, _DOUBLE = "'\u2018\u2019\u201a\u201b", '"\u201c\u201d\u201e'


def read_powershell(word: str) -> str:
    """The value of one string literal; an AssertionError when it ends early, or something in it is not literal.

    Source: about_Quoting_Rules, about_Special_Characters, and PowerShell's tokenizer (ScanStringLiteral,
    ScanStringExpandable; CharTraits.IsSingleQuote and IsDoubleQuote).
    """
    marks = _SINGLE if word[0] in _SINGLE else _DOUBLE
    assert word[0] in marks
    body, value, at = word[1:-1], "", 0
    assert word[-1] in marks
    while at < len(body):
        char = body[at]
        if char in marks:
            assert body[at + 1 : at + 2] in set(marks), f"ends early: {word!r}"
            value, at = value + body[at + 1], at + 2
        elif char == "`" and marks is _DOUBLE:
            escape = re.match(r"u\{([0-9a-f]{1,6})\}", body[at + 1 :])
            assert escape or body[at + 1] in "`$" + _DOUBLE, f"an escape of another meaning: {word!r}"
            value += chr(int(escape[1], 16)) if escape else body[at + 1]
            at += 1 + (escape.end() if escape else 1)
        else:
            assert char != "$" or marks is _SINGLE, f"expands: {word!r}"
            value, at = value + char, at + 1
    return value


@given(texts)
@example(NASTY)
def test_powershell_reads_one_literal(text: str) -> None:
    assert read_powershell(quoting.powershell(text)) == text


# --- JSON and HCL ----------------------------------------------------------------------------------------------------


@given(st.dictionaries(texts, texts, max_size=5))
def test_json_says_what_was_typed(pairs: dict[str, str]) -> None:
    assert json.loads(quoting.as_json(dict(pairs))) == pairs
    assert json.loads(quoting.as_json(dict(pairs), indent=None)) == pairs


_HCL = re.compile(r'\\([nrt"\\])|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|([$%])\4\{|([$%]\{|["\\\n])|(.)', re.DOTALL)
_HCL_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def read_hcl(word: str) -> str:
    """The value of a quoted template without sequences. Source: HCL native syntax specification, Template Literals."""
    assert (word[0], word[-1]) == ('"', '"')
    value = ""
    for found in _HCL.finditer(word[1:-1]):
        short, four, eight, sigil, wrong, plain = found.groups()
        assert wrong is None, f"a sequence or an end: {word!r}"
        if short:
            value += _HCL_SHORT[short]
        elif four or eight:
            value += chr(int(four or eight, 16))
        else:
            value += f"{sigil}{{" if sigil else plain
    return value


@given(texts)
@example("$${")
def test_hcl_reads_the_text_and_no_template(text: str) -> None:
    assert read_hcl(quoting.hcl(text)) == text


@pytest.mark.parametrize("key", ["null", "true", "for", "a b", "1", "", "-", "${x}"])
def test_a_key_that_hcl_takes_for_something_else_is_quoted(key: str) -> None:
    assert read_hcl(quoting.hcl_key(key)) == key


@pytest.mark.slow
@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")
def test_terraform_itself_reads_the_text(tmp_path: Path) -> None:
    wanted = [text for text in _CUNNING if text]
    listed = ", ".join(map(quoting.hcl, wanted))

    said = terraform(tmp_path, "console", f"base64encode(jsonencode([{listed}]))\n")

    assert json.loads(base64.b64decode(json.loads(said))) == wanted


def terraform(folder: Path, command: str, given: str, *more: str) -> str:
    """What terraform prints, alone on the machine; an AssertionError when it fails."""
    assert TERRAFORM is not None
    environ = {"HOME": str(folder), "CHECKPOINT_DISABLE": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [TERRAFORM, command, *more],
        input=given, capture_output=True, text=True, cwd=folder, env=environ, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


# --- what cannot be seen ---------------------------------------------------------------------------------------------

WAYS: tuple[Callable[[str], str], ...] = (quoting.bash, quoting.powershell, quoting.hcl, quoting.as_json)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@given(text=texts)
@example(text="\x1b[201~\nrm x")
@example(text="\u202e")
def test_what_a_terminal_would_obey_or_hide_is_written_out(way: Callable[[Any], str], text: str) -> None:
    assert way(text).isprintable()
