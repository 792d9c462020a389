"""The sockets the API is served on."""

import asyncio
import socket

from calco.server import listen


def test_answers_leave_at_once() -> None:
    """A connection without TCP_NODELAY costs each answer the client's delayed acknowledgement, some 40 ms."""

    async def scene(listener: socket.socket) -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken = writer.get_extra_info("socket")
            accepted.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await asyncio.start_server(serve, sock=listener)
        _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        nodelay = await asyncio.wait_for(accepted, 10)
        writer.close()
        server.close()
        return nodelay

    sockets = listen(0)
    try:
        assert asyncio.run(scene(sockets[0])) == 1
    finally:
        for each in sockets:
            each.close()
