"""The grammar of template expressions: ``[concat('vm', copyIndex(1))]`` as a tree, by a tokenizer and a parser.

    expression = primary *( "." name / "[" expression "]" )
    primary    = text / number / name [ "." name ] "(" [ expression *( "," expression ) ] ")"

A text that begins with ``[`` and ends with ``]`` is an expression; one that begins with ``[[`` means the same text with
one ``[``. Source: Azure, "Syntax and expressions in ARM templates".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from calco.template.faults import Unreadable, short

MAX_LENGTH = 24_576
"""Characters of one expression. Source: Azure, "Best practices for ARM templates", template limits."""
MAX_DEPTH = 48
"""Nesting of calls and brackets. Ours: Azure's own is not documented, and nobody nests twenty."""


REMEMBERED_LENGTH = 512
"""Characters; trees of longer ones are made anew each time: a request may hold megabytes."""


@dataclass(frozen=True)
class Literal:
    value: str | int


@dataclass(frozen=True)
class Call:
    name: str
    """As written; a function of the template's own has its namespace before a dot."""
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True)
class Index:
    """``base.name`` and ``base[key]`` mean the same."""

    base: "Node"
    key: "Node"


Node = Literal | Call | Index

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[()\[\],.]))"
)
_MARKS = {
    "(": "LeftParenthesis",
    ")": "RightParenthesis",
    "[": "LeftSquareBracket",
    "]": "RightSquareBracket",
    ",": "Comma",
    ".": "Dot",
}
_END = "EndOfData"


def is_expression(text: str) -> bool:
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def plain(text: str) -> str:
    """What a text that is no expression means."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


def quoted(text: str) -> str:
    """A text of a template that means ``text``."""
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            strange = text[position:].lstrip()[:1]
            raise Unreadable(
                f"Unable to parse language expression '{short(text)}': the character '{strange}' at position "
                f"'{position}' is not expected"
            )
        position = found.end()
        if found["text"] is not None:
            yield _Token("String", found["text"][1:-1].replace("''", "'"))
        elif found["number"] is not None:
            yield _Token("Integer", found["number"])
        elif found["name"] is not None:
            yield _Token("Identifier", found["name"])
        else:
            yield _Token(_MARKS[found["mark"]], found["mark"])
    yield _Token(_END, "")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self, kind: str) -> str:
        if self.next.kind != kind:
            raise self.unexpected(kind)
        self.at += 1
        return self.tokens[self.at - 1].text

    def unexpected(self, wanted: str) -> Unreadable:
        return Unreadable(
            f"Unable to parse language expression '{short(self.text)}': expected token '{wanted}' and actual "
            f"'{self.next.kind}'"
        )

    def whole(self) -> Node:
        node = self.expression(0)
        self.take(_END)
        return node

    def expression(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Unreadable(
                f"Unable to parse language expression '{short(self.text)}': it is nested more than '{MAX_DEPTH}' deep"
            )
        node = self.primary(depth)
        steps = 0
        while self.next.kind in {"Dot", "LeftSquareBracket"}:
            steps += 1
            if steps > MAX_DEPTH:
                raise Unreadable(
                    f"Unable to parse language expression '{short(self.text)}': it has more than '{MAX_DEPTH}' "
                    "properties in a row"
                )
            if self.next.kind == "Dot":
                self.at += 1
                node = Index(node, Literal(self.take("Identifier")))
            else:
                self.at += 1
                node = Index(node, self.expression(depth + 1))
                self.take("RightSquareBracket")
        return node

    def primary(self, depth: int) -> Node:
        kind = self.next.kind
        if kind == "String":
            return Literal(self.take(kind))
        if kind == "Integer":
            return Literal(self.number(self.take(kind)))
        name = self.take("Identifier")
        if self.next.kind == "Dot":
            self.at += 1
            name = f"{name}.{self.take('Identifier')}"
        return Call(name, self.arguments(depth))

    def number(self, text: str) -> int:
        if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
            raise Unreadable(
                f"Unable to parse language expression '{short(self.text)}': '{short(text)}' is out of range"
            )
        return int(text)

    def arguments(self, depth: int) -> tuple[Node, ...]:
        self.take("LeftParenthesis")
        given: list[Node] = []
        if self.next.kind != "RightParenthesis":
            given.append(self.expression(depth + 1))
            while self.next.kind == "Comma":
                self.at += 1
                given.append(self.expression(depth + 1))
        self.take("RightParenthesis")
        return tuple(given)


def parse(expression: str) -> Node:
    """The tree of ``expression``, which stands in its brackets. Raises Unreadable."""
    return _remembered(expression) if len(expression) <= REMEMBERED_LENGTH else _parse(expression)


def _parse(expression: str) -> Node:
    if len(expression) > MAX_LENGTH:
        raise Unreadable(
            f"The template language expression has '{len(expression)}' characters, and the limit is '{MAX_LENGTH}'"
        )
    return _Parser(expression[1:-1]).whole()


# A loop evaluates the same expressions again and again.
_remembered = lru_cache(maxsize=4096)(_parse)
