"""The grammar of expressions: what is one, what it reads as, and that anything else is a sentence."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.template.faults import Fault, Unreadable
from calco.template.language import MAX_DEPTH, MAX_LENGTH, Call, Index, Literal, is_expression, parse, plain, quoted


@pytest.mark.parametrize(
    ("text", "expression"),
    [("[a()]", True), ("a", False), ("[[a()]", False), ("[a", False), ("a]", False), ("[", False), ("[]", True)],
)
def test_a_text_in_brackets_is_an_expression_unless_the_first_is_doubled(text: str, expression: bool) -> None:
    assert is_expression(text) == expression


def test_a_doubled_bracket_means_one() -> None:
    assert plain("[[test value]") == "[test value]"
    assert plain("[[test value") == "[[test value"


@given(st.text(alphabet="[]a'", max_size=6))
def test_what_is_quoted_means_itself(text: str) -> None:
    written = quoted(text)

    assert not is_expression(written)
    assert plain(written) == text


def test_calls_properties_and_elements_nest() -> None:
    tree = parse("[ a ( 'it''s' , -3 ).b[0][c()] ]")

    first = Index(Call("a", (Literal("it's"), Literal(-3))), Literal("b"))
    assert tree == Index(Index(first, Literal(0)), Call("c", ()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[concat('ai-', a(b().id)]", "expected token 'RightParenthesis' and actual 'EndOfData'"),
        ("[]", "expected token 'Identifier' and actual 'EndOfData'"),
        ("[a]", "expected token 'LeftParenthesis' and actual 'EndOfData'"),
        ("[a() b()]", "expected token 'EndOfData' and actual 'Identifier'"),
        ("[a(,)]", "expected token 'Identifier' and actual 'Comma'"),
        ("[a('b]", "the character ''' at position '2' is not expected"),
        ('[a("b")]', "the character '\"'"),
        ("[a(1.5)]", "expected token 'Identifier' and actual 'Integer'"),
        ("[a(99999999999999999999)]", "is out of range"),
        ("[a().]", "expected token 'Identifier' and actual 'EndOfData'"),
        (f"[{'a(' * (MAX_DEPTH + 2)}{')' * (MAX_DEPTH + 2)}]", f"nested more than '{MAX_DEPTH}' deep"),
        (f"[a(){'[a()' * 5000}]", f"nested more than '{MAX_DEPTH}' deep"),
        (f"[a(){'.b' * (MAX_DEPTH + 1)}]", "properties in a row"),
        (f"[a('{'b' * MAX_LENGTH}')]", f"the limit is '{MAX_LENGTH}'"),
    ],
)
def test_what_is_no_expression_is_refused_with_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text)

    assert words in str(refused.value)


@given(st.text(alphabet="abz(),.[]' -19\"\n_", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_tree_or_a_fault(text: str) -> None:
    tree: object = None
    with suppress(Fault):
        tree = parse(f"[{text}]")

    assert tree is None or isinstance(tree, Literal | Call | Index)
