"""What the portal says, in each language: a file for each noun, the same keys in all of them (a test holds them to it).

``machine.capture`` is the key ``capture`` of ``machine.toml``. Names in braces are filled in; what is filled in is
escaped where it is shown, not here.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

from calco.identity.sign_in_words import words_for

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Their own names."""


@dataclass(frozen=True)
class Words:
    """One language's texts. Calling it answers a text; an unknown key is a mistake of ours and raises KeyError."""

    language: str
    texts: Mapping[str, str] = field(repr=False)

    def __call__(self, key: str, /, **filled: object) -> str:
        text = self.texts[key]
        return text.format(**filled) if filled else text

    def known(self, key: str, fallback: str) -> str:
        """The text of a key that comes from the API (a state, a kind); what it says itself when we have no word."""
        return self.texts.get(key, fallback)


def read() -> Mapping[str, Words]:
    """All languages, by code. Reads files: once, when the portal is made."""
    return {language: Words(language, _texts(language)) for language in LANGUAGES}


def chosen(cookie: str, accept: str) -> str:
    """The language of a browser: the one chosen in the portal, else what the browser likes best. ``accept`` is an
    Accept-Language header."""
    return cookie if cookie in LANGUAGES else words_for(accept).language


def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in sorted(resources.files(__package__).joinpath(language).iterdir(), key=lambda each: each.name):
        noun = file.name.removesuffix(".toml")
        for key, text in tomllib.loads(file.read_text("utf-8")).items():
            if not isinstance(text, str):
                raise TypeError(f"{language}/{noun}.toml: {key} is no text")
            texts[f"{noun}.{key}"] = text
    return texts
