"""What PowerShell reads and the grammar does not: where a few characters put in make it read it.

Always: ``1..3`` and ``1/2`` where a command may stand are taken for a command's name, ``(1)..3`` is not; in a
here-string a ``$`` or a backtick at the start of a line is lost, behind a space it is not; an ``if`` that is a value
ends at the line, also where ``else`` begins the next one. Only in a text that the
grammar refused: a line break after ``param(...)`` and between the clauses of a switch, the colon of ``break NAME``,
quotation marks around words after a comma and around what touches, a space before what touches a parameter's name.
What is put in never shows: texts and places are the author's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from tree_sitter import Node

from calco.cloudshell.grammar.scan import DOUBLE, Kind, Scan, Token, closing, starts_statement
from calco.cloudshell.grammar.source import Insertion, Source

NUMBER = re.compile(rb"(?i)((?:0x[0-9a-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)[dl]?(?:[kmgtp]b)?)(?:\.\.(?!\.)|[/*%])")
LOST = re.compile(rf"(?<=\n)[{DOUBLE}]?(?=[$`])")
PLAIN = re.compile(rf"[^\S \r\n]|[^\x00-\x7f]|@[{DOUBLE}'](?:[ \t]*\r?\n)|(?i:=\s*(?:if|try)\b|\bparam\s*\n)")
"""What a text has in it when it must be scanned before the grammar sees it."""
WORD_AFTER_COMMA = re.compile(r"[^\W\d][^\s\"'`$(){}\[\]@;|&,]*|[*?./\\~][^\s\"'`$(){}\[\]@;|&,]*")
PIECES = frozenset({Kind.VARIABLE, Kind.WORD, Kind.ESCAPE})
CONTINUED = frozenset({"`\r", "`\n", "`"})
_ELSE, _CATCH = frozenset({"else", "elseif"}), frozenset({"catch", "finally"})
FOLLOWS = MappingProxyType({"if": _ELSE, "elseif": _ELSE, "try": _CATCH, "catch": _CATCH})
"""The clauses that the block of a word may go on in."""
CLAUSES = _ELSE | _CATCH
OWNER = re.compile(r"(?i)(.*=)?(if|elseif|try|catch)")
LABEL = re.compile(r"[^\W\d]\w*")
MEMBERS = re.compile(r"(?:\.[^\W\d]\w*)+")
PARAMETER = re.compile(r"-[^\W\d]\w*")
NAMED = re.compile(rf"{PARAMETER.pattern}:?")


def merged(*found: Sequence[Insertion]) -> tuple[Insertion, ...]:
    """In the order of their places; at one place in the order given."""
    return tuple(sorted((each for some in found for each in some), key=lambda each: each.at))


def in_here_strings(scanned: Scan) -> list[Insertion]:
    made: list[Insertion] = []
    for token in scanned.tokens:
        if token.kind is not Kind.HERE:
            continue
        first = token.text.index("\n")
        end = token.text.rindex("\n")
        if first == end:  # nothing in it
            made.append(Insertion(token.start + end + 1, "\n"))
        elif token.text[1] in DOUBLE:
            made += (Insertion(token.start + found.end(), " ") for found in LOST.finditer(token.text, first + 2))
    return made


def joined(scanned: Scan) -> str:
    """The plain text, where a block goes on in a clause, and ``param`` in its parenthesis, without a line between."""
    pieces: list[str] = []
    at = 0
    tokens = [each for each in scanned.tokens if each.kind is not Kind.COMMENT]
    opening = {end: start for start, end in closing(tokens).items()}
    for index, token in enumerate(tokens):
        before = _before(tokens, index)
        if token.text == "(":
            goes_on = before >= 0 and _declares(tokens, opening, before)
        else:
            goes_on = token.text.lower() in CLAUSES and _continues_block(tokens, opening, index)
        if goes_on:
            start = tokens[before].end
            pieces += scanned.plain[at:start], " " * (token.start - start)
            at = token.start
    return "".join((*pieces, scanned.plain[at:]))


def _before(tokens: Sequence[Token], index: int) -> int:
    """The index of the token before, line breaks aside; -1 without any."""
    index -= 1
    while index >= 0 and tokens[index].kind is Kind.BREAK:
        index -= 1
    return index


def _declares(tokens: Sequence[Token], opening: Mapping[int, int], index: int) -> bool:
    """Whether it is a ``param`` that a statement begins with, behind attributes perhaps."""
    if tokens[index].text.lower() != "param":
        return False
    while index and tokens[index - 1].text == "]" and index - 1 in opening:
        index = opening[index - 1]
    return not index or tokens[index - 1].kind is Kind.BREAK or tokens[index - 1].text in {";", "{"}


def _continues_block(tokens: Sequence[Token], opening: Mapping[int, int], index: int) -> bool:
    """Whether the word at ``index``, one of ``CLAUSES``, goes on with the block before it."""
    if index + 1 < len(tokens) and tokens[index + 1].text.startswith("="):  # a key of a hashtable
        return False
    at = _before(tokens, index)
    if at not in opening or tokens[at].text != "}":
        return False
    at = _before(tokens, opening[at])
    while at in opening or (at >= 0 and tokens[at].text == ","):  # a condition, or the types that are caught
        at = _before(tokens, opening.get(at, at))
    owner = OWNER.fullmatch(tokens[at].text) if at >= 0 else None
    if owner is None or not (owner[1] or starts_statement(tokens, at) or tokens[at - 1].text.endswith("=")):
        return False
    return tokens[index].text.lower() in FOLLOWS[owner[2].lower()]


def numbers(source: Source, root: Node) -> list[Insertion]:
    """Parentheses around the number that a command's name begins with, when what follows makes it an expression."""
    made: list[Insertion] = []
    for node in _names(root) if NUMBER.search(source.data) else ():
        number = NUMBER.match(source.data, node.start_byte, node.end_byte)
        if number:
            start, end = source.offset(number.start(1)), source.offset(number.end(1))
            made += Insertion(start, "("), Insertion(end, ")")
    return made


