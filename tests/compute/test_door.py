"""The door: who may come in, what may be asked, and that bytes pass both ways to their end."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from calco.cli import door as caller_side
from calco.cli.common import Failure
from calco.compute.door import Behind, Door

VM = "11111111-1111-1111-1111-111111111111"


class Guest:
    """A guest whose every TCP port says what it heard, in capitals, once it has heard all."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    def dial(self, machine: str, port: int) -> socket.socket:
        self.dialled.append((machine, port))
        if machine != VM:
            raise LookupError(f"there is no machine {machine}")
        if port == 9:
            raise ConnectionRefusedError("nobody listens on 9")
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._shout, args=(theirs,), daemon=True).start()
        return ours

    def _shout(self, end: socket.socket) -> None:
        with end:
            heard = bytearray()
            with suppress(ConnectionError):
                while piece := end.recv(65536):
                    heard += piece
                end.sendall(bytes(heard).upper())

    def behind(self) -> Behind:
        return Behind(
            self.dial, console=lambda machine: b"login: " + machine.encode(), screenshot=lambda _machine: None
        )


def at_the_door(path: Path, guest: Guest, visit: Callable[[], Awaitable[None]]) -> None:
    async def live() -> None:
        door = Door(path, guest.behind())
        await door.open()
        try:
            await visit()
        finally:
            await door.close()

    asyncio.run(live())


def ask(path: Path, line: bytes) -> bytes:
    """Everything the door answers to ``line``."""

    async def visit() -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        with suppress(ConnectionError):  # the door may hang up on what it will not read
            writer.write_eof()
            answers.append(await reader.read())
        writer.close()

    answers: list[bytes] = []
    at_the_door(path, Guest(), visit)
    return b"".join(answers)


def test_bytes_pass_both_ways_until_each_side_has_said_all(tmp_path: Path) -> None:
    said = os.urandom(3).hex().encode() * 500_000
    source, sink = tmp_path / "in", tmp_path / "out"
    source.write_bytes(said)
    guest = Guest()

    def talk() -> None:
        with source.open("rb") as come, sink.open("wb") as go:
            caller, first = caller_side.knock(tmp_path / "door", {"want": "port", "machine": VM, "port": 22})
            caller_side.join(caller, first, come.fileno(), go.fileno())

    at_the_door(tmp_path / "door", guest, lambda: asyncio.to_thread(talk))

    assert sink.read_bytes() == said.upper()
    assert guest.dialled == [(VM, 22)]


def test_the_console_is_sent_whole(tmp_path: Path) -> None:
    request: dict[str, str | int] = {"want": "console", "machine": VM}

    async def visit() -> None:
        got.append(await asyncio.to_thread(caller_side.fetch, tmp_path / "door", request))

    got: list[bytes] = []
    at_the_door(tmp_path / "door", Guest(), visit)

    assert got == [b"login: " + VM.encode()]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"want": "port", "machine": "other", "port": 22}, "there is no machine other"),
        ({"want": "port", "machine": VM, "port": 9}, "nobody listens on 9"),
        ({"want": "port", "machine": VM, "port": 0}, "0 is no TCP port"),
        ({"want": "port", "machine": VM, "port": 65536}, "65536 is no TCP port"),
        ({"want": "screenshot", "machine": VM}, "no screen now"),
    ],
)
def test_a_refusal_is_told_in_words(tmp_path: Path, request_: dict[str, str | int], said: str) -> None:
    async def visit() -> None:
        with pytest.raises(Failure, match=said):
            await asyncio.to_thread(caller_side.knock, tmp_path / "door", request_)

    at_the_door(tmp_path / "door", Guest(), visit)


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b'{"want": "all", "machine": "x"}\n', b'{"want": "port", "machine": "x", "more": 1}\n',
     b"\xff\n", b'{"want": "port", "machine": 3}\n'],
)  # fmt: skip
def test_what_is_no_request_is_answered_with_an_error(tmp_path: Path, line: bytes) -> None:
    assert "error" in json.loads(ask(tmp_path / "door", line))


def test_a_line_without_an_end_is_not_read_for_ever(tmp_path: Path) -> None:
    assert ask(tmp_path / "door", b"x" * 300_000) == b""


def test_only_this_user_may_come_in_and_an_old_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "door"
    left_over = socket.socket(socket.AF_UNIX)
    left_over.bind(str(path))
    left_over.close()

    async def visit() -> None:
        modes.append(stat.S_IMODE(path.stat().st_mode))

    modes: list[int] = []
    at_the_door(path, Guest(), visit)

    assert modes == [0o600]
    assert not path.exists()


def test_closing_the_door_ends_those_who_stand_in_it(tmp_path: Path) -> None:
    async def live() -> bytes:
        door = Door(tmp_path / "door", Guest().behind())
        await door.open()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "door")
        writer.write(json.dumps({"want": "port", "machine": VM, "port": 22}).encode() + b"\n")
        assert await reader.readline() == b"{}\n"
        await door.close()
        rest = await reader.read()
        writer.close()
        return rest

    assert asyncio.run(asyncio.wait_for(live(), 10)) == b""


def test_without_a_service_the_caller_is_told_what_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(Failure) as failed:
        caller_side.knock(tmp_path / "door", {})
    assert failed.value.hint == "See whether it runs: calco status"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_not_heard_even_when_the_socket_is_left_open_to_all() -> None:
    script = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534); s = socket.socket(socket.AF_UNIX);"
        "s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode() + b'\\n'); print(s.recv(100))"
    )
    request = json.dumps({"want": "port", "machine": VM, "port": 22})
    guest = Guest()

    def visit(door: Path) -> subprocess.CompletedProcess[bytes]:
        door.chmod(0o666)
        argv = [sys.executable, "-S", "-c", script, str(door), request]
        return subprocess.run(argv, capture_output=True, timeout=30, check=False)

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        said: list[subprocess.CompletedProcess[bytes]] = []

        async def come() -> None:
            said.append(await asyncio.to_thread(visit, Path(folder) / "door"))

        at_the_door(Path(folder) / "door", guest, come)

    assert b"Permission" not in said[0].stderr, "the kernel must have let it connect"
    assert b"{}" not in said[0].stdout
    assert guest.dialled == []
