"""Showing that something goes on: a bar that moves on a terminal, plain lines elsewhere. Always on standard error."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from calco.client import Step

PATIENCE_SECONDS = 2.0

Waiting = AbstractContextManager[Step]
"""Within it, call it whenever the state may have changed."""


@contextmanager
def waiting(label: str) -> Iterator[Step]:
    """Show ``label`` and the time it takes until the block ends."""
    began, end = time.monotonic(), "failed after"
    try:
        if sys.stderr.isatty():
            with _bar(label) as step:
                yield step
        else:
            print(f"{label} ...", file=sys.stderr, flush=True)
            yield lambda _state, _percent: None
        end = "done in"
    finally:
        print(f"{label}: {end} {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def patient(label: str, after_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Show ``label`` until the block ends, if it takes longer than that; nothing of it stays on a terminal."""
    over = threading.Event()

    def show() -> None:
        if over.wait(after_seconds):
            return
        if sys.stderr.isatty():
            with _bar(label):
                over.wait()
        else:
            print(f"{label} ...", file=sys.stderr, flush=True)

    shown = threading.Thread(target=show, daemon=True)
    shown.start()
    try:
        yield
    finally:
        over.set()
        shown.join()


@contextmanager
def _bar(label: str) -> Iterator[Step]:
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

        def step(state: str, percent: int | None) -> None:
            if percent is None:  # a bar that once knew stays where it was
                bar.update(task, state=state)
            else:
                bar.update(task, state=state, total=100, completed=percent)

        yield step
