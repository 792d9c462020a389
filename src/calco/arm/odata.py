"""``$filter``, as far as Azure's lists know it: comparisons joined by ``and``, and a few functions.

Source: OData 4.0, part 2, section 5.1.1 (URL conventions), of which Azure takes what its pages name: ``eq``, ``ne``,
``ge``, ``le``, ``gt``, ``lt``, ``substringof``, ``startswith``. Values are quoted, or bare as az sends times.
"""

import re
from dataclasses import dataclass

from calco.model.errors import ApiError

LENGTH_MAX = 4096


@dataclass(frozen=True)
class Term:
    """One condition: ``resourceGroup eq 'lab'`` is (resourcegroup, eq, lab); ``substringof('web', name)`` is (name,
    substringof, web). ``name`` and ``act`` are in lower case."""

    name: str
    act: str
    value: str


_VALUE = r"(?:'(?P<quoted>(?:[^']|'')*)'|(?P<bare>[^\s'(),]+))"
_COMPARISON = re.compile(rf"\s*(?P<name>[A-Za-z_][\w./]*)\s+(?P<act>eq|ne|ge|le|gt|lt)\s+{_VALUE}\s*", re.IGNORECASE)
_SUBSTRING = re.compile(
    rf"\s*(?P<act>substringof)\s*\(\s*{_VALUE}\s*,\s*(?P<name>[A-Za-z_][\w./]*)\s*\)\s*", re.IGNORECASE
)
_STARTS = re.compile(rf"\s*(?P<act>startswith)\s*\(\s*(?P<name>[A-Za-z_][\w./]*)\s*,\s*{_VALUE}\s*\)\s*", re.IGNORECASE)
_AND = re.compile(r"and\b", re.IGNORECASE)


def read_filter(text: str) -> tuple[Term, ...]:
    """The conditions that all have to hold; none for an empty text. Raises ApiError 400."""
    terms: list[Term] = []
    at = 0
    if not text.strip():
        return ()
    if len(text) > LENGTH_MAX:
        raise bad_filter(text, f"It is longer than {LENGTH_MAX} characters.")
    while True:
        found = _COMPARISON.match(text, at) or _SUBSTRING.match(text, at) or _STARTS.match(text, at)
        if found is None:
            raise bad_filter(text, f"There is no condition at '{text[at : at + 40]}'.")
        terms.append(_term(found))
        at = found.end()
        if at == len(text):
            return tuple(terms)
        joined = _AND.match(text, at)
        if joined is None:
            raise bad_filter(text, f"Conditions are joined by 'and'; there is '{text[at : at + 40]}'.")
        at = joined.end()


def _term(found: re.Match[str]) -> Term:
    quoted = found["quoted"]
    value = found["bare"] if quoted is None else quoted.replace("''", "'")
    return Term(found["name"].lower(), found["act"].lower(), value)


def bad_filter(text: str, why: str) -> ApiError:
    """Source: the code and first sentence are Resource Manager's."""
    return ApiError(
        400,
        "InvalidFilterInQueryString",
        f"Invalid $filter '{text[:200]}' specified in the query string. {why}",
    )


def read_top(text: str | None) -> int | None:
    """``$top``; None when there is none. Raises ApiError 400."""
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise ApiError(
            400,
            "InvalidTopInQueryString",
            f"Invalid $top '{text[:100]}' specified in the query string. It is a whole number above 0.",
        )
    return int(text)
