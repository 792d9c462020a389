"""What a guest asks and what it is answered, free of sockets: the fabric's services are functions between these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import msgspec

from calco.model.document import Json
from calco.model.guest import Report

MAX_QUERY_FIELDS = 32


@dataclass(frozen=True)
class Request:
    """One HTTP request of a guest. ``path`` and ``query`` are as they came, still percent-encoded; names in ``headers``
    are in lower case, a header sent twice has its values joined by ``, ``."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def segments(self) -> list[str] | None:
        """The decoded parts of the path; None when it is no path or not UTF-8. A slash at the end adds nothing."""
        if not self.path.startswith("/"):
            return None
        try:
            parts = [unquote(part, errors="strict") for part in self.path[1:].split("/")]
        except UnicodeDecodeError:
            return None
        return parts[:-1] if parts[-1] == "" else parts

    @property
    def parameters(self) -> dict[str, str] | None:
        """The query by lower-case name; None when a name comes twice or there are too many."""
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
        except ValueError:
            return None
        found = {name.lower(): value for name, value in pairs}
        return found if len(found) == len(pairs) else None


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reply:
    """An answer, and what the guest reported by asking."""

    answer: Answer
    report: Report | None = None


def json_answer(status: int, value: Json) -> Answer:
    return Answer(status, msgspec.json.encode(value))


def text_answer(text: str) -> Answer:
    return Answer(200, text.encode(), "text/plain; charset=utf-8")


def xml_answer(text: str) -> Answer:
    return Answer(200, text.encode(), "text/xml; charset=utf-8")


def not_allowed(*methods: str) -> Answer:
    return Answer(405, b'{"error":"Method not allowed"}', headers=(("Allow", ", ".join(methods)),))


def not_found() -> Answer:
    return json_answer(404, {"error": "Not found"})