def _names(root: Node) -> Iterator[Node]:
    """The names of commands, first to last."""
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None and node.type == "command_name":
            yield node
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return


# --- of a text that was refused --------------------------------------------------------------------------------------


def of_refused(scanned: Scan) -> list[Insertion]:
    tokens = [each for each in scanned.tokens if each.kind is not Kind.COMMENT]
    closed = closing(tokens)
    made: list[Insertion] = []
    for index, token in enumerate(tokens):
        if token.kind is Kind.WORD and starts_statement(tokens, index):
            made += _of_statement(tokens, closed, index)
    return [*made, *_after_commas(tokens), *_touching(tokens), *_after_names(tokens), *_chains(tokens, closed)]


def _after_names(tokens: Sequence[Token]) -> Iterator[Insertion]:
    """A space between a parameter's name and the parenthesis that it touches."""
    for name, value in pairwise(tokens):
        if value.text == "(" and name.end == value.start and PARAMETER.fullmatch(name.text):
            yield Insertion(value.start, " ")


def _chains(tokens: Sequence[Token], closed: dict[int, int]) -> Iterator[Insertion]:
    """Parentheses around an argument that goes on after a call, or is a call in a list: ``Foo $id.Split('/')[-1]``."""
    for at, token in enumerate(tokens):
        begins = token.text.startswith("$") if token.kind is Kind.VARIABLE else token.text == "(" and at in closed
        before = tokens[at - 1] if at else None
        if not begins or before is None or before.kind in {Kind.BREAK, Kind.OPEN} or before.text in {";", "=", "}"}:
            continue
        if before.end == token.start and before.text != "," and not NAMED.fullmatch(before.text):
            continue
        end, called, goes_on = _chain(tokens, closed, at)
        listed = "," in (before.text, tokens[end + 1].text if end + 1 < len(tokens) else "")
        if goes_on or (called and listed):
            yield Insertion(token.start, " (" if before.text == "," else "(")
            yield Insertion(tokens[end].end, ")")


