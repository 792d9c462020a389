"""What is said to a running QEMU: short conversations over its monitor's Unix socket (QMP, by qemu.qmp).

Each call opens a connection, says its word and closes it, for a monitor serves one client at a time and the rest wait.
Nothing is remembered between calls: what a machine is doing is asked, never concluded from events of the past. Events
are listened to only within a call, and always before the question whose answer they might overtake.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from qemu.qmp import EventListener, ExecuteError, QMPClient, QMPError

T = TypeVar("T")


class Silent(Exception):
    """QEMU did not answer: it is gone, it hangs, or it was too busy within the limit."""


class Refused(Exception):
    """QEMU answered that it cannot do that."""


@dataclass(frozen=True)
class Monitor:
    """The monitor at ``socket``; ``answer_seconds`` limits every exchange. All methods raise Silent and Refused."""

    socket: Path
    answer_seconds: float

    def status(self) -> str:
        """QEMU's run state: ``running``, ``shutdown``, ``internal-error``... Source: QAPI, RunState."""
        return self.hold(_status)

    def press_power(self, seconds: float) -> bool:
        """Press the power button; whether the guest has switched itself off within ``seconds``.

        Pressed again every ten seconds, because a guest that is still in its firmware or boot loader hears nothing.
        """

        async def press(client: QMPClient, off: EventListener) -> bool:
            while await _status(client) == "running":
                await client.execute("system_powerdown")
                await _either(off.get(), client.runstate_changed(), seconds=10)
            return await _status(client) == "shutdown"

        async def limited(client: QMPClient) -> bool:
            # Listening before asking: a guest that ends between the two is still heard.
            with client.listener("SHUTDOWN") as off, suppress(TimeoutError):
                return await asyncio.wait_for(press(client, off), seconds)
            return False

        return self.hold(limited, more_seconds=seconds)

    def quit(self) -> None:
        """Tell QEMU to flush and close its drives and to end. It is said when this returns, not done."""

        async def quit_(client: QMPClient) -> None:
            await client.execute("quit")

        self.hold(quit_)

    def reset(self) -> None:
        """Press the reset button; a machine that stands switched off runs again."""

        async def reset(client: QMPClient) -> None:
            with client.listener("RESET") as done:
                await client.execute("system_reset")
                await done.get()
            # After a guest's own shutdown the machine stands stopped; it may go on only once it has been reset.
            if await _status(client) != "running":
                await client.execute("cont")

        self.hold(reset)

    def screenshot(self, file: Path) -> None:
        """Have QEMU write the screen to ``file`` as PNG. Refused when there is no screen."""

        async def dump(client: QMPClient) -> None:
            await client.execute("screendump", {"filename": str(file), "format": "png"})

        self.hold(dump)

    def has_agent(self) -> bool:
        """Whether somebody in the guest has opened the agent's port. Source: QAPI, ChardevInfo."""

        async def look(client: QMPClient) -> bool:
            match await client.execute("query-chardev"):
                case list() as devices:
                    ports = [each for each in devices if isinstance(each, Mapping) and each.get("label") == "agent"]
                    return any(each.get("frontend-open") is True for each in ports)
                case other:
                    raise Silent(f"query-chardev answered {other!r}")

        return self.hold(look)

    def hold(self, talk: Callable[[QMPClient], Coroutine[None, None, T]], *, more_seconds: float = 0) -> T:
        """One conversation, in an event loop of its own: callers are threads of the service, which have none."""

        async def converse() -> T:
            async with _connected(self.socket) as client:
                return await talk(client)

        async def limited() -> T:
            return await asyncio.wait_for(converse(), self.answer_seconds + more_seconds)

        try:
            return asyncio.run(limited())
        except ExecuteError as refused:
            raise Refused(str(refused)) from refused
        except (QMPError, OSError, EOFError) as silent:  # a TimeoutError is an OSError
            raise Silent(f"{self.socket.name}: {silent or type(silent).__name__}") from silent


@asynccontextmanager
async def _connected(socket: Path) -> AsyncIterator[QMPClient]:
    client = QMPClient()
    # Its own logger writes tracebacks for what is no news here: QEMU hanging up after ``quit``, a socket without a
    # listener.
    client.logger = logging.Logger("qmp", logging.CRITICAL + 1)
    await client.connect(str(socket))
    try:
        yield client
    finally:
        with suppress(QMPError, OSError, EOFError):
            await client.disconnect()


async def _either(*events: Coroutine[None, None, object], seconds: float) -> None:
    """Wait until the first of ``events``, at most ``seconds``."""
    tasks = [asyncio.ensure_future(event) for event in events]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _status(client: QMPClient) -> str:
    match await client.execute("query-status"):
        case Mapping() as answer:
            return str(answer.get("status"))
        case other:
            raise Silent(f"query-status answered {other!r}")
