"""Tags, as Az.Resources shows them and looks for them. Source: Azure/azure-powershell, Az.Resources' formats."""

from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Document, object_at


def tag_lines(record: Record) -> Value:
    """A small table of the names and values in member Tags; None where there are none."""
    return table_lines(record.get("Tags"))


def table_lines(held: Value) -> Value:
    """The same of a table of tags."""
    pairs = (
        [(str(key), "" if each is None else str(each)) for key, each in held.pairs()]
        if isinstance(held, Hashtable)
        else []
    )
    if not pairs:
        return None
    rows = [("Name", "Value"), *pairs]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    ruled = [rows[0], ("=" * widths[0], "=" * widths[1]), *pairs]
    return "\n".join(["", *(f"{name:<{widths[0]}}  {value}" for name, value in ruled), ""])


def tags_match(document: Document, wanted: Hashtable) -> bool:
    """Whether a resource has all these tags; one without a value may have any. Names are compared without case."""
    there = {name.casefold(): value for name, value in object_at(document, "tags").items()}
    return all(
        str(name).casefold() in there and (not value or there[str(name).casefold()] == value)
        for name, value in wanted.pairs()
    )
