"""A script's text cut into strings, comments, brackets and words, whatever else is wrong with it.

The grammar tells that a text is broken, not why; this tells what was opened and not closed, and where the words are
that ``repair.py`` looks for. Sources: Microsoft Learn, about_Quoting_Rules, about_Comments, about_Special_Characters;
quotation marks and dashes that word processors write count as plain ones, as in PowerShell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

DOUBLE, SINGLE, DASHES, SPACES = '"“”„', "'‘’‚‛", "–—―", "\t\v\f\xa0\u2007\u202f\ufeff"


class Kind(Enum):
    WORD = "word"
    VARIABLE = "variable"
    STRING = "string"
    HERE = "here-string"
    COMMENT = "comment"
    OPEN = "open"
    CLOSE = "close"
    SIGN = "sign"
    BREAK = "line break"
    ESCAPE = "escape"


@dataclass(frozen=True)
class Token:
    """``level``: how many brackets are open around it (around the bracket, for brackets themselves)."""

    kind: Kind
    start: int
    end: int
    text: str
    level: int = 0


@dataclass(frozen=True)
class Open:
    """Something that was opened at ``at`` and not closed: a bracket as it was written, a quotation mark, ``<#``."""

    what: str
    at: int


@dataclass(frozen=True)
class Scan:
    """``stray``: the first closing bracket that closes nothing, ``inside`` what was open there. ``plain``: the text
    with plain marks for what counts as such, of the same length."""

    tokens: tuple[Token, ...]
    open: tuple[Open, ...]
    stray: Token | None
    inside: Open | None
    plain: str


CLOSERS = {"(": ")", "$(": ")", "@(": ")", "{": "}", "@{": "}", "[": "]"}

