"""Serves the fabric's addresses to guests: metadata service, wireserver and host plugin, over sockets it is handed.

One thread runs an event loop over all networks; what may block (asking the directory who it is, telling it what was
reported) runs in a small pool. Who asks is told by where the request came from and by nothing it says: (network, peer
address), or, where each machine has Unix sockets of its own (slirp), the address fixed for these. Guests are hostile:
sizes, times, rates and numbers of connections are bounded, and a failure here costs one guest one answer.
"""

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import format_datetime
from types import MappingProxyType
from typing import Final

from calco.guest import hostplugin, imds, wireserver
from calco.guest.exchange import Answer, Reply, Request, json_answer, not_found
from calco.guest.http import Line
from calco.guest.limits import Caller, Heard, Limits, Rate
from calco.model.guest import Guest
from calco.ports import Clock, GuestDirectory

log = logging.getLogger(__name__)

Place = tuple[str, str | None]
"""(network, address): who is served; no address for a whole network."""

Service = Callable[[Request, Guest], Reply]


def _metadata(request: Request, guest: Guest) -> Reply:
    return Reply(imds.answer(request, guest))


_TOO_MANY: Final = json_answer(429, {"error": "Too many requests"})
_BROKEN: Final = json_answer(500, {"error": "Internal error"})

SERVICES: Final[Mapping[str, Service]] = MappingProxyType({
    "imds": _metadata,
    "wireserver": wireserver.answer,
    "hostplugin": hostplugin.answer,
})  # fmt: skip
"""The sockets a network has, and who answers on each: 169.254.169.254:80, 168.63.129.16:80, 168.63.129.16:32526."""


