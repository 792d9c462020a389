"""What a piece of script put out, as a value.

Source: Microsoft Learn, about_Pipelines, "Everything you wanted to know about $null" (AutomationNull).
"""

from collections.abc import Iterable

from calco.cloudshell.objects.arithmetic import LIST_MAX
from calco.cloudshell.objects.faults import too_much
from calco.cloudshell.values import Value


class _Nothing(list[Value]):
    """What has no value at all, not even null: a method that gives nothing back, a pipeline that put nothing out."""


NOTHING = _Nothing()
"""It enumerates to no objects; whoever needs a value takes null for it."""


def gathered(values: Iterable[Value]) -> list[Value]:
    """All of it. Raises Terminating when it is more than any script of ours needs."""
    found: list[Value] = []
    for each in values:
        found.append(each)
        if len(found) > LIST_MAX:
            raise too_much()
    return found


def collected(values: Iterable[Value]) -> Value:
    """As an assignment takes it: NOTHING, the one object, or an array."""
    found = gathered(values)
    return found if len(found) > 1 else found[0] if found else NOTHING
