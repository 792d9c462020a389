"""A resource is a JSON document: the shape clients send and get back.

Documents are kept whole, so that a field this version does not know survives a round trip. These few helpers are the
only way into them that does not need a cast: each answers None for what is absent, null or of another shape.
"""

import json
from collections.abc import Callable, Iterator, Mapping

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Document = dict[str, Json]


def document_in(content: bytes, decode: Callable[[bytes], Json] = json.loads) -> Document:
    """The JSON object that an answer's body holds; an empty one when it holds none. ``decode`` raises ValueError."""
    try:
        value: Json = decode(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def at(document: Json, *path: str) -> Json:
    """The value at ``path``; None when any part of the way is absent or no object."""
    value = document
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def text_at(document: Json, *path: str) -> str | None:
    """The string at ``path``, or None."""
    value = at(document, *path)
    return value if isinstance(value, str) else None


def number_at(document: Json, *path: str) -> int | None:
    """The whole number at ``path``, or None (true and false are no numbers)."""
    value = at(document, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag_at(document: Json, *path: str) -> bool | None:
    """The boolean at ``path``, or None."""
    value = at(document, *path)
    return value if isinstance(value, bool) else None


def object_at(document: Json, *path: str) -> Document:
    """The object at ``path``; an empty one when there is none."""
    value = at(document, *path)
    return value if isinstance(value, dict) else {}


def objects_at(document: Json, *path: str) -> list[Document]:
    """The objects in the array at ``path``; other elements are left out."""
    value = at(document, *path)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def without_nulls(value: Json) -> Json:
    """The same value without object members that are null: to Azure, null in a request means absent."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def leaves(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every member that is no object, with its path; arrays count as one value."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    else:
        yield path, value


def text_map(value: Mapping[str, Json]) -> dict[str, str]:
    """The string members of ``value``: how tags are read."""
    return {name: each for name, each in value.items() if isinstance(each, str)}


def merged(document: Document, change: Document) -> Document:
    """``document`` with what ``change`` says: objects member by member, all else as a whole. Source: RFC 7396."""
    result: Document = {**document}
    for name, each in change.items():
        below = result.get(name)
        result[name] = merged(below, each) if isinstance(below, dict) and isinstance(each, dict) else each
    return result
