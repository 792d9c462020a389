"""What a call was given, as the members of an object that is described in memory."""

from collections.abc import Iterator
from datetime import datetime

from calco.cloudshell.az.record import child, reference
from calco.cloudshell.cmdlet import Call
from calco.cloudshell.values import Hashtable, Record, Value


def given(call: Call, names: str) -> dict[str, Value]:
    """Those of the parameters that were given, by member: ``names`` are parted by spaces, ``Name`` where the member is
    called so too, ``DiskSizeGB=DiskSizeInGB`` where it is not."""
    return {member: call.value(parameter) for member, parameter in _pairs(names) if call.given(parameter)}


def fill(call: Call, made: Record, member: str, names: str) -> None:
    """The same into the object in a member of ``made``, which is not made for nothing."""
    found = given(call, names)
    if found:
        child(made, member).members.update(found)


def refer(call: Call, made: Record, names: str) -> None:
    """Have members of ``made`` point at the resources whose ids were given; ``names`` as above."""
    for member, parameter in _pairs(names):
        if call.text(parameter):
            reference(made, member, call.text(parameter))


def _pairs(names: str) -> Iterator[tuple[str, str]]:
    for member, _, parameter in (each.partition("=") for each in names.split()):
        yield member, parameter or member


def moment(call: Call, name: str) -> datetime | None:
    value = call.value(name)
    return value if isinstance(value, datetime) else None


def tags(call: Call, parameter: str = "Tag") -> dict[str, Value] | None:
    """What -Tag says, for the wire; None when it was not given."""
    if not call.given(parameter):
        return None
    return {str(key): "" if value is None else str(value) for key, value in call.table(parameter).pairs()}


def tag_table(call: Call, parameter: str = "Tag") -> Hashtable | None:
    """The same as an object's member."""
    given = tags(call, parameter)
    return None if given is None else Hashtable.of(given)
