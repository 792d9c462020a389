"""Who looks at a machine's serial port: many watchers, one line."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.arm.serial_line import STOPPED, STOPPING, TOO_MANY, Lines, joined
from calco.audience import BEHIND, BEHIND_BYTES_MAX, TAIL_BYTES, Ended, Ending, Watcher
from calco.model.machine import MachineState
from calco.ports import Hypervisor
from calco.tool import ToolFailed

VM, OTHER = "one", "other"
PATIENCE_SECONDS = 20


class OnePort:
    """A hypervisor of machines whose other end the test holds. ``taken`` counts lines."""

    def __init__(self) -> None:
        self.log = b""
        self.guests: list[socket.socket] = []
        self.taken = 0
        self.runs = MachineState.RUNNING
        self.failure: Exception | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        """Happens between the line's making and the log's reading."""

    def serial(self, _vm_id: str) -> socket.socket:
        if self.failure is not None:
            raise self.failure
        near, self.guest = socket.socketpair()
        self.guest.settimeout(PATIENCE_SECONDS)
        self.guests.append(self.guest)
        self.taken += 1
        return near

    def console_log(self, _vm_id: str) -> bytes:
        self.meanwhile()
        return self.log

    def state(self, _vm_id: str) -> MachineState:
        return self.runs

    def prints(self, what: bytes) -> None:
        self.log += what
        self.guest.sendall(what)

    def lines(self, *, watchers_max: int = 64, look_seconds: float = 600) -> Lines:
        return Lines(cast("Hypervisor", self), watchers_max=watchers_max, look_seconds=look_seconds)


@pytest.fixture
def port() -> Iterator[OnePort]:
    made = OnePort()
    yield made
    for each in made.guests:
        each.close()


def play(scene: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, PATIENCE_SECONDS))


async def heard(watcher: Watcher, length: int) -> bytes:
    """So many bytes."""
    found = b""
    while len(found) < length:
        found += await watcher.heard()
    return found


async def ending(watcher: Watcher) -> Ending:
    try:
        while True:
            await watcher.heard()
    except Ended as over:
        return over.ending


def test_every_watcher_hears_the_machine_and_the_machine_hears_every_watcher(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines()
        async with lines.watch(VM) as ana, lines.watch(VM) as ben:
            port.prints(b"login: ")
            assert [await heard(each, 7) for each in (ana, ben)] == [b"login: "] * 2
            await ana.type(b"ro")
            await ben.type(b"ot")
            assert await asyncio.to_thread(port.guest.recv, 4, socket.MSG_WAITALL) == b"root"
        assert port.taken == 1

    play(scene())


def test_the_line_is_taken_when_the_first_comes_and_let_go_when_the_last_leaves(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines()
        assert port.taken == 0
        async with lines.watch(VM):
            async with lines.watch(VM):
                assert lines.open == {VM}
            assert lines.open == {VM}
            assert port.taken == 1
        assert lines.open == frozenset()
        assert await asyncio.to_thread(port.guest.recv, 1) == b"", "the hypervisor's end is closed"
        async with lines.watch(VM) as again:
            port.prints(b"still here")
            assert await heard(again, 10) == b"still here"
        assert port.taken == 2

    play(scene())


def test_whoever_comes_begins_with_the_tail_of_what_was_printed_and_misses_nothing(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines()
        port.log = b"x" * TAIL_BYTES + b"booted\n"
        async with lines.watch(VM) as first:
            shown = await heard(first, TAIL_BYTES)
            assert shown == (b"x" * TAIL_BYTES + b"booted\n")[-TAIL_BYTES:]
            port.prints(b"login: ")
            assert await heard(first, 7) == b"login: "
            async with lines.watch(VM) as second:
                assert (await heard(second, TAIL_BYTES)).endswith(b"booted\nlogin: ")

    play(scene())


def test_what_is_printed_while_the_line_is_made_is_shown_once(port: OnePort) -> None:
    async def scene() -> None:
        port.log = b"Starting "
        port.meanwhile = lambda: port.prints(b"sshd... done\n")
        async with port.lines().watch(VM) as watcher:
            port.guest.sendall(b"login: ")
            shown = await heard(watcher, len(b"Starting sshd... done\nlogin: "))
            assert shown == b"Starting sshd... done\nlogin: "

    play(scene())


def test_consoles_end_when_the_machine_hangs_up_after_its_last_words(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines()
        async with lines.watch(VM) as ana, lines.watch(VM) as ben:
            port.prints(b"Power down.\n")
            port.guest.close()
            assert await heard(ana, 12) == b"Power down.\n"
            assert [await ending(each) for each in (ana, ben)] == [STOPPED, STOPPED]
            await ana.type(b"anybody there?")  # goes nowhere, quietly
            async with lines.watch(VM):  # started again: it has a new line, whoever still looks at the old one
                assert port.taken == 2
                assert lines.open == {VM}

    play(scene())


@pytest.mark.parametrize("state", [each for each in MachineState if each is not MachineState.RUNNING])
def test_a_machine_that_switches_itself_off_ends_its_consoles_though_its_line_stays(
    port: OnePort, state: MachineState
) -> None:
    async def scene() -> None:
        async with port.lines(look_seconds=0.01).watch(VM) as watcher:
            port.runs = state
            assert await ending(watcher) == STOPPED

    play(scene())


def test_a_watcher_who_does_not_read_is_let_go_and_the_others_go_on(port: OnePort) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            lines = port.lines()
            asleep, awake = [await stack.enter_async_context(lines.watch(VM)) for _ in range(2)]
            piece = b"." * 65536
            for _ in range(BEHIND_BYTES_MAX // len(piece) + 1):
                await asyncio.to_thread(port.guest.sendall, piece)
                assert await heard(awake, len(piece)) == piece
            assert await ending(asleep) == BEHIND
            port.prints(b"and on")
            assert await heard(awake, 6) == b"and on"

    play(scene())


def test_a_guest_that_reads_nothing_holds_up_who_types_and_not_who_leaves(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines()
        async with lines.watch(VM) as ana, lines.watch(VM) as ben:
            typing = asyncio.create_task(ana.type(b"x" * 4 * 1024 * 1024))
            port.prints(b"busy")
            assert await heard(ben, 4) == b"busy"
            assert not typing.done()
            typing.cancel()
        assert lines.open == frozenset()

    play(scene())


@pytest.mark.parametrize("failure", [ConnectionRefusedError("off"), ToolFailed(("qemu",), None, "hangs")], ids=repr)
def test_a_machine_that_does_not_run_has_no_console(port: OnePort, failure: Exception) -> None:
    async def scene() -> None:
        lines = port.lines()
        port.failure = failure
        with pytest.raises(Ended) as over:
            async with lines.watch(VM):
                pass
        assert (over.value.ending, lines.open) == (STOPPED, frozenset())
        port.failure = None
        async with lines.watch(VM):
            assert lines.open == {VM}

    play(scene())


def test_there_are_only_so_many_consoles_and_one_that_is_closed_makes_room(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines(watchers_max=2)
        async with lines.watch(VM):
            async with lines.watch(OTHER):
                with pytest.raises(Ended) as over:
                    async with lines.watch(VM):
                        pass
                assert (over.value.ending, port.taken) == (TOO_MANY, 2)
            async with lines.watch(VM):
                pass

    play(scene())


def test_the_end_of_the_service_ends_every_console_and_lets_nobody_in(port: OnePort) -> None:
    async def scene() -> None:
        lines = port.lines()
        async with lines.watch(VM) as ana, lines.watch(OTHER) as ben:
            lines.close()
            lines.close()
            assert [await ending(each) for each in (ana, ben)] == [STOPPING, STOPPING]
            with pytest.raises(Ended) as over:
                async with lines.watch(VM):
                    pass
            assert (over.value.ending, port.taken) == (STOPPING, 2)

    play(scene())


@given(before=st.text("ab").map(str.encode), both=st.text("ab").map(str.encode), after=st.text("ab").map(str.encode))
def test_what_is_in_the_log_and_on_the_line_is_said_once(before: bytes, both: bytes, after: bytes) -> None:
    printed, live = before + both, both + after
    longest = next(each for each in range(len(live), -1, -1) if printed.endswith(live[:each]))

    assert joined(printed, live) == printed + live[longest:]