class FabricListener:
    """Answers guests on the sockets of any number of networks. Its methods may be called from any thread."""

    def __init__(
        self, directory: GuestDirectory, *, clock: Clock, limits: Limits | None = None, threads: int = 8
    ) -> None:
        """Nothing runs before the first ``serve``. ``threads`` bounds the pool that asks the directory."""
        self._directory = directory
        self._clock = clock
        self._limits = limits or Limits()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fabric")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fabric", daemon=True)
        self._lock = threading.Lock()
        self._places: dict[Place, list[_Door]] = {}
        self._open: Counter[Caller] = Counter()
        self._rates = {
            "imds": Rate(clock, self._limits.imds_per_second),
            "wireserver": Rate(clock, self._limits.others_per_second),
            "hostplugin": Rate(clock, self._limits.others_per_second),
        }
        self._reports = Rate(clock, self._limits.reports_per_second, self._limits.reports_at_once)
        self._heard = Heard(clock, self._limits.status_seconds)

    def serve(self, network: str, sockets: Mapping[str, socket.socket]) -> None:
        """Answer on a network's listening TCP sockets (keys of SERVICES), which are ours from here on; the caller's
        address tells who asks. Sockets of the same network that were served before are closed."""
        self._begin((network, None), sockets)

    def serve_unix(self, network: str, address: str, sockets: Mapping[str, socket.socket]) -> None:
        """Answer on the listening Unix sockets of the one machine that has ``address`` in ``network``."""
        self._begin((network, address), sockets)

    def close(self, network: str) -> None:
        """Close every socket and connection of a network; absent is fine."""
        self._run(self._end(lambda place: place[0] == network))

    def close_unix(self, network: str, address: str) -> None:
        """Close the sockets and connections of one machine; absent is fine."""
        self._run(self._end(lambda place: place == (network, address)))

    def stop(self) -> None:
        """Close everything. A stopped listener serves no more."""
        if self._thread.is_alive():
            self._run(self._end(lambda _place: True))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._pool.shutdown()
        self._loop.close()

    def _begin(self, key: Place, sockets: Mapping[str, socket.socket]) -> None:
        if not sockets.keys() <= SERVICES.keys():
            raise ValueError(f"no such service: {', '.join(sorted(sockets.keys() - SERVICES.keys()))}")
        with self._lock:
            if not self._thread.is_alive():
                self._thread.start()
        self._run(self._replace(key, sockets))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        if not self._thread.is_alive():
            work.close()
            return
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    # From here on everything runs in the loop's thread.

    async def _replace(self, key: Place, sockets: Mapping[str, socket.socket]) -> None:
        await self._end(lambda place: place == key)
        doors = self._places[key] = [_Door(self, service, *key) for service in sockets]
        for door in doors:
            door.server = await asyncio.start_server(door.admit, sock=sockets[door.service])

    async def _end(self, is_meant: Callable[[Place], bool]) -> None:
        for key in [key for key in self._places if is_meant(key)]:
            for door in self._places.pop(key):
                await door.close()

    def enter(self, caller: Caller) -> bool:
        """Count one more connection of the caller's; False when it or all together have too many."""
        if self._open[caller] >= self._limits.connections_per_guest or self._open.total() >= self._limits.connections:
            return False
        self._open[caller] += 1
        return True

    def leave(self, caller: Caller) -> None:
        self._open[caller] -= 1
        if not self._open[caller]:
            del self._open[caller]

    async def converse(
        self, caller: Caller, service: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer requests on one connection until either side has had enough."""
        limits = self._limits
        line = Line(reader, writer, head_bytes=limits.head_bytes)
        while True:
            async with asyncio.timeout(limits.request_seconds):
                request = await line.receive(limits.body_bytes)
            if request is None:
                return
            answer = request if isinstance(request, Answer) else await self._answer(caller, service, request)
            async with asyncio.timeout(limits.answer_seconds):
                await line.send(answer, format_datetime(self._clock.now(), usegmt=True))
            if not line.goes_on():
                return

    async def _answer(self, caller: Caller, service: str, request: Request) -> Answer:
        """The service's answer; 429 beyond the limits, 404 for a stranger, 500 when something broke in here."""
        try:
            answer = await self._judge(caller, service, request)
        except Exception:
            log.exception("%s: %s from %s of %s failed", service, *_said(request, caller))
            return _BROKEN
        log.debug("%s: %s from %s of %s: %d", service, *_said(request, caller), answer.status)
        return answer

    async def _judge(self, caller: Caller, service: str, request: Request) -> Answer:
        if not self._rates[service].allows(caller):
            return _TOO_MANY
        ask = asyncio.get_running_loop().run_in_executor
        guest = await ask(self._pool, self._directory.who, *caller)
        if guest is None:
            log.info("%s: no machine has the address %s of %s", service, *reversed(caller))
            return not_found()
        reply = SERVICES[service](request, guest)
        if reply.report is None or not self._heard.is_news(guest.vm_id, reply.report):
            return reply.answer
        if not self._reports.allows(caller):
            return _TOO_MANY
        await ask(self._pool, self._directory.heard, guest.vm_id, reply.report)
        self._heard.passed_on(guest.vm_id, reply.report)
        return reply.answer


def _said(request: Request, caller: Caller) -> tuple[str, str, str]:
    """For the log: what was asked, and by whom. Never a body, nor a query."""
    network, address = caller
    return repr(f"{request.method} {request.path}"[:200]), address, network


def _peer(writer: asyncio.StreamWriter) -> str:
    """The address at the other end; empty when it has none."""
    match writer.get_extra_info("peername"):
        case (str(host), *_):
            return host
        case _:
            return ""


@dataclass(eq=False)
class _Door:
    """One listening socket and the conversations that came in through it."""

    listener: FabricListener
    service: str
    network: str
    address: str | None
    server: asyncio.Server | None = None
    is_closed: bool = False
    guests: set[asyncio.Task[None]] = field(default_factory=set)

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with whoever connected; ends quietly whatever the guest does."""
        task = asyncio.current_task()
        if task is None or self.is_closed:
            writer.transport.abort()
            return
        self.guests.add(task)
        try:
            await self._talk(reader, writer)
        except asyncio.CancelledError:
            pass  # only ``close`` cancels; Python 3.11's streams log a cancelled conversation as an error
        finally:
            self.guests.discard(task)
            writer.transport.abort()  # what was sent has left (see Line); what was not must not hold the socket

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = (self.network, _peer(writer) if self.address is None else self.address)
        if not self.listener.enter(caller):
            return
        try:
            await self.listener.converse(caller, self.service, reader, writer)
        except OSError:
            pass  # the guest went away or was too slow (TimeoutError is one): nobody else notices
        except Exception:
            log.exception("%s: a connection from %s of %s failed", self.service, *reversed(caller))
        finally:
            self.listener.leave(caller)

    async def close(self) -> None:
        self.is_closed = True
        if self.server is not None:
            self.server.close()
        for task in self.guests:
            task.cancel()
        await asyncio.gather(*self.guests, return_exceptions=True)
