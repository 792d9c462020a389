"""Stand-ins for qemu-guest-agent, behind a Unix socket as QEMU has it."""

import base64
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Talk = Callable[[socket.socket], None]


@contextmanager
def listening(path: Path, talk: Talk) -> Iterator[Path]:
    """Each connection is given to ``talk``, one after the other, until the block ends."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        talk(connection)
                    except (OSError, ValueError):
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


class Agent:
    """Does what the real one does for guest-sync-delimited, guest-exec and guest-exec-status, on this machine.
    ``verbs`` is what it was asked; ``left`` what lies in the line before it is first asked."""

    def __init__(self, *, left: bytes = b"", refuses: str = "") -> None:
        self.verbs: list[str] = []
        self._left = left
        self._refuses = refuses
        self._processes: dict[int, tuple[subprocess.Popen[bytes], threading.Thread, list[bytes]]] = {}

    def talk(self, connection: socket.socket) -> None:
        connection.sendall(self._left)
        for line in connection.makefile("rb"):
            asked: dict[str, Any] = json.loads(line.lstrip(b"\xff"))
            verb, arguments = asked["execute"], asked.get("arguments", {})
            self.verbs.append(verb)
            before = b"\xff" if verb == "guest-sync-delimited" else b""
            connection.sendall(before + json.dumps(self._answer(verb, arguments)).encode() + b"\n")

    def _answer(self, verb: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if verb == self._refuses:
            return {"error": {"class": "CommandNotFound", "desc": f"The command {verb} has been disabled"}}
        match verb:
            case "guest-sync-delimited":
                return {"return": arguments["id"]}
            case "guest-exec":
                return {"return": {"pid": self._begin(arguments)}}
            case "guest-exec-status":
                return {"return": self._status(arguments["pid"])}
        return {"error": {"class": "CommandNotFound", "desc": "unknown"}}

    def _begin(self, arguments: dict[str, Any]) -> int:
        argv = [arguments["path"], *arguments["arg"]]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said: list[bytes] = []
        given = base64.b64decode(arguments.get("input-data", ""))
        thread = threading.Thread(target=lambda: said.extend(process.communicate(given)), daemon=True)
        thread.start()
        self._processes[process.pid] = (process, thread, said)
        return process.pid

    def _status(self, pid: int) -> dict[str, Any]:
        process, thread, said = self._processes[pid]
        thread.join(0.02)
        if thread.is_alive():
            return {"exited": False}
        out, err = (base64.b64encode(each).decode() for each in said)
        ended = {"exitcode": process.returncode} if process.returncode >= 0 else {"signal": -process.returncode}
        return {"exited": True, **ended, "out-data": out, "err-data": err}
