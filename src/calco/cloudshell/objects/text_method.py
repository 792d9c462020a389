"""Methods of a string, as .NET's String has them.

Source: .NET API reference, System.String. A refusal is a ValueError with .NET's words.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from calco.cloudshell.objects import pattern
from calco.cloudshell.objects.arithmetic import LIST_MAX
from calco.cloudshell.objects.convert import to_list, to_whole
from calco.cloudshell.objects.faults import too_much
from calco.cloudshell.objects.text import TEXT_MAX, bounded, to_text
from calco.cloudshell.values import Value

TextMethod = Callable[[str, Sequence[Value]], Value]


def _letters(arguments: Sequence[Value]) -> str | None:
    """The characters that Trim and Split take; None for white space."""
    letters = "".join(to_text(each) for argument in arguments for each in to_list(argument))
    return letters or None


def _substring(text: str, arguments: Sequence[Value]) -> Value:
    start = to_whole(arguments[0])
    length = to_whole(arguments[1]) if len(arguments) > 1 else len(text) - start
    if start < 0:
        raise ValueError("StartIndex cannot be less than zero. (Parameter 'startIndex')")
    if start > len(text):
        raise ValueError("startIndex cannot be larger than length of string. (Parameter 'startIndex')")
    if length < 0:
        raise ValueError("Length cannot be less than zero. (Parameter 'length')")
    if start + length > len(text):
        raise ValueError("Index and length must refer to a location within the string. (Parameter 'length')")
    return text[start : start + length]


def _ordinal(arguments: Sequence[Value], at: int) -> bool:
    """Whether an argument asks for a comparison without case."""
    return any(
        each is True or (isinstance(each, str) and each.lower().endswith("ignorecase")) for each in arguments[at:]
    )


def _found(test: Callable[[str, str], Value]) -> TextMethod:
    def work(text: str, arguments: Sequence[Value]) -> Value:
        sought = to_text(arguments[0])
        if _ordinal(arguments, 1):
            return test(text.casefold(), sought.casefold())
        return test(text, sought)

    return work


def _index(find: Callable[[str, str, int], int]) -> TextMethod:
    def work(text: str, arguments: Sequence[Value]) -> Value:
        sought, start = to_text(arguments[0]), 0
        if len(arguments) > 1 and isinstance(arguments[1], int) and not isinstance(arguments[1], bool):
            start = arguments[1]
            if not 0 <= start <= len(text):
                raise ValueError(
                    "Index was out of range. Must be non-negative and less than or equal to the size of the collection."
                    " (Parameter 'startIndex')"
                )
        if _ordinal(arguments, 1):
            return find(text.casefold(), sought.casefold(), start)
        return find(text, sought, start)

    return work


def _replace(text: str, arguments: Sequence[Value]) -> Value:
    old, new = to_text(arguments[0]), to_text(arguments[1])
    if not old:
        raise ValueError("The value cannot be an empty string. (Parameter 'oldValue')")
    if len(text) + text.count(old) * (len(new) - len(old)) > TEXT_MAX:
        raise too_much()
    if _ordinal(arguments, 2):
        return pattern.replace(text, re.escape(old), lambda _: new)
    return text.replace(old, new)


def _split(text: str, arguments: Sequence[Value]) -> Value:
    """By a text, by any of several, or by white space; options are words, a number is how many parts."""
    options = [each for each in arguments[1:] if isinstance(each, str) and each.lower() in _OPTIONS]
    most = next((each for each in arguments[1:] if isinstance(each, int) and not isinstance(each, bool)), 0)
    marks = [to_text(each) for each in to_list(arguments[0])] if arguments else []
    marks += [to_text(each) for each in arguments[1:] if each not in options and isinstance(each, str)]
    by = "|".join(re.escape(mark) for mark in marks if mark) or r"\s"
    parts = pattern.split(text, by, most, case=True)
    if any("trim" in option.lower() for option in options):
        parts = [to_text(part).strip() for part in parts]
    if any("removeempty" in option.lower() for option in options):
        parts = [part for part in parts if part]
    return parts


_OPTIONS = ("none", "removeemptyentries", "trimentries", "removeemptyentries, trimentries")


def _pad(way: Callable[[str, int, str], str]) -> TextMethod:
    def work(text: str, arguments: Sequence[Value]) -> Value:
        width = to_whole(arguments[0])
        if width < 0:
            raise ValueError("Non-negative number required. (Parameter 'totalWidth')")
        if width > TEXT_MAX:
            raise too_much()
        return way(text, width, to_text(arguments[1])[:1] or " " if len(arguments) > 1 else " ")

    return work


def _insert(text: str, arguments: Sequence[Value]) -> Value:
    at = to_whole(arguments[0])
    if not 0 <= at <= len(text):
        raise ValueError("Specified argument was out of the range of valid values. (Parameter 'startIndex')")
    return bounded(text[:at] + to_text(arguments[1]) + text[at:])


def _remove(text: str, arguments: Sequence[Value]) -> Value:
    start = to_whole(arguments[0])
    if not 0 <= start <= len(text):
        raise ValueError("startIndex must be less than length of string. (Parameter 'startIndex')")
    count = to_whole(arguments[1]) if len(arguments) > 1 else len(text) - start
    if count < 0 or start + count > len(text):
        raise ValueError("Index and count must refer to a location within the string. (Parameter 'count')")
    return text[:start] + text[start + count :]


def _compare(text: str, arguments: Sequence[Value]) -> Value:
    other = to_text(arguments[0])
    one, two = (text.casefold(), text), (other.casefold(), other)
    return (one > two) - (one < two)


def _characters(text: str, _: Sequence[Value]) -> Value:
    if len(text) > LIST_MAX:
        raise too_much()
    return list(text)


METHODS: Mapping[str, tuple[TextMethod, int, int]] = MappingProxyType(
    {
        "CompareTo": (_compare, 1, 1),
        "Contains": (_found(lambda text, sought: sought in text), 1, 2),
        "EndsWith": (_found(lambda text, sought: text.endswith(sought)), 1, 3),
        "IndexOf": (_index(str.find), 1, 3),
        "Insert": (_insert, 2, 2),
        "LastIndexOf": (_found(lambda text, sought: text.rfind(sought)), 1, 2),
        "PadLeft": (_pad(str.rjust), 1, 2),
        "PadRight": (_pad(str.ljust), 1, 2),
        "Remove": (_remove, 1, 2),
        "Replace": (_replace, 2, 4),
        "Split": (_split, 0, 9),
        "StartsWith": (_found(lambda text, sought: text.startswith(sought)), 1, 3),
        "Substring": (_substring, 1, 2),
        "ToCharArray": (_characters, 0, 0),
        "GetEnumerator": (_characters, 0, 0),
        "ToLower": (lambda text, _: text.lower(), 0, 1),
        "ToLowerInvariant": (lambda text, _: text.lower(), 0, 0),
        "ToUpper": (lambda text, _: text.upper(), 0, 1),
        "ToUpperInvariant": (lambda text, _: text.upper(), 0, 0),
        "Trim": (lambda text, arguments: text.strip(_letters(arguments)), 0, 9),
        "TrimEnd": (lambda text, arguments: text.rstrip(_letters(arguments)), 0, 9),
        "TrimStart": (lambda text, arguments: text.lstrip(_letters(arguments)), 0, 9),
    }
)
"""Each with the fewest and the most arguments it takes."""
