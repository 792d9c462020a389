"""Wildcards and regular expressions, as .NET's, and never for longer than a moment.

Source: Microsoft Learn, about_Wildcards, about_Regular_Expressions, "Substitutions in regular expressions".
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import regex

from calco.cloudshell.objects import faults
from calco.cloudshell.objects.text import TEXT_MAX, bounded
from calco.cloudshell.values import Hashtable, Names, Record, Value

SECONDS_MAX = 1.0
"""For one match; what is written by people takes microseconds."""
_LENGTH_MAX = 10_000
MATCH = "System.Text.RegularExpressions.Match"

Replacement = str | Callable[[Value], str]


def wildcard(pattern: str, *, case: bool = False) -> "regex.Pattern[str]":
    """``*``, ``?``, ``[a-z]`` and the backtick that takes their meaning away, for a whole text."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        end = pattern.find("]", at + 2) if letter == "[" else -1
        if letter == "`" and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        elif letter == "*":
            out.append(".*" if out[-1:] != [".*"] else "")
        elif letter == "?":
            out.append(".")
        elif end > 0:
            inside = pattern[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            out.append(f"[{inside}]")
            at = end
        elif letter == "[":
            raise faults.runtime(
                f"The specified wildcard character pattern is not valid: {pattern}",
                "RuntimeException",
                "InvalidOperation",
                faults.AUTOMATION + "WildcardPatternException",
            )
        else:
            out.append(re.escape(letter))
        at += 1
    return _compiled("".join(out), regex.DOTALL | (0 if case else regex.IGNORECASE), pattern)


def has_wildcard(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


def like(text: str, pattern: str, *, case: bool = False) -> bool:
    if pattern == "*":
        return True
    compiled = wildcard(pattern, case=case)
    with _in_time():
        return compiled.fullmatch(text, timeout=SECONDS_MAX) is not None


def _compiled(pattern: str, flags: int, shown: str) -> "regex.Pattern[str]":
    if len(pattern) > _LENGTH_MAX:
        raise faults.bad_pattern(shown[:100] + "...")
    try:
        return regex.compile(pattern, flags)
    except (regex.error, ValueError, OverflowError, RecursionError, KeyError, IndexError):
        raise faults.bad_pattern(shown) from None


_WORDS = re.compile(r"\\\\|\\z|\\Z|\(\?'(\w+)'|\\[hK]")


def expression(pattern: str, *, case: bool = False) -> "regex.Pattern[str]":
    """A .NET regular expression. ``\\z`` and ``\\Z`` are written the other way round there."""

    def other(found: "re.Match[str]") -> str:
        word = found[0]
        if found[1]:
            return f"(?<{found[1]}>"
        return {"\\z": "\\Z", "\\Z": r"(?=\n?\Z)", "\\h": "h", "\\K": "K"}.get(word, word)

    return _compiled(_WORDS.sub(other, pattern), 0 if case else regex.IGNORECASE, pattern)


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise faults.slow_pattern() from None


def match(text: str, pattern: str, *, case: bool = False) -> Hashtable | None:
    """What ``$Matches`` is: 0 for the whole, each group by its number or name; None when it does not match."""
    compiled = expression(pattern, case=case)
    with _in_time():
        found = compiled.search(text, timeout=SECONDS_MAX)
    if found is None:
        return None
    made = Hashtable()
    names = {number: name for name, number in compiled.groupindex.items()}
    for number in range(compiled.groups + 1):
        if found.group(number) is not None:
            made.put(names.get(number, number), found.group(number))
    return made


def matches(text: str, pattern: str, *, case: bool = True) -> list[Value]:
    """Every match, as [regex]::Matches gives them."""
    compiled = expression(pattern, case=case)
    with _in_time():
        return [match_record(found) for found in compiled.finditer(text, timeout=SECONDS_MAX)]


def match_record(found: "regex.Match[str]") -> Record:
    groups: list[Value] = [
        Record.of(
            "System.Text.RegularExpressions.Group",
            {
                "Success": found.group(number) is not None,
                "Name": str(number),
                "Index": max(0, found.start(number)),
                "Length": len(found.group(number) or ""),
                "Value": found.group(number) or "",
            },
        )
        for number in range((found.re.groups or 0) + 1)
    ]
    members: dict[str, Value] = {
        "Groups": groups,
        "Success": True,
        "Name": "0",
        "Index": found.start(),
        "Length": len(found.group()),
        "Value": found.group(),
    }
    return Record(MATCH, Names(members.items()))


_TEMPLATE = re.compile(r"\$(?:(\d+)|\{(\w+)\}|([$&`'_+]))", re.ASCII)


def replace(text: str, pattern: str, by: Replacement, *, case: bool = False) -> str:
    """Every match replaced. In a text ``$1``, ``${name}``, ``$&`` and the like stand for what was found; a function
    gets the match."""
    compiled = expression(pattern, case=case)
    length = len(text)

    def put(found: "regex.Match[str]") -> str:
        nonlocal length
        new = by(match_record(found)) if callable(by) else _TEMPLATE.sub(lambda part: _part(found, part), by)
        length += len(new)
        if length > TEXT_MAX:
            raise faults.too_much()
        return new

    with _in_time():
        return bounded(compiled.sub(put, text, timeout=SECONDS_MAX))


def _part(found: "regex.Match[str]", part: "re.Match[str]") -> str:
    number, name, sign = part.groups()
    if number or (name and name.isdigit()):
        return _numbered(found, number or name, part[0], braced=bool(name))
    if name:
        return (found.group(name) or "") if name in found.re.groupindex else part[0]
    text = found.string
    meant = {"$": "$", "&": found.group(), "`": text[: found.start()], "'": text[found.end() :], "_": text}
    return meant[sign] if sign in meant else found.group(found.lastindex or 0) or ""


def _numbered(found: "regex.Match[str]", digits: str, written: str, *, braced: bool) -> str:
    """The longest number that is a group's; the digits after it are text."""
    groups = found.re.groups
    for end in range(min(len(digits), 4), 0, -1):
        if int(digits[:end]) <= groups and (not braced or end == len(digits)):
            return (found.group(int(digits[:end])) or "") + digits[end:]
    return written


def split(text: str, pattern: str, most: int = 0, *, case: bool = False, simple: bool = False) -> list[Value]:
    """The parts between the matches, and what groups found. ``most``: how many parts; 0: all; below 0: from the end."""
    compiled = expression(re.escape(pattern) if simple else pattern, case=case)
    if most == 1:
        return [text]
    with _in_time():
        found = list(compiled.finditer(text, timeout=SECONDS_MAX))
    if most > 1:
        found = found[: most - 1]
    elif most < 0:
        found = found[most + 1 :] if most < -1 else []
    parts: list[Value] = []
    last = 0
    for each in found:
        parts.append(text[last : each.start()])
        parts += [group for group in each.groups() if group is not None]
        last = each.end()
    return [*parts, text[last:]]


def split_words(text: str) -> list[Value]:
    """``-split text``: what stands between white space."""
    return list(text.split())
