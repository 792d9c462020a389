"""Expressions: operators, members, indexes, casts, tables, blocks.

Sources: Microsoft Learn, about_Operators, about_Operator_Precedence (the grammar holds it), about_Hash_Tables,
about_Arrays, about_Type_Accelerators.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tree_sitter import Node

from calco.cloudshell.grammar import complaint, lower_literal
from calco.cloudshell.grammar.lower import ExpressionRule, Lower, child, named, parts, refused, unwrapped
from calco.cloudshell.syntax import (
    Array,
    ArrayExpression,
    Binary,
    Cast,
    Expression,
    Hash,
    Index,
    Invocation,
    Literal,
    Member,
    Paren,
    Pipeline,
    Statement,
    Step,
    SubExpression,
    Text,
    Unary,
    Variable,
)
from calco.cloudshell.values import Long


def lower_binary(lower: Lower, node: Node) -> Expression:
    left, sign, right = parts(node)
    if sign.type == "\\":
        raise complaint.unexpected("\\", lower.place(sign))
    return Binary(lower.place(sign), lower.text(sign).lower(), lower.expression(left), lower.expression(right))


def lower_unary(lower: Lower, node: Node) -> Expression:
    """An expression_with_unary_operator that has its sign in it."""
    sign, of = parts(node)
    value = lower.expression(of)
    word = lower.text(sign).lower()
    if word == "-" and isinstance(value, Literal) and isinstance(value.value, int | float):
        negative = -value.value
        return Literal(lower.place(node), Long(negative) if isinstance(value.value, Long) else negative)
    return Unary(lower.place(node), word, value)


def lower_array(lower: Lower, node: Node) -> Expression:
    return Array(lower.place(node), tuple(lower.expression(each) for each in named(node)))


def lower_cast(lower: Lower, node: Node) -> Expression:
    type, of = named(node)
    return Cast(lower.place(node), lower_literal.type_name(lower, type), lower.expression(of))


def lower_step(lower: Lower, node: Node) -> Expression:
    before = node.type.startswith("pre_")
    target, sign = reversed(parts(node)) if before else parts(node)
    return Step(lower.place(node), assignable(lower, target), lower.text(sign), before)


def assignable(lower: Lower, node: Node) -> Expression:
    """What may stand on the left of an assignment, or be counted up."""
    target = lower.expression(node)
    if not _is_assignable(target):
        raise complaint.said("InvalidLeftHandSide", lower.place(node))
    return target


def _is_assignable(target: Expression) -> bool:
    match target:
        case Array():
            return all(_is_assignable(each) for each in target.items)
        case Cast():
            return _is_assignable(target.of)
        case Paren(body=Pipeline(elements=(inner,))):
            return isinstance(inner, Array) and _is_assignable(inner)
        case Literal() | Text():
            return False
        case _:
            return isinstance(target, Variable | Member | Index)


# --- members and indexes ---------------------------------------------------------------------------------------------


def lower_member(lower: Lower, node: Node) -> Expression:
    of, sign, name = parts(node)
    return Member(lower.place(sign), lower.expression(of), member_name(lower, name), sign.type == "::")


def member_name(lower: Lower, node: Node) -> str | Expression:
    """A name, or the expression that gives one."""
    (inner,) = named(node)
    inner = unwrapped(inner)
    if inner.type in {"simple_name", "decimal_integer_literal", "hexadecimal_integer_literal"}:
        return lower.text(inner)
    value = lower.expression(inner)
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else value


def lower_invocation(lower: Lower, node: Node) -> Expression:
    inner = parts(node)
    if len(inner) == 1:  # .ForEach and .Where have nodes of their own
        return _invoked_with_block(lower, inner[0])
    of, sign, name, arguments = inner
    return Invocation(
        lower.place(sign),
        lower.expression(of),
        member_name(lower, name),
        call_arguments(lower, arguments),
        sign.type == "::",
    )


def _invoked_with_block(lower: Lower, node: Node) -> Expression:
    of, *_, given = parts(node)
    arguments = call_arguments(lower, given) if given.type == "argument_list" else (lower.expression(given),)
    name = "ForEach" if node.type == "invocation_foreach_expression" else "Where"
    return Invocation(lower.source.place(of.end_byte), lower.expression(of), name, arguments)


def call_arguments(lower: Lower, node: Node) -> tuple[Expression, ...]:
    """Of an argument_list."""
    return tuple(lower.expression(each) for each in named(child(node, "argument_expression_list")))


def lower_index(lower: Lower, node: Node) -> Expression:
    of, _, by, _ = parts(node)
    return Index(lower.place(node), lower.expression(of), lower.expression(by))


# --- what has statements in it ---------------------------------------------------------------------------------------


def lower_paren(lower: Lower, node: Node) -> Expression:
    (inner,) = named(node)
    body = lower.statement(inner)
    if body is None:
        raise complaint.unexpected(")", lower.place(node))
    return Paren(lower.place(node), body)


def lower_sub(lower: Lower, node: Node) -> Expression:
    return SubExpression(lower.place(node), lower.statements(node))


def lower_array_of(lower: Lower, node: Node) -> Expression:
    return ArrayExpression(lower.place(node), lower.statements(node))


def lower_hash(lower: Lower, node: Node) -> Expression:
    entries = tuple(_entry(lower, each) for each in named(child(node, "hash_literal_body")))
    _refuse_twice([key for key, _ in entries])
    return Hash(lower.place(node), entries)


def _entry(lower: Lower, node: Node) -> tuple[Expression, Statement]:
    key, _, *rest = parts(node)
    value = next((each for each in rest if each.type != ";"), None)
    statement = lower.statement(value) if value is not None else None
    if statement is None:
        raise complaint.said("MissingStatementInHashLiteral", lower.place(node))
    return _key(lower, key), statement


def _key(lower: Lower, node: Node) -> Expression:
    (inner,) = named(node)
    return Literal(lower.place(inner), lower.text(inner)) if inner.type == "simple_name" else lower.expression(inner)


def _refuse_twice(keys: Sequence[Expression]) -> None:
    seen: set[str | int | float] = set()
    for key in keys:
        if not isinstance(key, Literal):
            continue
        folded = key.value.casefold() if isinstance(key.value, str) else key.value
        if folded in seen:
            raise complaint.said("DuplicateKeyInHashLiteral", key.at, key.value)
        seen.add(folded)


_BINARY = ("logical", "bitwise", "comparison", "additive", "multiplicative", "format", "range")

EXPRESSIONS: Mapping[str, ExpressionRule] = MappingProxyType(
    {
        **{f"{each}_expression": lower_binary for each in _BINARY},
        **{f"{each}_argument_expression": lower_binary for each in _BINARY},
        "expression_with_unary_operator": lower_unary,
        "array_literal_expression": lower_array,
        "cast_expression": lower_cast,
        "post_increment_expression": lower_step,
        "post_decrement_expression": lower_step,
        "pre_increment_expression": lower_step,
        "pre_decrement_expression": lower_step,
        "member_access": lower_member,
        "invocation_expression": lower_invocation,
        "element_access": lower_index,
        "parenthesized_expression": lower_paren,
        "sub_expression": lower_sub,
        "array_expression": lower_array_of,
        "hash_literal_expression": lower_hash,
        "decimal_integer_literal": lower_literal.lower_number,
        "hexadecimal_integer_literal": lower_literal.lower_number,
        "real_literal": lower_literal.lower_number,
        "verbatim_string_characters": lower_literal.lower_verbatim,
        "verbatim_here_string_characters": lower_literal.lower_verbatim_here,
        "expandable_string_literal": lower_literal.lower_expandable,
        "expandable_here_string_literal": lower_literal.lower_expandable_here,
        "variable": lower_literal.lower_variable,
        "type_literal": lower_literal.lower_type,
        "ternary_expression": refused("The ternary operator '?:'"),
        "ternary_argument_expression": refused("The ternary operator '?:'"),
        "null_coalesce_expression": refused("The null-coalescing operator '??'"),
        "null_coalesce_argument_expression": refused("The null-coalescing operator '??'"),
    }
)
