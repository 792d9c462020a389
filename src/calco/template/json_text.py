"""JSON inside a text of a template: bounded, and without the numbers that JSON does not have."""

import json
import math

from calco.model.document import Json
from calco.template.faults import Fault, compact, short


def _no_constant(text: str) -> Json:
    raise ValueError(text)


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number out of range")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value


def read_json(function: str, text: str) -> Json:
    """The value that ``text`` spells. Raises Fault naming ``function``."""
    try:
        value: Json = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_float)
        compact(value).encode()  # half a character, which no answer could be written with
    except (ValueError, RecursionError):
        raise Fault(
            f"The template language function '{function}' parameter is not valid. The provided value '{short(text)}' "
            "cannot be parsed as JSON"
        ) from None
    return value