_CODE = re.compile(
    rf"""
      (?P<here>@[{DOUBLE}{SINGLE}][ \t]*\r?\n)
    | (?P<block><\#)
    | (?P<break>\r?\n)
    | (?P<space>[ {SPACES}]+)
    | (?P<single>[{SINGLE}])
    | (?P<double>[{DOUBLE}])
    | (?P<escape>`(?:\r\n|.)?)
    | (?P<variable>\$\{{(?:`.|[^}}`])*\}} | [$@](?:\w+:(?!:))?\w+ | \$[$^?])
    | (?P<open>\$\(|@\(|@\{{|[({{\[])
    | (?P<close>[)}}\]])
    | (?P<comment>\#[^\r\n]*)
    | (?P<word>[^\s`$@(){{}}\[\],;|&{DOUBLE}{SINGLE}{SPACES}]+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_STRING = re.compile(
    rf"(?P<text>(?:[^{DOUBLE}$`]|`(?:.|$)|[{DOUBLE}]{{2}}|\$(?!\())+)|(?P<sub>\$\()|(?P<end>[{DOUBLE}])", re.DOTALL
)
_IN_HERE = re.compile(
    rf"(?P<end>\r?\n[{DOUBLE}]@)|(?P<sub>\$\()|(?P<text>(?:[^$`\r\n]|`(?:.|$)|\$(?!\()|\r?\n(?![{DOUBLE}]@)|\r)+)",
    re.DOTALL,
)


_KINDS = {
    "break": Kind.BREAK,
    "comment": Kind.COMMENT,
    "escape": Kind.ESCAPE,
    "variable": Kind.VARIABLE,
    "sign": Kind.SIGN,
}


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        self.stack: list[Open] = []
        self.stray: tuple[Token, Open | None] | None = None
        self.plain = list(text)

    def run(self) -> Scan:
        while self.at < len(self.text):
            inside = self.stack[-1].what if self.stack else ""
            if inside == '"':
                self._string(_IN_STRING, Kind.STRING)
            elif inside == '@"':
                self._string(_IN_HERE, Kind.HERE)
            else:
                self._code()
        stray, within = self.stray or (None, None)
        return Scan(tuple(self.tokens), tuple(self.stack), stray, within, "".join(self.plain))

    def _add(self, kind: Kind, start: int, end: int) -> Token:
        made = Token(kind, start, end, self.text[start:end], len(self.stack))
        self.tokens.append(made)
        return made

    def _string(self, pattern: re.Pattern[str], kind: Kind) -> None:
        """One piece of an expandable string; ``kind``'s token is made at its end."""
        found = pattern.match(self.text, self.at)
        assert found is not None, "the pieces cover every character"
        self.at = found.end()
        if found.lastgroup == "sub":
            self._add(Kind.OPEN, found.start(), found.end())
            self.stack.append(Open("$(", found.start()))
        elif found.lastgroup == "end":
            opened = self.stack.pop()
            while self.tokens and self.tokens[-1].start > opened.at:
                self.tokens.pop()  # what is in the string is not beside it
            self._add(kind, opened.at, found.end())
            mark = found.end() - 1 if kind is Kind.STRING else found.end() - 2
            self.plain[mark] = '"'

    def _code(self) -> None:
        found = _CODE.match(self.text, self.at)
        assert found is not None, "the last alternative takes any character"
        start, self.at = found.span()
        match found.lastgroup:
            case "here":
                self._here(start)
            case "block":
                self._block_comment(start)
            case "single":
                self._verbatim(start)
            case "double":
                self.plain[start] = '"'
                self.stack.append(Open('"', start))
            case "space":
                self.plain[start : self.at] = " " * (self.at - start)
            case "open":
                self._add(Kind.OPEN, start, self.at)
                self.stack.append(Open(found[0], start))
            case "close":
                self._close(start)
            case "word":
                self._word(start)
            case name:
                self._add(_KINDS[name or "sign"], start, self.at)

    def _word(self, start: int) -> None:
        for index in range(start, self.at):
            if self.text[index] in DASHES:
                self.plain[index] = "-"
        self._add(Kind.WORD, start, self.at)

    def _here(self, start: int) -> None:
        for index in range(start + 2, self.at):
            if self.text[index] == "\t":
                self.plain[index] = " "
        if self.text[start + 1] in DOUBLE:
            self.plain[start + 1] = '"'
            self.stack.append(Open('@"', start))
            self.at -= 1  # its first line may be its last one
            self.at -= self.text[self.at - 1] == "\r"
            return
        self.plain[start + 1] = "'"
        end = re.compile(rf"\n[{SINGLE}]@").search(self.text, self.at - 1)
        if end is None:
            self._open_to_the_end("@'", start)
            return
        self.at = end.end()
        self.plain[end.end() - 2] = "'"
        self._add(Kind.HERE, start, self.at)

    def _verbatim(self, start: int) -> None:
        end = re.compile(rf"(?:[^{SINGLE}]|[{SINGLE}]{{2}})*+[{SINGLE}]").match(self.text, self.at)
        if end is None:
            self._open_to_the_end("'", start)
            return
        self.at = end.end()
        self.plain[start] = self.plain[self.at - 1] = "'"
        self._add(Kind.STRING, start, self.at)

    def _block_comment(self, start: int) -> None:
        end = self.text.find("#>", self.at)
        if end < 0:
            self._open_to_the_end("<#", start)
            return
        self.at = end + 2
        self._add(Kind.COMMENT, start, self.at)

    def _open_to_the_end(self, what: str, start: int) -> None:
        self.stack.append(Open(what, start))
        self.at = len(self.text)

    def _close(self, start: int) -> None:
        sign = self.text[start]
        if self.stack and CLOSERS.get(self.stack[-1].what) == sign:
            self.stack.pop()
            self._add(Kind.CLOSE, start, self.at)
            return
        token = self._add(Kind.CLOSE, start, self.at)
        self.stray = self.stray or (token, self.stack[-1] if self.stack else None)


def scan(text: str) -> Scan:
    return _Scanner(text).run()


def closing(tokens: Sequence[Token]) -> dict[int, int]:
    """The index of the closing bracket by that of the opening one."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind is Kind.OPEN:
            stack.append(index)
        elif token.kind is Kind.CLOSE and stack:
            found[stack.pop()] = index
    return found


def starts_statement(tokens: Sequence[Token], index: int) -> bool:
    before = tokens[index - 1] if index else None
    if before is None or before.text in {";", "="}:
        return True
    return before.kind in {Kind.BREAK, Kind.OPEN, Kind.CLOSE} and before.text != "["
