"""The words of az's table mean what they say: a value that is not as wanted is told from one that is."""

import pytest

from calco.model.document import Json
from tests.contract.az_commands import is_shown
from tests.contract.az_rows import is_like, silent


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (["web1", 1, None], ["web1", 1, None]),
        ("10.0.0.4", "~10\\.0\\.0\\.\\d+"),
        ({"a": ["x1"]}, {"a": ["~x."]}),
        ([], []),
    ],
)
def test_a_value_is_like_what_was_wanted(found: Json, wanted: Json) -> None:
    assert is_like(found, wanted)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (["web1"], ["web2"]),
        (["web1", "web2"], ["web1"]),
        ("110.0.0.4x", "~10\\.0\\.0\\.\\d+"),
        ({"a": 1, "b": 2}, {"a": 1}),
        (1, True),
        (None, "~.*"),
        ("", None),
    ],
)
def test_a_value_is_not_like_anything_else(found: Json, wanted: Json) -> None:
    assert not is_like(found, wanted)


@pytest.mark.parametrize(
    ("command", "words", "is_it"),
    [
        ("vm list", "vm list -g $g -d", True),
        ("vm list -d", "vm list -g $g -d", True),
        ("vm list -d", "vm list -g $g", False),
        ("vm list", "vm list-sizes -l eastus", False),
        ("vm create --count 3", "vm create -n many --count 3 -g $g", True),
        ("vm create --count 3", "vm create -n 3 --count 2", False),
    ],
)
def test_a_row_is_a_command_when_it_has_its_words_and_options(command: str, words: str, is_it: bool) -> None:
    assert is_shown(command, silent(words)) == is_it
