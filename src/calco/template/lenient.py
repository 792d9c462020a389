"""The JSON that people write and Azure takes: comments, names without quotation marks, texts in single ones or over
several lines, commas behind the last member.

``az deployment group create`` sends a file as it is, behind a bare ``template:``. Sources: az 2.91's requests;
Json.NET, which Azure reads with, and its readme's list of what it takes beyond the standard.
"""

import json
import math
import re

from calco.model.document import Document, Json
from calco.model.errors import bad_content

MAX_BYTES = 4 * 1024 * 1024 + 512 * 1024
"""A template of 4 MiB and its parameters."""
MAX_DEPTH = 60

_PIECE = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<double>"(?:[^"\\]|\\.)*")
    |(?P<single>'(?:[^'\\]|\\.)*')
    |(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.$]))
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<mark>[{}\[\]:,])""",
    re.VERBOSE | re.DOTALL,
)
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}


def read_body(raw: bytes) -> Document:
    """The object that ``raw`` spells. Raises ApiError InvalidRequestContent, naming line and column."""
    if len(raw) > MAX_BYTES:
        raise bad_content(f"The request content is larger than {MAX_BYTES} bytes.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as foreign:
        raise bad_content("The request content is not UTF-8.") from foreign
    reader = _Reader(text)
    value = reader.value(0)
    reader.end()
    if not isinstance(value, dict):
        raise bad_content("The request content is no JSON object.")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.start = 0
        """Where ``piece`` begins: for messages."""
        self.kind, self.piece = "", ""
        self.step()

    def step(self) -> None:
        """Go on to the next piece that means something."""
        while self.position < len(self.text):
            found = _PIECE.match(self.text, self.position)
            self.start = self.position
            if found is None:
                self.kind, self.piece = "strange", self.text[self.position]
                raise self.wrong()
            self.position = found.end()
            if found.lastgroup != "blank":
                self.kind, self.piece = found.lastgroup or "", found[0]
                return
        self.kind, self.piece, self.start = "end", "", self.position

    def wrong(self) -> Exception:
        line = self.text.count("\n", 0, self.start) + 1
        column = self.start - (self.text.rfind("\n", 0, self.start) + 1) + 1
        seen = f"'{self.piece[:40]}'" if self.piece else "the end"
        return bad_content(f"Unexpected {seen} at line '{line}' and column '{column}'")

    def end(self) -> None:
        if self.kind != "end":
            raise self.wrong()

    def mark(self, mark: str) -> bool:
        """Whether ``mark`` comes next; then it is passed."""
        if self.kind != "mark" or self.piece != mark:
            return False
        self.step()
        return True

    def value(self, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise bad_content(f"The JSON is nested more than {MAX_DEPTH} deep.")
        if self.mark("{"):
            return self.object(depth)
        if self.mark("["):
            return self.array(depth)
        value = self.scalar()
        self.step()
        return value

    def object(self, depth: int) -> Document:
        made: Document = {}
        while not self.mark("}"):
            if self.kind not in {"double", "single", "word"}:
                raise self.wrong()
            name = self.piece if self.kind == "word" else self.string()
            self.step()
            if not self.mark(":"):
                raise self.wrong()
            made[name] = self.value(depth + 1)
            if not self.mark(",") and not (self.kind == "mark" and self.piece == "}"):
                raise self.wrong()
        return made

    def array(self, depth: int) -> list[Json]:
        made: list[Json] = []
        while not self.mark("]"):
            made.append(self.value(depth + 1))
            if not self.mark(",") and not (self.kind == "mark" and self.piece == "]"):
                raise self.wrong()
        return made

    def scalar(self) -> Json:
        if self.kind in {"double", "single"}:
            return self.string()
        if self.kind == "word" and self.piece in _WORDS:
            return _WORDS[self.piece]
        if self.kind == "number" and len(self.piece) <= 40:
            return self.number()
        raise self.wrong()

    def number(self) -> Json:
        if re.fullmatch(r"-?\d+", self.piece):
            return int(self.piece)
        value = float(self.piece)
        if not math.isfinite(value):
            raise self.wrong()
        return value

    def string(self) -> str:
        piece = self.piece
        if self.kind == "single":
            inside = re.sub(
                r'\\.|"', lambda found: {"\\'": "'", '"': '\\"'}.get(found[0], found[0]), piece[1:-1], flags=re.DOTALL
            )
            piece = f'"{inside}"'
        try:
            value = json.loads(piece, strict=False)
            value.encode()
        except ValueError:
            raise self.wrong() from None
        return str(value)
