"""Script blocks, functions and their parameters.

Sources: Microsoft Learn, about_Functions, about_Functions_Advanced_Parameters, about_Script_Blocks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from tree_sitter import Node

from calco.cloudshell.errors import unsupported
from calco.cloudshell.grammar import complaint, lower_literal
from calco.cloudshell.grammar.lower import Lower, child, named, parts, unwrapped
from calco.cloudshell.syntax import Block, Expression, Formal, Function, Literal, Place, Statement, Unary, Variable

PLAIN = frozenset({"unary_expression", "expression_with_unary_operator", "cast_expression"})
"""What a parameter without a default is when it is read as an expression."""


def lower_function(lower: Lower, node: Node) -> Function:
    word, name, *_ = parts(node)
    if word.type == "workflow":
        raise unsupported("The workflow statement", lower.place(node))
    declared = child(node, "function_parameter_declaration")
    given = formals(lower, child(declared, "parameter_list")) if declared else ()
    body = block(lower, node, child(node, "script_block"), given)
    if word.type == "filter" and not (body.begin or body.process):
        body = replace(body, process=body.end, end=())
    return Function(lower.place(node), lower.text(name).strip(), body)


def lower_block(lower: Lower, node: Node) -> Expression:
    """A script_block_expression."""
    return declaring(lower, block(lower, node, child(node, "script_block")), child(node, "param_block"))


def block(lower: Lower, whole: Node, inner: Node | None, given: tuple[Formal, ...] = ()) -> Block:
    """``whole`` has the braces; ``inner`` is the script_block in it, None when it is empty."""
    made = _taking(Block(lower.place(whole), _between_braces(lower, whole)), given)
    if inner is None:
        return made
    made = declaring(lower, made, child(inner, "param_block"))
    body = child(inner, "script_block_body")
    return filled(lower, made, body) if body else made


def filled(lower: Lower, made: Block, body: Node) -> Block:
    """With the statements of ``body``, in named blocks or without."""
    blocks = child(body, "named_block_list")
    if blocks is None:
        return replace(made, end=lower.statements(body))
    found: dict[str, tuple[Statement, ...]] = {"begin": (), "process": (), "end": ()}
    for each in named(blocks):
        name, inner = named(each)
        kind = lower.text(name).lower()
        if kind not in found:
            raise unsupported(f"The {kind} block", lower.place(each))
        found[kind] = lower.statements(inner)
    return replace(made, begin=found["begin"], process=found["process"], end=found["end"])


def _between_braces(lower: Lower, node: Node) -> str:
    text = lower.text(node)
    start, end = text.find("{"), text.rfind("}")
    return text[start + 1 : end] if 0 <= start < end else text


# --- parameters ------------------------------------------------------------------------------------------------------


def declaring(lower: Lower, made: Block, node: Node | None) -> Block:
    """With what a param_block declares, if there is one."""
    if node is None:
        return made
    for each in named(child(node, "attribute_list")):
        made = _with_binding(lower, made, each)
    return _taking(made, formals(lower, child(node, "parameter_list")))


def _taking(made: Block, parameters: tuple[Formal, ...]) -> Block:
    return replace(made, parameters=parameters, advanced=made.advanced or any(each.advances for each in parameters))


def _with_binding(lower: Lower, made: Block, node: Node) -> Block:
    name = _attribute_name(lower, node)
    if name not in {"cmdletbinding", "outputtype"}:
        raise unsupported(f"The attribute [{lower.text(node).strip('[]')}]", lower.place(node))
    if name == "outputtype":
        return made
    for key, value in _arguments(lower, node):
        if key == "supportsshouldprocess":
            made = replace(made, confirms=_true(value, lower.place(node)))
        elif key not in {"positionalbinding", "defaultparametersetname", "confirmimpact", "helpuri"}:
            raise unsupported(f"CmdletBinding's {key or 'argument'}", lower.place(node))
    return replace(made, advanced=True)


def formals(lower: Lower, node: Node | None) -> tuple[Formal, ...]:
    """Of a parameter_list."""
    made = tuple(formal for each in named(node) for formal in _formals(lower, each))
    seen: set[str] = set()
    for each in made:
        if each.name.casefold() in seen:
            raise complaint.said("DuplicateFormalParameter", each.at, each.name)
        seen.add(each.name.casefold())
    return made


def _formals(lower: Lower, node: Node) -> Iterator[Formal]:
    """A parameter, and those after it that the grammar takes for parts of its default: ``$a = 1, [switch]$b``."""
    made = _formal(lower, node)
    default = child(node, "script_parameter_default")
    if default is None:
        yield made
        return
    value = named(default)[0]
    first, *others = named(value) if value.type == "array_literal_expression" else [value]
    yield replace(made, default=lower.expression(first))
    for each in others:
        yield _plain_formal(lower, each)


def _plain_formal(lower: Lower, node: Node) -> Formal:
    """``[type]$name`` or ``$name``, read as an expression."""
    type = ""
    inner = node
    while inner.type != "variable":
        if inner.type not in PLAIN or not lower.text(inner).startswith(("[", "$")):
            raise complaint.said("MissingExpressionAfterToken", lower.place(node), ",")
        cast = child(inner, "type_literal")
        if cast is not None and not type:
            type = lower_literal.type_name(lower, cast)
        inner = named(inner)[-1]
    return Formal(lower.place(inner), lower_literal.lower_variable(lower, inner).name, type)


def _formal(lower: Lower, node: Node) -> Formal:
    variable = child(node, "variable")
    assert variable is not None, "the grammar has a parameter's variable"
    name = lower_literal.lower_variable(lower, variable)
    made = Formal(lower.place(variable), name.name)
    for each in named(child(node, "attribute_list")):
        made = _with_attribute(lower, made, each)
    return made


def _with_attribute(lower: Lower, made: Formal, node: Node) -> Formal:
    type = child(node, "type_literal")
    if type is not None:
        return replace(made, type=lower_literal.type_name(lower, type))
    name = _attribute_name(lower, node)
    rule = ATTRIBUTES.get(name)
    if rule is None:
        raise unsupported(f"The attribute [{lower.text(node).strip('[]')}]", lower.place(node))
    return rule(made, _arguments(lower, node), lower.place(node))


def _attribute_name(lower: Lower, node: Node) -> str:
    name = child(node, "attribute_name", "type_literal")
    return lower.text(name).strip("[]").lower().removesuffix("attribute") if name else ""


Arguments = tuple[tuple[str, Expression | None], ...]
"""Key in lower case, or empty; None for a key without a value."""


def _arguments(lower: Lower, node: Node) -> Arguments:
    made: list[tuple[str, Expression | None]] = []
    for each in named(child(node, "attribute_arguments")):
        inner = named(each)
        if inner[0].type == "simple_name":
            made.append((lower.text(inner[0]).lower(), lower.expression(inner[1]) if len(inner) > 1 else None))
            continue
        value = unwrapped(inner[0])
        listed = named(value) if value.type == "array_literal_expression" else [value]
        made += [("", lower.expression(item)) for item in listed]
    return tuple(made)


def _parameter_attribute(made: Formal, arguments: Arguments, at: Place) -> Formal:
    made = replace(made, advances=True)
    for key, value in arguments:
        if key == "mandatory":
            made = replace(made, mandatory=_true(value, at))
        elif key == "position" and isinstance(value, Literal) and isinstance(value.value, int):
            made = replace(made, position=value.value)
        elif key == "valuefrompipeline":
            made = replace(made, from_pipeline=_true(value, at))
        elif key == "valuefrompipelinebypropertyname":
            made = replace(made, from_name=_true(value, at))
        elif key != "helpmessage":
            raise unsupported(f"The parameter's attribute {key or 'argument'}", at)
    return made


def _true(value: Expression | None, at: Place) -> bool:
    if value is None:
        return True
    if isinstance(value, Variable) and value.name.lower() in {"true", "false"}:
        return value.name.lower() == "true"
    if isinstance(value, Literal) and isinstance(value.value, int):
        return value.value != 0
    raise unsupported("An attribute's value that is computed", at)


def _range(made: Formal, arguments: Arguments, at: Place) -> Formal:
    bounds = [_number(value, at) for key, value in arguments if not key]
    if len(bounds) != 2:
        raise unsupported("A [ValidateRange()] without two numbers", at)
    return replace(made, range=(bounds[0], bounds[1]))


def _pattern(made: Formal, arguments: Arguments, at: Place) -> Formal:
    patterns = _texts(arguments, at)
    if len(patterns) != 1:
        raise unsupported("A [ValidatePattern()] without one pattern", at)
    return replace(made, pattern=patterns[0])


def _number(value: Expression | None, at: Place) -> float:
    if isinstance(value, Unary) and value.operator == "-":
        return -_number(value.of, at)
    if isinstance(value, Literal) and not isinstance(value.value, str):
        return value.value
    raise unsupported("An attribute's value that is computed", at)


def _texts(arguments: Arguments, at: Place) -> tuple[str, ...]:
    values = [value.value for key, value in arguments if not key and isinstance(value, Literal)]
    if len(values) != len(arguments):
        raise unsupported("An attribute's value that is computed", at)
    return tuple(str(value) for value in values)


ATTRIBUTES: Mapping[str, Callable[[Formal, Arguments, Place], Formal]] = MappingProxyType(
    {
        "parameter": _parameter_attribute,
        "validateset": lambda made, given, at: replace(made, choices=_texts(given, at)),
        "validatenotnullorempty": lambda made, _given, _at: replace(made, filled=True),
        "validaterange": _range,
        "validatepattern": _pattern,
        "alias": lambda made, given, at: replace(made, aliases=_texts(given, at)),
    }
)
