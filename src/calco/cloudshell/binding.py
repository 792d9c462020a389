"""Binds what was written after a command's name to its parameters, and runs it.

Names are matched without case and by any prefix that says enough; what has no name goes by position; the parameters
that were given choose the set; objects of the pipeline bind by value, then by the names of their properties. Sources:
Microsoft Learn, about_Parameters, about_Parameter_Sets, about_Pipelines ("Parameter binding"), about_CommonParameters;
the wording of faults is PowerShell 7's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calco.cloudshell.cmdlet import Cmdlet, Shell
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Value


@dataclass(frozen=True)
class Given:
    """One thing given to a command. ``name`` empty: a value by position. ``has_value`` False: a bare ``-Name``, which
    takes the next value by position unless it is a switch."""

    at: Place
    value: Value = None
    name: str = ""
    has_value: bool = True


def run(
    command: Cmdlet, given: Sequence[Given], input: Iterator[Value] | None, shell: Shell, at: Place
) -> Iterator[Value]:
    """What ``command`` gives, one object at a time. ``input`` is None at the head of a pipeline.

    Raises Terminating: when nothing can be bound, when the command ends so, and for any error under ErrorAction Stop.
    """
    raise NotImplementedError
    yield
