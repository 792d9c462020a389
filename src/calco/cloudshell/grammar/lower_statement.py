"""Statements: pipelines, assignments, branches, loops, try.

Sources: Microsoft Learn, about_Pipelines, about_Assignment_Operators, about_If, about_ForEach, about_For, about_While,
about_Do, about_Switch, about_Break, about_Continue, about_Return, about_Throw, about_Try_Catch_Finally.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from tree_sitter import Node

from calco.cloudshell.errors import unsupported
from calco.cloudshell.grammar import complaint, lower_block, lower_command, lower_expression, lower_literal
from calco.cloudshell.grammar.lower import Lower, StatementRule, child, named, parts, refused, unwrapped
from calco.cloudshell.syntax import (
    Assignment,
    Catch,
    Command,
    Expression,
    Flow,
    For,
    ForEach,
    If,
    Literal,
    Pipeline,
    Statement,
    Switch,
    Try,
    While,
)

ASSIGNMENTS = frozenset({"=", "+=", "-=", "*=", "/=", "%="})


def lower_pipeline(lower: Lower, node: Node) -> Statement | None:
    """A ``pipeline`` or what stands for one: a chain, an assignment, another statement."""
    inner = named(node)
    if len(inner) != 1:
        tail = next(each for each in inner if each.type == "pipeline_chain_tail")
        raise unsupported(f"The pipeline chain operator '{lower.text(tail)}'", lower.place(tail))
    return lower.statement(inner[0])


def lower_chain(lower: Lower, node: Node) -> Statement:
    elements: list[Expression | Command] = []
    for each in named(node):
        if each.type == "command":
            command = lower_command.lower_command(lower, each)
            if elements and isinstance(command.name, Literal) and re.fullmatch(r"\d[\d.]*", str(command.name.value)):
                raise complaint.said("ExpressionsMustBeFirstInPipeline", command.at)
            elements.append(command)
        elif each.type == "redirections":
            discarding = lower_command.discarding(lower, each)
            elements += [discarding] if discarding else []
        elif each.type == "verbatim_command_argument":
            raise unsupported("The stop-parsing token '--%'", lower.place(each))
        else:
            elements.append(lower.expression(each))
    return Pipeline(lower.place(node), tuple(elements))


def lower_assignment(lower: Lower, node: Node) -> Statement:
    left, sign, *right = parts(node)
    text = lower.text(sign)
    if text == "??=":
        raise unsupported("The assignment operator '??='", lower.place(sign))
    if text not in ASSIGNMENTS:
        raise complaint.unexpected(text, lower.place(sign))
    (target,) = named(left)
    value = lower.statement(right[-1]) if right else None
    if value is None:
        raise complaint.said("ExpectedValueExpression", lower.place(sign), text)
    return Assignment(lower.place(sign), lower_expression.assignable(lower, target), text, value)


# --- branches and loops ----------------------------------------------------------------------------------------------


def _condition(lower: Lower, node: Node) -> Statement:
    """The statement in parentheses of an if, a while, a switch; of the node that holds it."""
    inner = next(each for each in named(node) if each.type in {"pipeline", "while_condition"})
    made = lower.statement(inner)
    assert made is not None, "the grammar has something there"
    return made


def _block(lower: Lower, node: Node) -> tuple[Statement, ...]:
    """The statements of the block that stands in ``node``."""
    return lower.statements(child(node, "statement_block"))


def lower_if(lower: Lower, node: Node) -> Statement:
    clauses = child(node, "elseif_clauses")
    branches = [node, *named(clauses)]
    otherwise = child(node, "else_clause")
    return If(
        lower.place(node),
        tuple((_condition(lower, each), _block(lower, each)) for each in branches),
        _block(lower, otherwise) if otherwise else (),
    )


def label_of(lower: Lower, node: Node) -> str:
    """The label before a loop, if there is one."""
    before = node.prev_sibling
    while before is not None and before.is_extra:
        before = before.prev_sibling
    return lower.text(before).lstrip(":") if before is not None and before.type == "label" else ""


def lower_foreach(lower: Lower, node: Node) -> Statement:
    if child(node, "foreach_parameter"):
        raise unsupported("foreach -parallel", lower.place(node))
    variable = next(each for each in named(node) if each.type == "variable")
    return ForEach(
        lower.place(node),
        lower_literal.lower_variable(lower, variable),
        _condition(lower, node),
        _block(lower, node),
        label_of(lower, node),
    )


def lower_for(lower: Lower, node: Node) -> Statement:
    def part(name: str) -> Statement | None:
        found = node.child_by_field_name(name)
        return lower.statement(found) if found else None

    return For(
        lower.place(node),
        part("for_initializer"),
        part("for_condition"),
        part("for_iterator"),
        _block(lower, node),
        label_of(lower, node),
    )


def lower_while(lower: Lower, node: Node) -> Statement:
    return While(lower.place(node), _condition(lower, node), _block(lower, node), label=label_of(lower, node))


def lower_do(lower: Lower, node: Node) -> Statement:
    until = any(each.type == "until" for each in parts(node))
    label = label_of(lower, node)
    return While(lower.place(node), _condition(lower, node), _block(lower, node), first=True, until=until, label=label)


def lower_switch(lower: Lower, node: Node) -> Statement:
    given = child(node, "switch_parameters")
    words = [lower.text(each).lower() for each in named(given)] if given else []
    over = child(node, "switch_condition")
    assert over is not None, "the grammar has a switch's condition"
    if any(each.type == "-file" for each in parts(over)) or "-parallel" in words:
        raise unsupported("switch -File" if "-parallel" not in words else "switch -Parallel", lower.place(node))
    body = child(node, "switch_body")
    return Switch(
        lower.place(node),
        _condition(lower, over),
        tuple(_case(lower, each) for each in named(child(body, "switch_clauses") if body else None)),
        next((word.lstrip("-") for word in words if word in {"-regex", "-wildcard"}), ""),
        "-casesensitive" in words,
        label_of(lower, node),
    )


def _case(lower: Lower, node: Node) -> tuple[Expression | None, tuple[Statement, ...]]:
    condition = child(node, "switch_clause_condition")
    assert condition is not None, "the grammar has a clause's condition"
    inner = named(condition)
    if inner:
        return lower.expression(inner[0]), _block(lower, node)
    word = lower.text(condition).strip()
    if word.lower() == "default":
        return None, _block(lower, node)
    return lower_command.bareword(word, lower.place(condition)), _block(lower, node)


# --- try and flow ----------------------------------------------------------------------------------------------------


def lower_try(lower: Lower, node: Node) -> Statement:
    clauses, last = child(node, "catch_clauses"), child(node, "finally_clause")
    if clauses is None and last is None:
        raise complaint.said("MissingCatchOrFinally", lower.source.place(node.end_byte))
    catches = tuple(_catch(lower, each) for each in named(clauses))
    for each in catches[:-1]:
        if not each.types:
            raise complaint.said("EmptyCatchNotLast", each.at)
    return Try(lower.place(node), _block(lower, node), catches, _block(lower, last) if last else ())


def _catch(lower: Lower, node: Node) -> Catch:
    types = child(node, "catch_type_list")
    names = tuple(lower_literal.type_name(lower, each) for each in named(types)) if types else ()
    return Catch(lower.place(node), names, _block(lower, node))


def lower_flow(lower: Lower, node: Node) -> Statement:
    word, *rest = parts(node)
    text = lower.text(word).lower()
    if not rest:
        return Flow(lower.place(node), text)
    if rest[0].type == "label_expression":
        return Flow(lower.place(node), text, label=_label(lower, rest[0]))
    return Flow(lower.place(node), text, lower.statement(rest[0]))


def _label(lower: Lower, node: Node) -> str:
    (inner,) = named(node)
    inner = unwrapped(inner)
    if inner.type == "label":
        return lower.text(inner).lstrip(":")
    value = lower.expression(inner)
    if not isinstance(value, Literal):
        raise unsupported("A label that is computed", lower.place(node))
    return str(value.value)


STATEMENTS: Mapping[str, StatementRule] = MappingProxyType(
    {
        "pipeline": lower_pipeline,
        "assignment_value": lower_pipeline,
        "while_condition": lower_pipeline,
        "for_initializer": lower_pipeline,
        "for_condition": lower_pipeline,
        "for_iterator": lower_pipeline,
        "pipeline_chain": lower_chain,
        "assignment_expression": lower_assignment,
        "if_statement": lower_if,
        "foreach_statement": lower_foreach,
        "for_statement": lower_for,
        "while_statement": lower_while,
        "do_statement": lower_do,
        "switch_statement": lower_switch,
        "try_statement": lower_try,
        "flow_control_statement": lower_flow,
        "function_statement": lower_block.lower_function,
        "empty_statement": lambda _lower, _node: None,
        "class_statement": refused("The class statement"),
        "enum_statement": refused("The enum statement"),
        "trap_statement": refused("The trap statement"),
        "data_statement": refused("The data statement"),
        "inlinescript_statement": refused("The inlinescript statement"),
        "parallel_statement": refused("The parallel statement"),
        "sequence_statement": refused("The sequence statement"),
        "attribute_statement": refused("An attribute on a variable"),
    }
)
