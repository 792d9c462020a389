"""Commands: names, arguments, redirections.

Sources: Microsoft Learn, about_Parsing (argument mode), about_Splatting, about_Redirection, about_Parameters.
"""

import re

from tree_sitter import Node

from calco.cloudshell.errors import unsupported
from calco.cloudshell.grammar import complaint, lower_expression, lower_literal
from calco.cloudshell.grammar.lower import Lower, child, named, parts, unwrapped
from calco.cloudshell.syntax import (
    Argument,
    Array,
    Block,
    Command,
    Expression,
    Invocation,
    Literal,
    Member,
    Named,
    Paren,
    Pipeline,
    Place,
    Redirection,
    Splat,
    Text,
    Variable,
)

Given = Argument | Named | Splat
BLOCKS = frozenset({"begin", "process", "end", "dynamicparam", "clean"})
WORDS = frozenset({"generic_token", "escape_character", "command_parameter"})
IN_BAREWORD = re.compile(r"`(?:u\{[0-9A-Fa-f]{1,6}\}|.)|\$\{[^}]+\}|\$(?:\w+:)?\w+|\$[?^$]", re.DOTALL)


def lower_command(lower: Lower, node: Node) -> Command:
    inner = parts(node)
    invoked = ""
    if inner[0].type == "command_invocation_operator":
        invoked = lower.text(inner[0])
        inner = inner[1:]
    name = _name(lower, inner[0])
    arguments, redirections = _elements(lower, child(node, "command_elements"))
    if not invoked and arguments and _is_named_block(name, arguments[0]):
        raise unsupported(f"The {lower.text(inner[0])} block of a script that is no function", lower.place(node))
    return Command(lower.place(node), name, tuple(arguments), tuple(redirections), invoked)


def _is_named_block(name: Expression, first: Given) -> bool:
    word = str(name.value).lower() if isinstance(name, Literal) else ""
    return word in BLOCKS and isinstance(first, Argument) and isinstance(first.value, Block)


def _name(lower: Lower, node: Node) -> Expression:
    if node.type == "command_name_expr":
        (inner,) = named(node)
        if inner.type not in {"command_name", "path_command_name"}:
            return lower.expression(inner)
        node = inner
    members = re.fullmatch(r"(\$\w+)((?:\.\w+)+)", lower.text(node)) if node.type == "path_command_name" else None
    if members:
        return _member(lower_literal.variable(members[1], lower.place(node)), members[2], lower.place(node))
    return bareword(lower.text(node), lower.place(node))


def _member(of: Expression, names: str, at: Place) -> Expression:
    """``names``: one or more, each after a dot."""
    for name in names[1:].split("."):
        of = Member(at, of, name)
    return of


# --- arguments -------------------------------------------------------------------------------------------------------


def _elements(lower: Lower, node: Node | None) -> tuple[list[Given], list[Redirection]]:
    given: list[Given] = []
    redirections: list[Redirection] = []
    bound = verbatim = False  # a colon waits for its value; after "--" nothing is a name
    last: Node | None = None
    for each in parts(node) if node else []:
        if each.type == "command_argument_sep":
            bound = lower.text(each).startswith(":")
            continue
        if each.type == "redirection":
            redirections.append(redirection(lower, each))
        elif each.type == "command_parameter" and not verbatim:
            verbatim = lower.text(each) == "--"
            given += [] if verbatim else [_parameter(lower, each)]
        elif each.type == "stop_parsing":
            raise unsupported("The stop-parsing token '--%'", lower.place(each))
        elif each.type == "argument_list":
            _called(lower, each, last, given)
        else:
            values = _argument(lower, each)
            if bound and given and isinstance(given[-1], Named) and isinstance(values[0], Argument):
                given[-1] = Named(given[-1].at, given[-1].name, values[0].value)
                values = values[1:]
            given += values
        bound, last = False, each
    return given, redirections


def _parameter(lower: Lower, node: Node) -> Given:
    text = lower.text(node)
    if text.startswith("--"):
        return Argument(lower.place(node), Literal(lower.place(node), text))
    return Named(lower.place(node), text[1:])


def _called(lower: Lower, node: Node, before: Node | None, given: list[Given]) -> None:
    """Parentheses after an argument: a method's when they touch a member, otherwise an argument of their own."""
    arguments = lower_expression.call_arguments(lower, node)
    last = given[-1] if given else None
    touching = before is not None and before.end_byte == node.start_byte
    if touching and isinstance(last, Argument | Named) and isinstance(last.value, Member):
        member = last.value
        value = Invocation(member.at, member.of, member.name, arguments, member.static)
        given[-1] = Argument(last.at, value) if isinstance(last, Argument) else Named(last.at, last.name, value)
        return
    at = lower.place(node)
    if not arguments:
        raise complaint.said("ExpectedExpression", at)
    value_of = arguments[0] if len(arguments) == 1 else Array(at, arguments)
    given.append(Argument(at, Paren(at, Pipeline(at, (value_of,)))))


