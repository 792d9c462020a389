"""What a row of the table of routes is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from calco.blob.access import Needs
from calco.blob.call import Answer, Body, Call, Prepared


class Takes(Enum):
    """What becomes of the body: none is read; it is held in memory; it goes into a volume as it comes."""

    NOTHING = auto()
    MEMORY = auto()
    VOLUME = auto()


@dataclass(frozen=True)
class Key:
    """How a request is told. ``level`` is ``service``, ``container`` or ``blob``."""

    method: str
    level: str
    restype: str = ""
    comp: str = ""


def nothing(_call: Call) -> Prepared:
    """For routes that look at nothing before the body comes."""
    return None


@dataclass(frozen=True)
class Route:
    """``needs``: the right it takes. ``prepare`` is called before a byte of the body is read, so that a refusal costs
    nothing; its answer comes with the body. ``limit``: bytes of the body."""

    handler: Callable[[Call, Body], Answer]
    needs: Needs
    takes: Takes = Takes.NOTHING
    limit: int = 0
    prepare: Callable[[Call], Prepared] = nothing
    receives: Callable[[Call], bool] = lambda _: True
    """Whether this request, of a route that takes a volume, has bytes for one."""
