"""Showing that something goes on: a bar that moves on a terminal, plain lines elsewhere. Always on standard error."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

PATIENCE_SECONDS = 2.0

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
