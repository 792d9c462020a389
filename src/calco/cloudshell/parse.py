"""A script's text becomes a tree: read by the grammar, refused with PowerShell's words, lowered to ``syntax``.

``tree-sitter-pwsh`` reads it. A tree with an error in it is refused at its first error; what the grammar does not know
though PowerShell does is put right before (``repair.py``).
"""

from functools import cache
from types import MappingProxyType

import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

from calco.cloudshell import complaint, lower_block, repair
from calco.cloudshell.errors import NotParsed, unsupported
from calco.cloudshell.lower import Lower, child
from calco.cloudshell.lower_expression import EXPRESSIONS
from calco.cloudshell.lower_statement import STATEMENTS
from calco.cloudshell.source import Source
from calco.cloudshell.syntax import Block, Place, Script

TEXT_MAX = 1 << 20
"""Characters of a script."""
DEPTH_MAX = 250
"""Nodes of the grammar's tree above each other: some forty blocks, or two hundred terms of a sum."""


RULES = MappingProxyType({**EXPRESSIONS, "script_block_expression": lower_block.lower_block})


@cache
def language() -> Language:
    return Language(tree_sitter_pwsh.language())


def parse(text: str) -> Script:
    """Raises NotParsed."""
    source = Source(text)
    if len(text) > TEXT_MAX:
        raise complaint.not_parsed(
            f"A script has at most {TEXT_MAX} characters; this one has {len(text)}.", "ScriptTooLong", Place(1, 1)
        )
    try:
        data = source.data
    except UnicodeEncodeError as broken:
        raise complaint.unexpected("\ufffd", source.place_of(broken.start)) from None
    root = Parser(language()).parse(data).root_node
    again = repair.insertions(source, root)
    if again:
        source = Source(text, again)
        root = Parser(language()).parse(source.data).root_node
    if root.has_error:
        raise _complaint(source, root)
    _check_depth(source, root)
    return Script(_program(Lower(source, RULES, STATEMENTS), root))


def _complaint(source: Source, root: Node) -> NotParsed:
    node = root
    while True:
        inner = next((each for each in node.children if each.has_error or each.is_missing or each.is_error), None)
        if inner is None:
            break
        node = inner
    return complaint.unexpected(source.text_of(node.start_byte, node.end_byte), source.place(node.start_byte))


def _program(lower: Lower, root: Node) -> Block:
    using = child(root, "using_directive_list")
    if using is not None:
        raise unsupported("The using statement", lower.place(using))
    declared = child(root, "param_block")
    given = lower_block.parameters(lower, declared) if declared else ()
    return Block(lower.source.place(0), lower.source.text, given, end=lower.statements(root))


def _check_depth(source: Source, root: Node) -> None:
    cursor = root.walk()
    depth = 0
    while True:
        if cursor.goto_first_child():
            depth += 1
            if depth > DEPTH_MAX:
                raise complaint.too_deep(source.place(cursor.node.start_byte if cursor.node else 0))
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1
