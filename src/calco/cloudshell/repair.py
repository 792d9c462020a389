"""What PowerShell reads and the grammar does not: the places where a few characters put in make it read it.

``1..3`` where a command may stand is read as a command's name; ``(1)..3`` is not.
"""

import re
from collections.abc import Iterator

from tree_sitter import Node

from calco.cloudshell.source import Insertion, Source

RANGE = re.compile(rb"(\d+)\.\.(?!\.)")


def insertions(source: Source, root: Node) -> tuple[Insertion, ...]:
    """In the order of their places; none when there is nothing to put right."""
    found: list[Insertion] = []
    if b".." in source.data:
        for node in _names(root):
            number = RANGE.match(source.data, node.start_byte, node.end_byte)
            if number:
                start, end = source.offset(number.start(1)), source.offset(number.end(1))
                found += Insertion(start, "("), Insertion(end, ")")
    return tuple(found)


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
