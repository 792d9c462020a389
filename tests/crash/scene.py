"""A scene: what is there before, what is asked for, what must be true after."""

from collections.abc import Callable
from dataclasses import dataclass

from calco.work.cloud import Accepted, Cloud
from tests.world import World

Ask = Callable[[Cloud], Accepted | None]


@dataclass(frozen=True)
class Scene:
    """``given`` builds what is there and answers the request; ``reached`` asserts its goal; ``spoiled`` what a failure
    leaves. ``destroys``: what a failed attempt took away does not come back, so it is not looked for. ``calls``: as
    many sides of calls there are at least, or the fuse never reached the later steps."""

    name: str
    plan: str
    given: Callable[[World], Ask]
    reached: Callable[[World], None]
    calls: int
    spoiled: Callable[[World], None] = lambda _: None
    destroys: bool = False
    again: Callable[[World, Ask], Ask] = lambda _, ask: ask
    """What is asked for after a failure; mostly the same."""

    forgiven: str = "never"
    """The call behind the point of no return: when it fails, it is tried again until it works."""
    epilogue: str = "never"
    """The first call of what is done when all is done: whatever fails from there on changes nothing of the end."""
