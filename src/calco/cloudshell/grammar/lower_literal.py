"""Numbers, strings, variables and the names of types.

Sources: Microsoft Learn, about_Numeric_Literals, about_Quoting_Rules, about_Special_Characters, about_Variables,
about_Scopes.
"""

import re

from tree_sitter import Node

from calco.cloudshell.errors import unsupported
from calco.cloudshell.grammar import complaint
from calco.cloudshell.grammar.lower import Lower, named
from calco.cloudshell.syntax import Expression, Literal, Place, Text, TypeName, Variable
from calco.cloudshell.values import Long, Written, WrittenFloat

MULTIPLIERS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
DECIMAL_MAX = 79228162514264337593543950335
"""The largest whole number .NET's Decimal holds; beyond it a literal is a Double."""
DIGITS_MAX = 40
ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPE = re.compile(r"`(?:u\{([0-9A-Fa-f]{1,6})\}|(\r\n|.)|$)", re.DOTALL)
_SUFFIX = r"(?P<suffix>u?[ysl]|[udn])?(?P<multiplier>[kmgtp]b)?"
HEXADECIMAL = re.compile(rf"0x(?P<digits>[0-9a-f]+?){_SUFFIX}", re.IGNORECASE)
DECIMAL = re.compile(rf"(?P<digits>(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?){_SUFFIX}", re.IGNORECASE)
SCOPES = frozenset({"", "env", "script", "global", "local"})


# --- numbers ---------------------------------------------------------------------------------------------------------


def number(text: str) -> int | float:
    """The value of a number as a script writes it: ``1KB``, ``0x1F``, ``1.5e3``, ``10d``. Raises ValueError."""
    found = HEXADECIMAL.fullmatch(text) or DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError(f"not a number: {text}")
    digits, suffix = found["digits"], (found["suffix"] or "").lower()
    value: int | float
    if found.re is HEXADECIMAL:
        value = _hexadecimal(digits, suffix)
    elif digits.isdecimal() and len(digits) <= DIGITS_MAX:
        value = int(digits)
    else:
        value = float(digits)
    if found["multiplier"]:
        value *= MULTIPLIERS[found["multiplier"][0].lower()]
    if suffix == "l":
        return Long(round(value))
    return float(value) if isinstance(value, int) and abs(value) > DECIMAL_MAX else value


def _hexadecimal(digits: str, suffix: str) -> int:
    """Eight and sixteen digits are the bits of a signed number, unless the suffix says unsigned."""
    value = int(digits, 16)
    bits = 4 * len(digits)
    signed = not suffix.startswith(("u", "n")) and bits in {32, 64}
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def lower_number(lower: Lower, node: Node) -> Literal:
    text = lower.text(node)
    try:
        return Literal(lower.place(node), number(text))
    except (ValueError, OverflowError):
        raise complaint.said("BadNumericConstant", lower.place(node), text[: complaint.TOKEN_MAX]) from None


def as_argument(literal: Literal, text: str) -> Literal:
    """The number of an argument: a parameter that takes a string gets it as it was written."""
    value = literal.value
    if isinstance(value, float):
        return Literal(literal.at, WrittenFloat(value, text))
    return Literal(literal.at, Written(value, text)) if isinstance(value, int) else literal


# --- strings ---------------------------------------------------------------------------------------------------------


def lower_verbatim(lower: Lower, node: Node) -> Literal:
    if lower.source.inserted(node.start_byte):  # a word after a comma, and no argument
        raise complaint.said("MissingExpressionAfterToken", lower.place(node), ",")
    return Literal(lower.place(node), lower.text(node)[1:-1].replace("''", "'"))


def lower_verbatim_here(lower: Lower, node: Node) -> Literal:
    return Literal(lower.place(node), _here_body(lower.text(node)))


def _here_body(text: str) -> str:
    """What stands between the first line and the last one."""
    body = text[text.index("\n") + 1 :]
    cut = body.rindex("\n") if "\n" in body else 0
    return body[:cut].removesuffix("\r")


