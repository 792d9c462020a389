"""What is said to qemu-guest-agent in a running guest: short conversations over a machine's virtio-serial socket.

The other end is the guest's, so nothing of it is believed: answers have a length, a shape and a time. Whatever a former
conversation left in the line is skipped: each begins with ``guest-sync-delimited`` and a number of its own, and what
comes before the answer to that is thrown away. Source: QEMU, "QEMU Guest Agent Protocol Reference".
"""

import asyncio
import base64
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

SENTINEL = b"\xff"
LINE_BYTES_MAX = 64 * 1024
LEFT_BYTES_MAX = 1024 * 1024
"""So much of what was left in the line is skipped, and then the guest is given up."""
LOOK_EVERY_SECONDS = 0.05


class AgentSilent(Exception):
    """Nobody answers as an agent does: there is none, it hangs, or somebody else is at the other end."""


class AgentRefused(Exception):
    """The agent answered that it does not do that."""


@dataclass(frozen=True)
class Ended:
    """How a program in the guest ended: with a signal its code is 128 and the signal's number, as a shell has it."""

    code: int
    stdout: bytes
    stderr: bytes


class _Failure(msgspec.Struct, frozen=True):
    desc: str = ""


class _Reply(msgspec.Struct, Generic[T], frozen=True):
    result: T | None = msgspec.field(default=None, name="return")
    error: _Failure | None = None


class _Started(msgspec.Struct, frozen=True):
    pid: int


class _Status(msgspec.Struct, frozen=True):
    """``bytes`` are base64 on the wire."""

    exited: bool
    exitcode: int | None = None
    signal: int | None = None
    out: bytes = msgspec.field(default=b"", name="out-data")
    err: bytes = msgspec.field(default=b"", name="err-data")


@dataclass(frozen=True)
class GuestAgent:
    """The agent behind ``socket``; ``answer_seconds`` is for a whole conversation."""

    socket: Path
    answer_seconds: float

    def execute(self, argv: Sequence[str], input: bytes = b"") -> Ended:
        """Run a program that ends soon. Raises AgentSilent, AgentRefused; then it may have run."""

        async def limited() -> Ended:
            return await asyncio.wait_for(_execute(self.socket, argv, input), self.answer_seconds)

        try:
            return asyncio.run(limited())
        except (OSError, EOFError, ValueError, msgspec.DecodeError) as silent:  # a TimeoutError is an OSError
            raise AgentSilent(str(silent) or type(silent).__name__) from silent


async def _execute(socket: Path, argv: Sequence[str], input: bytes) -> Ended:
    reader, writer = await asyncio.open_unix_connection(socket, limit=LINE_BYTES_MAX)
    try:
        line = _Line(reader, writer)
        await line.begin()
        arguments: dict[str, object] = {"path": argv[0], "arg": [*argv[1:]], "capture-output": True}
        if input:
            arguments["input-data"] = base64.b64encode(input).decode()
        started = await line.ask("guest-exec", arguments, _Reply[_Started])
        while not (status := await line.ask("guest-exec-status", {"pid": started.pid}, _Reply[_Status])).exited:
            await line.stay(LOOK_EVERY_SECONDS)
        code = status.exitcode if status.signal is None else 128 + status.signal
        return Ended(-1 if code is None else code, status.out, status.err)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class _Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def begin(self) -> None:
        """Skip what others left. The sentinel before the question ends a half question of theirs; the agent puts one
        before its answer."""
        mark = int.from_bytes(os.urandom(5), "big")
        await self._say(SENTINEL, "guest-sync-delimited", {"id": mark})
        skipped = 0
        while skipped <= LEFT_BYTES_MAX:
            skipped += await self._skip_to_sentinel(LEFT_BYTES_MAX - skipped)
            line = await self._reader.readline()
            skipped += len(line)
            with suppress(msgspec.DecodeError):
                if msgspec.json.decode(line, type=_Reply[int]).result == mark:
                    return
        raise ValueError("the guest says much and answers nothing")

    async def _skip_to_sentinel(self, most: int) -> int:
        skipped = 0
        while skipped <= most:
            try:
                return skipped + len(await self._reader.readuntil(SENTINEL))
            except asyncio.LimitOverrunError as far:
                skipped += len(await self._reader.readexactly(far.consumed))
        raise ValueError("the guest says much and answers nothing")

    async def ask(self, verb: str, arguments: dict[str, object], shape: type[_Reply[T]]) -> T:
        """Raises AgentRefused, ValueError for an answer of another shape or length."""
        await self._say(b"", verb, arguments)
        reply = msgspec.json.decode(await self._reader.readline(), type=shape)
        if reply.error is not None:
            raise AgentRefused(f"{verb}: {reply.error.desc[:300]}")
        if reply.result is None:
            raise ValueError(f"{verb} was answered with nothing")
        return reply.result

    async def stay(self, seconds: float) -> None:
        """Let so much time pass, or learn that the line is cut. Nothing is to be said meanwhile."""
        with suppress(TimeoutError):
            said = await asyncio.wait_for(self._reader.read(1), seconds)
            raise EOFError("the machine is gone") if not said else ValueError("the guest speaks unasked")

    async def _say(self, before: bytes, verb: str, arguments: dict[str, object]) -> None:
        self._writer.write(before + msgspec.json.encode({"execute": verb, "arguments": arguments}) + b"\n")
        await self._writer.drain()
