"""What a tool answers for an action: text to copy, and the keys of the sentences that belong to it.

The text is code and nothing else, the same in every language; what has to be said is said by the catalogue of words,
``view_as.KEY``.
"""

from dataclasses import dataclass
from enum import StrEnum, auto


class Note(StrEnum):
    """Keys in ``words/*/view_as.toml``."""

    AZ_TAGS = auto()
    AZ_CURL = auto()
    AZ_PASSWORD = auto()
    POWERSHELL_PASSWORD = auto()
    PUBLIC_ADDRESS = auto()
    REST_TOKEN = auto()
    REST_WAIT = auto()
    REST_PASSWORD = auto()
    REST_KEY = auto()
    REST_ADDRESS = auto()
    TERRAFORM_ACTION = auto()
    TERRAFORM_DELETE = auto()
    TERRAFORM_EXPORT = auto()
    TERRAFORM_UPLOAD = auto()
    TERRAFORM_TAGS = auto()
    TERRAFORM_SNAPSHOT = auto()
    TERRAFORM_PASSWORD = auto()


@dataclass(frozen=True)
class Shown:
    """``text`` is empty where the tool cannot do it; then there is a note that says so."""

    text: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Block:
    """One tool's way. ``tool`` is for addresses and marks, ``title`` its own name, the same in every language;
    ``language`` names the syntax: bash, powershell, http, hcl."""

    tool: str
    title: str
    language: str
    text: str
    notes: tuple[Note, ...] = ()
