"""A script's text becomes a tree: read by the grammar, refused with PowerShell's words, lowered to ``syntax``.

``tree-sitter-pwsh`` reads it. A tree with an error in it is refused at its first error; what the grammar does not know
though PowerShell does is put right before (``repair.py``).
"""

from functools import cache
from types import MappingProxyType

import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

from calco.cloudshell.errors import Fault, NotParsed, unsupported
from calco.cloudshell.grammar import complaint, diagnosis, lower_block, repair
from calco.cloudshell.grammar.lower import Lower, child
from calco.cloudshell.grammar.lower_expression import EXPRESSIONS
from calco.cloudshell.grammar.lower_statement import STATEMENTS
from calco.cloudshell.grammar.scan import scan
from calco.cloudshell.grammar.source import Source
from calco.cloudshell.syntax import Block, Place, Script

TEXT_MAX = 1 << 20
"""Characters of a script."""
DEPTH_MAX = 250
"""Nodes of the grammar's tree above each other: some forty blocks, or two hundred terms of a sum."""
TYPED_MAX = 1 << 14
"""Characters of a text that is asked whether it goes on: more nobody types, and each answer reads it several times."""
TAILS = ("x", " 1", " {}", " while (1)", " (1) {}", " x {}", "\n catch {}")
"""What could follow a text that ends too early."""

RULES = MappingProxyType({**EXPRESSIONS, "script_block_expression": lower_block.lower_block})


@cache
def language() -> Language:
    return Language(tree_sitter_pwsh.language())


def parse(text: str) -> Script:
    """Raises NotParsed."""
    source, root = read(text)
    if root.has_error:
        raise diagnosis.diagnosed(source, scan(text), root)
    _check_depth(source, root)
    return Script(_program(Lower(source, RULES, STATEMENTS), root))


def is_incomplete(text: str) -> bool:
    """Whether more lines could make a script of it: something is open, or it ends where nothing may end."""
    if len(text) > TYPED_MAX:
        return False
    scanned = scan(text)
    if scanned.stray is None and (scanned.open or (scanned.tokens and scanned.tokens[-1].text.rstrip() == "`")):
        return True
    try:
        parse(text)
    except NotParsed as refused:
        return scanned.stray is None and _goes_on(text, refused.fault)
    return False


def _goes_on(text: str, fault: Fault) -> bool:
    if fault.id == "MissingCatchOrFinally":
        return text.rstrip().endswith("}")
    return fault.category == "ParserError" and any(not read(text + tail)[1].has_error for tail in TAILS)


def read(text: str) -> tuple[Source, Node]:
    """The text as the grammar can read it, and the grammar's tree. Raises NotParsed for what is no text of a script."""
    _check_text(text)
    source, scanned = Source(text), None
    if repair.PLAIN.search(text):
        scanned = scan(text)
        source = Source(repair.joined(scanned), repair.merged(repair.in_here_strings(scanned)), text)
    source, root = _with_numbers(source, _tree(source))
    if root.has_error:
        scanned = scanned or scan(text)
        wanting = repair.of_refused(scanned)
        if wanting:
            again = Source(source.text, repair.merged(source.insertions, wanting), source.written)
            return _with_numbers(again, _tree(again))
    return source, root


def _tree(source: Source) -> Node:
    return Parser(language()).parse(source.data).root_node


def _with_numbers(source: Source, root: Node) -> tuple[Source, Node]:
    found = repair.numbers(source, root)
    if not found:
        return source, root
    again = Source(source.text, repair.merged(source.insertions, found), source.written)
    return again, _tree(again)


def _check_text(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise complaint.said("ScriptTooLong", Place(1, 1), TEXT_MAX, len(text))
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        raise complaint.unexpected("\ufffd", Source(text).place_of(broken.start)) from None


def _program(lower: Lower, root: Node) -> Block:
    using = child(root, "using_directive_list")
    if using is not None:
        raise unsupported("The using statement", lower.place(using))
    made = Block(lower.source.place(0), lower.source.text, end=lower.statements(root))
    return lower_block.declaring(lower, made, child(root, "param_block"))


def _check_depth(source: Source, root: Node) -> None:
    cursor = root.walk()
    depth = 0
    while True:
        if cursor.goto_first_child():
            depth += 1
            if depth > DEPTH_MAX:
                raise complaint.said("ScriptTooComplicated", source.place(cursor.node.start_byte if cursor.node else 0))
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1
