"""From the grammar's tree to ours: the part that finds the rule for a node.

The rules stand in ``lower_literal``, ``lower_expression``, ``lower_command`` and ``lower_statement``; each is a small
function over a node, and asks ``Lower`` for what is inside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from tree_sitter import Node

from calco.cloudshell.errors import unsupported
from calco.cloudshell.grammar import complaint
from calco.cloudshell.grammar.source import Source
from calco.cloudshell.syntax import Expression, Place, Statement

WRAPPERS = frozenset(
    {"unary_expression", "expression_with_unary_operator", "argument_expression", "string_literal", "integer_literal"}
)
"""Nodes that mean nothing by themselves when there is one node in them."""

ExpressionRule = Callable[["Lower", Node], Expression]
StatementRule = Callable[["Lower", Node], Statement | None]


@dataclass(frozen=True)
class Lower:
    source: Source
    expressions: Mapping[str, ExpressionRule]
    statement_rules: Mapping[str, StatementRule]

    def expression(self, node: Node) -> Expression:
        node = unwrapped(node)
        rule = self.expressions.get(node.type)
        if rule is None:
            raise complaint.unexpected(self.text(node), self.place(node))
        return rule(self, node)

    def statement(self, node: Node) -> Statement | None:
        """None for what does nothing (a lone semicolon)."""
        rule = self.statement_rules.get(node.type)
        if rule is None:
            raise complaint.unexpected(self.text(node), self.place(node))
        return rule(self, node)

    def statements(self, node: Node | None) -> tuple[Statement, ...]:
        """Of a statement_list or whatever has one in it; none for None."""
        if node is None:
            return ()
        if node.type != "statement_list":
            return self.statements(child(node, "statement_list"))
        made = (self.statement(each) for each in parts(node) if each.type != "label")
        return tuple(each for each in made if each is not None)

    def place(self, node: Node) -> Place:
        return self.source.place(node.start_byte)

    def text(self, node: Node) -> str:
        """As its author wrote it."""
        return self.source.text_of(node.start_byte, node.end_byte)


def refused(what: str) -> Callable[[Lower, Node], NoReturn]:
    """The rule for what this shell does not have."""

    def rule(lower: Lower, node: Node) -> NoReturn:
        raise unsupported(what, lower.place(node))

    return rule


def parts(node: Node) -> list[Node]:
    """What is in a node, without comments."""
    return [each for each in node.children if not each.is_extra]


def named(node: Node | None) -> list[Node]:
    """What is in a node, without comments, words and signs of the grammar; nothing for None."""
    return [each for each in node.named_children if not each.is_extra] if node else []


def child(node: Node, *types: str) -> Node | None:
    """The first node of one of these types in ``node``."""
    return next((each for each in node.children if each.type in types), None)


def unwrapped(node: Node) -> Node:
    """What a node that means nothing by itself wraps."""
    while node.type in WRAPPERS:
        inner = parts(node)
        if len(inner) != 1:
            break
        node = inner[0]
    return node
