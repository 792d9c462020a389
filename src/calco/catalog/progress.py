"""What a build tells while it runs, and how it says that it failed."""

from dataclasses import dataclass
from typing import Protocol


class BuildProgress(Protocol):
    """Called often, from the building thread; must not block."""

    def __call__(self, step: str, fraction: float | None) -> None:
        """``step`` is a few words for people. ``fraction`` is how much of the whole build is done, 0 to 1, never less
        than before; None when that cannot be told."""


def silent(step: str, fraction: float | None) -> None:
    """Progress that nobody watches."""
    del step, fraction


@dataclass(eq=False)
class BuildFailed(Exception):
    """No image was made, and nothing was left behind."""

    step: str
    cause: str
    remedy: str | None = None
    """The command or setting that mends it, where one is known."""

    def __str__(self) -> str:
        return f"{self.step}: {self.cause}" + (f" ({self.remedy})" if self.remedy else "")
