"""Documents come from outside: what is none is an empty one, and nothing is raised."""

import pytest

from calco.model.document import document_in


def test_an_answers_object_is_its_document() -> None:
    assert document_in(b'{"name": "\\u00e9", "tags": {"a": null}}') == {"name": "\u00e9", "tags": {"a": None}}


@pytest.mark.parametrize("content", [b"", b" ", b"[1]", b"null", b"<html>", b"\xff\xfe", b'{"a":', b"[" * 200_000])
def test_what_holds_no_object_is_an_empty_document(content: bytes) -> None:
    assert document_in(content) == {}
