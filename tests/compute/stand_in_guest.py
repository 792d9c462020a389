"""Stands in for a guest: a network namespace of its own with one Ethernet card, whose frames go to a tap or to QEMU.

Its TCP is a real kernel's. It reads one JSON command a line and answers each in one line. Run by ``guests.py``, never
imported: it leaves the namespaces it was started in.
"""

import ctypes
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x2, 0x1000
CARD = "eth0"


def tap(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return descriptor


def _connect(stream: socket.socket, name: str) -> None:
    """QEMU's socket appears a moment after its monitor's prompt."""
    for _ in range(500):
        try:
            return stream.connect(name)
        except (FileNotFoundError, ConnectionRefusedError):
            select.select([], [], [], 0.02)
    raise TimeoutError(f"{name} never came")


def wire(kind: str, name: str) -> tuple[Callable[[], bytes], Callable[[bytes], object]]:
    """How frames come from and go to the network outside."""
    if kind == "tap":
        descriptor = tap(name)
        return lambda: os.read(descriptor, 65536), lambda frame: os.write(descriptor, frame)
    stream = socket.socket(socket.AF_UNIX)
    _connect(stream, name)
    incoming = stream.makefile("rb")

    def receive() -> bytes:
        return incoming.read(struct.unpack("!I", incoming.read(4))[0])

    return receive, lambda frame: stream.sendall(struct.pack("!I", len(frame)) + frame)


def pump(receive: Callable[[], bytes], send: Callable[[bytes], object]) -> None:
    try:
        while True:
            send(receive())
    except (OSError, struct.error):
        return


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, timeout=10)


def dhcp(mac: str, seconds: float) -> dict[str, object]:
    """DISCOVER and REQUEST; the address and the options (in hexadecimal) that were granted, nothing when none was
    within that time. Source: RFC 2131."""
    hardware = bytes.fromhex(mac.replace(":", ""))
    head = struct.pack("!BBBBIHH16x16s192x", 1, 1, 6, 0, 0x0CA1C0, 0, 0, hardware) + bytes.fromhex("63825363")
    wanted = bytes([55, 3, 3, 121, 245, 255])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, CARD.encode())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.settimeout(seconds)
        client.bind(("", 68))
        try:
            client.sendto(head + bytes([53, 1, 1]) + wanted, ("255.255.255.255", 67))
            offer = client.recv(2000)
            server = bytes.fromhex(options(offer)["54"])
            asked = bytes([53, 1, 3, 50, 4]) + offer[16:20] + bytes([54, 4]) + server
            client.sendto(head + asked + wanted, ("255.255.255.255", 67))
            grant = client.recv(2000)
        except TimeoutError:
            return {}
    return {"address": socket.inet_ntoa(grant[16:20]), "options": options(grant)}


def options(message: bytes) -> dict[str, str]:
    found, rest = {}, message[240:]
    while rest and rest[0] != 255:
        found[str(rest[0])] = rest[2 : 2 + rest[1]].hex()
        rest = rest[2 + rest[1] :]
    return found


def tell(host: str, port: int) -> dict[str, object]:
    """Send one datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"told", (host, port))
    return {}


def announce(mac: str, address: str) -> dict[str, object]:
    """Tell everyone that ``address`` lives here (gratuitous ARP, which kernels believe at once)."""
    hardware, number = bytes.fromhex(mac.replace(":", "")), socket.inet_aton(address)
    frame = b"\xff" * 6 + hardware + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    frame += hardware + number + b"\xff" * 6 + number
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as card:
        card.bind((CARD, 0))
        card.send(frame)
    return {}


def ask(host: str, port: int, text: str, seconds: float) -> dict[str, object]:
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                return {"said": answer.read().decode()}
    except OSError as error:
        return {"error": str(error)}


def serve(port: int, text: str) -> dict[str, object]:
    """Answer every connection, once it has said all, with ``text`` and what it said."""
    listener = socket.create_server(("", port))

    def answer() -> None:
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as question:
                connection.sendall(text.encode() + question.read())

    threading.Thread(target=answer, daemon=True).start()
    return {}


def configure(mac: str, address: str, gateway: str) -> dict[str, object]:
    ip("addr", "flush", "dev", CARD)
    ip("link", "set", CARD, "address", mac)
    ip("addr", "add", address, "dev", CARD)
    ip("route", "replace", "default", "via", gateway, "dev", CARD)
    return {}


DO: dict[str, Callable[..., dict[str, object]]] = {
    "dhcp": dhcp, "announce": announce, "ask": ask, "serve": serve, "configure": configure, "tell": tell,
}  # fmt: skip


def main() -> None:
    kind, name, mac = sys.argv[1:]
    receive, send = wire(kind, name)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    card = tap(CARD)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
    ip("link", "set", "lo", "up")
    ip("link", "set", CARD, "address", mac, "up")
    threading.Thread(target=pump, args=(receive, lambda frame: os.write(card, frame)), daemon=True).start()
    threading.Thread(target=pump, args=(lambda: os.read(card, 65536), send), daemon=True).start()
    print("{}", flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(DO[command.pop("do")](**command)), flush=True)


if __name__ == "__main__":
    main()