def lower_expandable(lower: Lower, node: Node) -> Expression:
    if lower.source.inserted(node.start_byte):  # variables that touch, and no argument
        last = (named(node) or [node])[-1]
        raise complaint.unexpected(lower.text(last), lower.place(last))
    return expanded(lower, node)


def expanded(lower: Lower, node: Node) -> Expression:
    """An expandable string, quoted by its author or for him."""
    return _expanded(lower, node, node.start_byte + 1, node.end_byte - 1, quotes=True)


def lower_expandable_here(lower: Lower, node: Node) -> Expression:
    whole = lower.source.data[node.start_byte : node.end_byte]
    start = whole.index(b"\n") + 1
    end = max(whole.rindex(b"\n"), start)
    if end > start and whole[end - 1 : end] == b"\r":
        end -= 1
    return _expanded(lower, node, node.start_byte + start, node.start_byte + end, quotes=False)


def _expanded(lower: Lower, node: Node, start: int, end: int, *, quotes: bool) -> Expression:
    """The text between two bytes, with what is put into it in its place. ``quotes``: two of them stand for one."""
    parts: list[str | Expression] = []
    at = start

    def literal(until: int) -> None:
        text = lower.source.text_of(at, until)
        if text:
            parts.append(unescaped(text.replace('""', '"') if quotes else text))

    for each in named(node):
        if each.type not in {"variable", "sub_expression"} or not at <= each.start_byte < end:
            continue
        literal(each.start_byte + lower.source.data[each.start_byte : each.end_byte].index(b"$"))
        parts.append(lower.expression(each))
        at = each.end_byte
        if each.type == "variable" and re.match(rb":(?!:)", lower.source.data[at : at + 2]):
            _refuse_colon(lower, each)
    literal(end)
    return text_of(lower.place(node), parts)


def _refuse_colon(lower: Lower, variable: Node) -> None:
    if not lower.text(variable).startswith("${"):
        raise complaint.said("InvalidVariableReferenceWithDrive", lower.place(variable))


def text_of(at: Place, parts: list[str | Expression]) -> Expression:
    """Parts joined to an expandable string, or the literal they are."""
    joined: list[str | Expression] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    match joined:
        case []:
            return Literal(at, "")
        case [str(text)]:
            return Literal(at, text)
        case _:
            return Text(at, tuple(joined))


def unescaped(text: str) -> str:
    """With what backticks stand for."""

    def meant(found: re.Match[str]) -> str:
        if found[1]:
            code = int(found[1], 16)
            return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        return ESCAPES.get(found[2] or "", found[2] or "`")

    return ESCAPE.sub(meant, text) if "`" in text else text


# --- variables and types ---------------------------------------------------------------------------------------------


def lower_variable(lower: Lower, node: Node) -> Variable:
    text, at = lower.text(node).strip(), lower.place(node)
    if text.startswith("@"):
        raise complaint.said("SplattingNotPermitted", at, text[1:])
    return variable(text, at)


def variable(text: str, at: Place) -> Variable:
    """Of ``$name``, ``$space:name`` or ``${any name}``."""
    name = unescaped(text[2:-1]) if text.startswith("${") else text[1:]
    space, colon, rest = name.partition(":")
    if not colon:
        return Variable(at, name)
    space = {"private": "local", "variable": ""}.get(space.lower(), space.lower())
    if space not in SCOPES:
        raise unsupported(f"A variable of '{space}:'", at)
    if not rest:
        raise complaint.said("InvalidVariableReferenceWithDrive", at)
    return Variable(at, rest, space)


def lower_type(lower: Lower, node: Node) -> TypeName:
    return TypeName(lower.place(node), type_name(lower, node))


def type_name(lower: Lower, node: Node) -> str:
    """Of a type_literal: what stands between the brackets, without white space."""
    return "".join(lower.text(node)[1:-1].split())