def _argument(lower: Lower, node: Node) -> list[Given]:
    node = unwrapped(node)
    at = lower.place(node)
    if node.type == "variable" and lower.text(node).startswith("@"):
        return [Splat(at, lower.text(node)[1:])]
    if node.type == "concatenated_command_argument" and unwrapped(parts(node)[0]).type in _STRINGS:
        return _after_string(lower, node)
    if node.type == "expression_with_unary_operator":
        sign, of = parts(node)[0], parts(node)[-1]
        apart = of.start_byte > sign.end_byte or (sign.type == "!" and lower.text(of).startswith("("))
        if apart and sign.type in {"+", "-", "!"}:  # no operators here: words
            return [Argument(at, Literal(at, sign.type)), *_argument(lower, of)]
        if sign.type == "!":
            return [Argument(at, bareword(lower.text(node), at))]
    return [Argument(at, argument(lower, node))]


def argument(lower: Lower, node: Node) -> Expression:
    """What a command gets for one argument."""
    node = unwrapped(node)
    at = lower.place(node)
    put_in = lower.source.inserted(node.start_byte)
    if node.type in WORDS or lower.text(node).startswith("[") or (put_in and node.type == "verbatim_string_characters"):
        return bareword(lower.text(node), at)  # a type is a word here
    if put_in and node.type == "expandable_string_literal":
        return lower_literal.expanded(lower, node)
    if node.type in {"concatenated_command_argument", "expandable_bareword"}:
        return _joined(lower, parts(node), at)
    if node.type in {"bareword_argument_list", "array_literal_expression"}:
        return Array(at, tuple(argument(lower, each) for each in named(node)))
    value = lower.expression(node)
    if isinstance(value, Literal) and not isinstance(value.value, str):
        return lower_literal.as_argument(value, lower.text(node))
    return value


_STRINGS = frozenset({"expandable_string_literal", "verbatim_string_characters"})


def _after_string(lower: Lower, node: Node) -> list[Given]:
    """A quoted string ends its argument: what follows it is the next one, or a member of the string."""
    first, *rest = parts(node)
    value = lower.expression(first)
    text = lower.source.text_of(rest[0].start_byte, node.end_byte)
    if re.fullmatch(r"(?:\.\w+)+", text):
        return [Argument(lower.place(first), _member(value, text, lower.place(rest[0])))]
    return [
        Argument(lower.place(first), value),
        Argument(lower.place(rest[0]), _joined(lower, rest, lower.place(rest[0]))),
    ]


def _joined(lower: Lower, nodes: list[Node], at: Place) -> Expression:
    """Pieces that stand together without white space: one text."""
    made: list[str | Expression] = []
    for each in nodes:
        value = argument(lower, each)
        if isinstance(value, Literal) and isinstance(value.value, str):
            made.append(value.value)
        elif isinstance(value, Literal):
            made.append(lower.text(each))
        elif isinstance(value, Text):
            made += value.parts
        else:
            made.append(value)
    return lower_literal.text_of(at, made)


def bareword(text: str, at: Place) -> Expression:
    """A word without quotes: backticks and variables in it mean what they mean in an expandable string."""
    if "$" not in text and "`" not in text:
        return Literal(at, text)
    if re.fullmatch(r"\$\w+", text):
        return Variable(at, text[1:])
    made: list[str | Expression] = []
    done = 0
    for found in IN_BAREWORD.finditer(text):
        made.append(text[done : found.start()])
        word = found[0]
        made.append(lower_literal.unescaped(word) if word.startswith("`") else lower_literal.variable(word, at))
        done = found.end()
    made.append(text[done:])
    return lower_literal.text_of(at, [each for each in made if each != ""])


# --- redirections ----------------------------------------------------------------------------------------------------


def redirection(lower: Lower, node: Node) -> Redirection:
    sign, *target = parts(node)
    text, at = lower.text(sign), lower.place(node)
    if not target:
        source, _, stream = text.partition(">")
        if stream != "&1":
            raise unsupported(f"The redirection '{text}'", at)
        return Redirection(at, source, stream)
    if text.startswith("<"):
        raise complaint.said("RedirectionNotSupported", at, "<")
    file = next((each for each in named(target[0]) if each.type != "command_argument_sep"), None)
    if file is None:
        raise complaint.said("MissingFileSpecification", at)
    value = argument(lower, file)
    if not (isinstance(value, Variable) and value.name.lower() == "null" and not value.space):
        raise unsupported("Redirection to a file", at)
    return Redirection(at, text.rstrip(">") or "1", value)


def discarding(lower: Lower, node: Node) -> Command | None:
    """The redirections of an expression, as the command that does the same; None when they change nothing."""
    made = [redirection(lower, each) for each in named(node)]
    if any(each.target != "&1" and each.source in {"1", "*"} for each in made):
        return Command(made[0].at, Literal(made[0].at, "Out-Null"))
    if all(each.target == "&1" for each in made):
        return None
    raise unsupported("Redirection of an expression's errors", made[0].at)
