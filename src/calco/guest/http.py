"""HTTP/1.1 over one connection of a guest, by h11: bounded, and deaf to everything but whole requests."""

import asyncio
from collections.abc import Iterable

import h11

from calco.guest.exchange import Answer, Request


class Line:
    """One connection: receive, send, and again while ``goes_on``. Its caller sets the time limits.

    ``receive`` and ``send`` raise OSError when the guest goes away.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, head_bytes: int) -> None:
        self._reader = reader
        self._writer = writer
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=head_bytes)
        self._is_head = False
        # Sent means gone: an answer left in a buffer would keep the socket of a guest that does not read.
        writer.transport.set_write_buffer_limits(high=0)

    async def receive(self, body_bytes: int) -> Request | Answer | None:
        """The next request; the answer to give when it is not one; None when the guest is done."""
        try:
            head = await self._event()
            if not isinstance(head, h11.Request):
                return None
            self._is_head = head.method == b"HEAD"
            body = bytearray()
            while isinstance(event := await self._event(), h11.Data):
                body += event.data
                if len(body) > body_bytes:
                    return Answer(413)
            return _request(head, bytes(body)) if isinstance(event, h11.EndOfMessage) else None
        except h11.RemoteProtocolError as error:
            return Answer(error.error_status_hint)

    async def _event(self) -> h11.Event:
        while True:
            event = self._connection.next_event()
            if event is h11.PAUSED:
                return h11.ConnectionClosed()
            if not isinstance(event, type):
                return event
            if self._connection.they_are_waiting_for_100_continue:
                await self._put(h11.InformationalResponse(status_code=100, headers=[]))
            self._connection.receive_data(await self._reader.read(64 * 1024))

    async def send(self, answer: Answer, date: str) -> None:
        """Write the answer; one to a HEAD goes without its body. A guest that broke off mid-answer gets none."""
        if self._connection.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        headers = [("Date", date), ("Content-Length", str(len(answer.body))), *answer.headers]
        if answer.body:
            headers.append(("Content-Type", answer.content_type))
        if self._connection.their_state is not h11.DONE:
            headers.append(("Connection", "close"))  # the rest of what it sends is not read
        events: list[h11.Event] = [h11.Response(status_code=answer.status, headers=headers)]
        if answer.body and not self._is_head:
            events.append(h11.Data(data=answer.body))
        await self._put(*events, h11.EndOfMessage())

    def goes_on(self) -> bool:
        """Whether the connection may carry another request."""
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
            return True
        return False

    async def _put(self, *events: h11.Event) -> None:
        self._writer.write(b"".join(self._connection.send(event) or b"" for event in events))
        await self._writer.drain()


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("latin-1").partition("?")
    return Request(head.method.decode("latin-1"), path, query, _joined(head.headers), body)


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; the values of one sent twice are joined. Source: RFC 9110, 5.3."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
