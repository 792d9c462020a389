"""Showing that something goes on: a bar that moves on a terminal, plain lines elsewhere. Always on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Waiting = AbstractContextManager[Callable[[str], None]]
"""Within it, call with a word for the state whenever it may have changed."""


@contextmanager
def waiting(label: str) -> Iterator[Callable[[str], None]]:
    """Show ``label`` and the time it takes until the block ends."""
    began, end = time.monotonic(), "failed after"
    try:
        if sys.stderr.isatty():
            with _bar(label) as step:
                yield step
        else:
            print(f"{label} ...", file=sys.stderr, flush=True)
            yield lambda _state: None
        end = "done in"
    finally:
        print(f"{label}: {end} {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def _bar(label: str) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[state]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, state="")
        yield lambda state: bar.update(task, state=state)
