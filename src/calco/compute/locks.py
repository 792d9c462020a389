"""A lock for each machine."""

import threading


class Locks:
    """One lock for each machine; they are few and small, and stay."""

    def __init__(self) -> None:
        self._own = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def __call__(self, vm_id: str) -> threading.Lock:
        with self._own:
            return self._locks.setdefault(vm_id, threading.Lock())