def _chain(tokens: Sequence[Token], closed: dict[int, int], at: int) -> tuple[int, bool, bool]:
    """The last token of what hangs on the one at ``at``; whether a call is among it; whether anything is behind one."""
    end = closed.get(at, at)
    called = goes_on = False
    while end + 1 < len(tokens) and tokens[end + 1].start == tokens[end].end:
        bracket = tokens[end + 1].text in {"(", "["} and end + 1 in closed
        if not bracket and not MEMBERS.fullmatch(tokens[end + 1].text):
            break
        goes_on = called
        called = called or tokens[end + 1].text == "("
        end = closed[end + 1] if bracket else end + 1
    return end, called, goes_on


def _of_statement(tokens: Sequence[Token], closed: dict[int, int], index: int) -> Iterator[Insertion]:
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    match tokens[index].text.lower():
        case "param" if following and following.text == "(" and index + 1 in closed:
            yield from _broken_after(tokens, closed[index + 1])
        case "switch":
            yield from _clauses(tokens, closed, index)
        case "break" | "continue" if following and following.kind is Kind.WORD and LABEL.fullmatch(following.text):
            yield Insertion(following.start, ":")


def _broken_after(tokens: Sequence[Token], index: int) -> Iterator[Insertion]:
    if index + 1 < len(tokens) and tokens[index + 1].kind is not Kind.BREAK:
        yield Insertion(tokens[index].end, "\n")


def _clauses(tokens: Sequence[Token], closed: dict[int, int], index: int) -> Iterator[Insertion]:
    at = index + 1
    while at < len(tokens) and (tokens[at].text.startswith("-") or tokens[at].text == "("):
        at = closed.get(at, at) + 1
    while at < len(tokens) and tokens[at].kind is Kind.BREAK:
        at += 1
    if at not in closed or tokens[at].text != "{":
        return
    end = closed[at]
    at += 1
    while at < end:
        block = tokens[at].text == "{"
        at = closed.get(at, at)
        if block:
            yield from _broken_after(tokens, at)
        at += 1


def _after_commas(tokens: Sequence[Token]) -> Iterator[Insertion]:
    """Quotation marks around words after a comma, except in attributes and types."""
    brackets: list[bool] = []
    for index, token in enumerate(tokens):
        if token.kind is Kind.OPEN:
            brackets.append(token.text == "[" or (bool(brackets) and brackets[-1] and token.text == "("))
        elif token.kind is Kind.CLOSE and brackets:
            brackets.pop()
        if token.text != "," or token.kind is not Kind.SIGN or (brackets and brackets[-1]):
            continue
        at = index + 1
        while at < len(tokens) and (tokens[at].kind is Kind.BREAK or tokens[at].text[:2] in CONTINUED):
            at += 1
        if at < len(tokens) and tokens[at].kind is Kind.WORD and WORD_AFTER_COMMA.fullmatch(tokens[at].text):
            if at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].end and _continues(tokens[at + 1]):
                continue
            yield Insertion(tokens[at].start, "'")
            yield Insertion(tokens[at].end, "'")


def _continues(token: Token) -> bool:
    return token.kind in {Kind.OPEN, Kind.VARIABLE, Kind.STRING, Kind.ESCAPE}


def _touching(tokens: Sequence[Token]) -> Iterator[Insertion]:
    """Quotation marks around what touches, when the grammar cannot tell that it is one word."""
    run: list[Token] = []
    for token in (*tokens, Token(Kind.BREAK, -1, -1, "")):
        piece = token.kind in PIECES and token.text[:2] not in CONTINUED and not token.text.startswith("@")
        if piece and (not run or token.start == run[-1].end):
            run.append(token)
            continue
        if not run[:1] or not run[0].text.startswith("-"):
            twice = any(one.kind is two.kind is Kind.VARIABLE for one, two in pairwise(run))
            if twice or (len(run) > 1 and any(each.kind is Kind.ESCAPE for each in run)):
                yield Insertion(run[0].start, '"')
                yield Insertion(run[-1].end, '"')
        run = [token] if piece else []
