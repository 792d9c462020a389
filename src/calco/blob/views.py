"""Open views of volumes, kept for a moment: a download asks for one range after the other, and opening a view of a
qcow2 volume costs a process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from calco.model.volume import VolumeId
from calco.ports import Clock, VolumeView

IDLE_SECONDS = 5.0
KEPT_MAX = 8

Open = Callable[[VolumeId], AbstractContextManager[VolumeView]]


@dataclass
class _Kept:
    opened: AbstractContextManager[VolumeView]
    view: VolumeView
    used_at: float = 0.0


class Views:
    """A view has one user at a time; several users of a volume have one each, and one is kept. ``close_idle`` is called
    now and then.

    A view shows what the volume was when it was opened. So it is kept for one grant: between two grants a machine may
    have written.
    """

    def __init__(self, open: Open, clock: Clock) -> None:
        self._open = open
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, VolumeId], _Kept] = {}

    def during(self, grant: str) -> Open:
        """Views of volumes for whoever has that grant."""
        return partial(self._of, grant)

    @contextmanager
    def _of(self, grant: str, volume: VolumeId) -> Iterator[VolumeView]:
        """The volume's view, for this thread alone. Raises FileNotFoundError, PoolGone."""
        with self._lock:
            kept = self._kept.pop((grant, volume), None)
        if kept is None:
            opened = self._open(volume)
            kept = _Kept(opened, opened.__enter__())
        try:
            yield kept.view
        except BaseException:
            _close(kept)
            raise
        self._give_back((grant, volume), kept)

    def _give_back(self, key: tuple[str, VolumeId], kept: _Kept) -> None:
        kept.used_at = self._clock.monotonic()
        with self._lock:
            if key not in self._kept and len(self._kept) < KEPT_MAX:
                self._kept[key] = kept
                return
        _close(kept)

    def close_idle(self, older_than_seconds: float = IDLE_SECONDS) -> None:
        """Close what nobody has used for a while; 0 closes all that is not in use."""
        now = self._clock.monotonic()
        with self._lock:
            idle = [each for each, kept in self._kept.items() if now - kept.used_at >= older_than_seconds]
            gone = [self._kept.pop(each) for each in idle]
        for each in gone:
            _close(each)


def _close(kept: _Kept) -> None:
    with suppress(OSError):  # it was read well; that its helper ends badly is nobody's loss
        kept.opened.__exit__(None, None, None)
