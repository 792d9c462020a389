"""What the host lacks, in the reader's language: the catalogue has words for each of the doctor's codes."""

from dataclasses import dataclass

from calco.model.document import Document, object_at, text_at, text_map
from calco.portal.words import Words


@dataclass(frozen=True)
class Told:
    """A warning as it is shown. ``is_ours``: in the page's language; else it is the API's own English. ``seen`` is what
    failed there, always in its own words; of ``mend`` and ``command``, what would help, at most one is not empty."""

    code: str
    text: str
    is_ours: bool
    seen: str = ""
    mend: str = ""
    command: str = ""


def told(words: Words, warning: Document) -> Told:
    """A code that nobody has words for yet is told as the API tells it."""
    code, command = text_at(warning, "code") or "", text_at(warning, "mend") or ""
    arguments = text_map(object_at(warning, "arguments"))
    try:
        text = words(f"doctor.{code}", **arguments)
    except KeyError:  # no words for it, or they ask for what it does not bring
        return Told(code, text_at(warning, "message") or "", is_ours=False, command=command)
    state = arguments.get("state")
    mend = words.known(f"doctor.mend_{code}_{state}" if state else f"doctor.mend_{code}", "")
    return Told(code, text, True, arguments.get("said", ""), mend, "" if mend else command)
