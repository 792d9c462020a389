"""Bodies as people write them: what is read beyond JSON, and that everything else is refused with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.document import Json
from calco.model.errors import ApiError
from calco.template import read_body

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(-1e300, 1e300) | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)  # fmt: skip


def test_a_bare_template_as_az_sends_it_is_read() -> None:
    raw = b"""{"properties": {"parameters": {}, "mode": "Incremental", template:{
      // who reads this
      "$schema": "https://x#", /* and
      this */ 'resources': [1, -2.5e1, true, null,],
      "text": "two
lines \\u00e9 'x'", single: 'it\\'s "so"', $ref: [],
    }}}"""

    assert read_body(raw) == {
        "properties": {
            "parameters": {},
            "mode": "Incremental",
            "template": {
                "$schema": "https://x#",
                "resources": [1, -25.0, True, None],
                "text": "two\nlines é 'x'",
                "single": 'it\'s "so"',
                "$ref": [],
            },
        }
    }


@given(st.dictionaries(st.text(), JSON, max_size=5), st.booleans())
def test_json_is_read_as_it_was_written(document: dict[str, Json], plain: bool) -> None:
    assert read_body(json.dumps(document, ensure_ascii=plain, indent=None if plain else 1).encode()) == document


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "Unexpected the end at line '1' and column '1'"),
        (b"[]", "no JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"a": 1} x', "Unexpected 'x' at line '1' and column '10'"),
        (b'{"a" 1}', "Unexpected '1' at line '1' and column '6'"),
        (b'{\n  "a": 1\n  "b": 2}', "at line '3' and column '3'"),
        (b'{"a": undefined}', "Unexpected 'undefined'"),
        (b'{"a": NaN}', "Unexpected 'NaN'"),
        (b'{"a": 01}', "Unexpected"),
        (b'{"a": 1e999}', "Unexpected '1e999'"),
        (b'{"a": "x}', "Unexpected '\"'"),
        (b'{"a": "\\x"}', "Unexpected"),
        (b'{"a": "\\ud800"}', "Unexpected"),
        (b"{a: /* b }", "Unexpected '/'"),
        (b"{,}", "Unexpected ','"),
        (b'{"a": ' + b"9" * 60 + b"}", "Unexpected"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested more than 60 deep"),
        (b"[" * 1_000_000, "nested more than 60 deep"),
        (b" " * 5_000_000, "larger than"),
    ],
)
def test_what_is_no_object_is_refused_with_its_place(raw: bytes, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_body(raw)

    assert (refused.value.status, refused.value.code) == (400, "InvalidRequestContent")
    assert words in refused.value.message


@given(st.text(alphabet="{}[]:,'\"/*\\ \na1-.etrunlfs$", max_size=40).map(str.encode) | st.binary(max_size=40))
def test_any_bytes_are_an_object_or_a_refusal(raw: bytes) -> None:
    try:
        answer = read_body(raw)
    except ApiError as refused:
        code = refused.code
    else:
        code = "InvalidRequestContent" if isinstance(answer, dict) else "no object"

    assert code == "InvalidRequestContent"
