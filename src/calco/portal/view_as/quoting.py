"""A text as one word of bash, PowerShell, JSON or HCL, whatever is in it.

Names, tags and files come from people and from other people's machines; pasted into a terminal they must stay what they
are: one value. What cannot be seen (control characters, which a terminal would obey while they are pasted, and those
that turn the direction of writing) is written as an escape in every language, so that the text shows what it does.

Sources: bash(1), "QUOTING"; PowerShell, about_Quoting_Rules and about_Special_Characters, and its tokenizer, to which
the curly quotation marks are quotation marks too (CharTraits.cs); RFC 8259, 7; HCL native syntax specification,
"Template Expressions".
"""

import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote

from calco.model.document import Json

_PS_SINGLE = re.compile("['\u2018\u2019\u201a\u201b]")
_PS_SPECIAL = re.compile('[`$"\u201c\u201d\u201e]')
_HCL_TEMPLATE = re.compile(r"([$%])(?=\{)")
_HCL_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def bash(text: str) -> str:
    """One word of bash. NUL, which no argument can hold, becomes U+FFFD."""
    text = text.replace("\0", "\ufffd")
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("!", "\\x21")
    return f"$'{_unseen(escaped, _bash_escape)}'"


def powershell(text: str) -> str:
    """A literal string of PowerShell: verbatim in single quotes, or, with what cannot be seen, escaped in double ones
    (``u{...}`` since PowerShell 6)."""
    if text.isprintable():
        return f"'{_PS_SINGLE.sub(lambda found: found[0] * 2, text)}'"
    escaped = _PS_SPECIAL.sub(lambda found: f"`{found[0]}", text)
    return f'"{_unseen(escaped, lambda char: f"`u{{{ord(char):x}}}")}"'


def hcl(text: str) -> str:
    """A quoted template of HCL that is this text and no template."""
    escaped = _HCL_TEMPLATE.sub(r"\1\1", text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{_unseen(escaped, _hcl_escape)}"'


def hcl_key(text: str) -> str:
    """A key of an object; a name that HCL could take for an expression is quoted too."""
    return text if _HCL_PLAIN_KEY.fullmatch(text) and text not in {"null", "true", "false", "for"} else hcl(text)


def as_json(value: Json, indent: int | None = 2) -> str:
    """JSON to be read by people."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _unseen(text, lambda char: char if char == "\n" else json.dumps(char)[1:-1])


def path(text: str) -> str:
    """A resource's id, or another path, as part of a URL."""
    return quote(text, safe="/", errors="replace")


def _unseen(text: str, escape: Callable[[str], str]) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else escape(each) for each in text)


def _bash_escape(char: str) -> str:
    """Bytes of UTF-8, so that it does not hang on the locale."""
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "replace"))


def _hcl_escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
