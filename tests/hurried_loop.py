"""An event loop whose time passes at once whenever nothing else is left to do: what takes half a minute takes none."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class _Hurry(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing is left that could ever happen"
            self.seconds += timeout
        return ready


class HurriedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._hurry = _Hurry()
        super().__init__(self._hurry)

    def time(self) -> float:
        return self._hurry.seconds


def hurried(scene: Coroutine[None, None, T]) -> tuple[T, float]:
    """What the scene answers, and how many seconds it believes to have taken. Threads must have no part in it."""

    async def timed() -> tuple[T, float]:
        return await scene, asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(timed())
