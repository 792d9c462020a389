"""What the service and a virtual network's holder say to each other.

The holder listens on a Unix socket of records (SOCK_SEQPACKET): one connection carries one command, one line of JSON in
one record, and is answered by one record, with descriptors beside it where the command asks for them. Both ends belong
to the same user, who is checked on both sides; the shapes are strict all the same, for what is in them becomes words
of ``ip``, ``nft`` and ``dnsmasq``.
"""

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from calco.model.subnet import Port
from calco.tool import ToolFailed

RECORD_BYTES = 128 * 1024
"""A record longer than this is cut by the kernel and refused."""

MOST_DESCRIPTORS = 8

Guid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
Mac = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")]
Address = Annotated[str, msgspec.Meta(pattern=r"\A(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}\Z")]
Block = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}\Z")]
SubnetName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A shape that says by its name what it is."""


class SubnetLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: SubnetName
    prefix: Block


class Describe(_Line, frozen=True):
    """Tell what there is."""


class SetSubnets(_Line, frozen=True):
    """Have exactly these subnets."""

    subnets: Annotated[list[SubnetLine], msgspec.Meta(max_length=256)]


class Plug(_Line, frozen=True):
    """Make a NIC's tap and guard its address."""

    nic: Guid
    subnet: SubnetName
    mac: Mac
    address: Address


class Unplug(_Line, frozen=True):
    nic: Guid


class GiveListeners(_Line, frozen=True):
    """Send duplicates of the fabric's listening sockets, in the order of ``Answer.listeners``."""


class GiveSocket(_Line, frozen=True):
    """Send an unconnected TCP socket of the network."""


class LinkUp(_Line, frozen=True):
    """Configure this side of the veth that the service has moved in, and the rules for it."""


class Publish(_Line, frozen=True):
    """Send what comes in for ``address`` over the veth to ``private``."""

    address: Address
    private: Address


class Unpublish(_Line, frozen=True):
    address: Address


class Quit(_Line, frozen=True):
    """Take the network apart and end."""


Command = (
    Describe | SetSubnets | Plug | Unplug | GiveListeners | GiveSocket | LinkUp | Publish | Unpublish | Quit
)  # fmt: skip


class State(msgspec.Struct, frozen=True):
    """``guarded``: the kernel filters what taps send, beyond what the bridge's tables already hold."""

    subnets: list[SubnetLine]
    plugs: list[Plug]
    published: dict[str, str]
    linked: bool
    guarded: bool


class Answer(msgspec.Struct, frozen=True):
    """``error`` is set when the command failed and was taken back."""

    error: str | None = None
    state: State | None = None
    listeners: list[str] = []


@dataclass(frozen=True)
class Reply:
    """An answer, the sockets that came with it and the holder's pid as the kernel tells it."""

    answer: Answer
    sockets: tuple[socket.socket, ...]
    pid: int


def read_command(record: bytes) -> Command:
    """The command in one record. Raises ValueError."""
    try:
        command: Command = msgspec.json.decode(record, type=Command)
    except msgspec.MsgspecError as malformed:
        raise ValueError(f"not a command: {malformed}") from malformed
    return command


def plug_of(port: Port) -> Plug:
    """``port`` in the holder's words."""
    return Plug(nic=port.nic, subnet=port.subnet.name, mac=port.mac, address=port.address)


def tap_of(nic: str) -> str:
    """Name of a NIC's tap; interface names have at most 15 characters. Source: Linux, IFNAMSIZ."""
    return "tap" + nic.replace("-", "")[:12]


def peer(connection: socket.socket) -> tuple[int, int]:
    """(pid, uid) of the other end of a Unix socket, as this process's namespaces name them."""
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, uid


def ask(path: Path, command: Command, *, timeout_seconds: float) -> Reply:
    """Put one command to the holder that listens at ``path``.

    Raises OSError when none answers, ToolFailed when it says that the command failed.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(timeout_seconds)
        connection.connect(os.fspath(path))
        pid, uid = peer(connection)
        if uid != os.getuid():
            raise PermissionError(f"{path} is served by user {uid}")
        connection.send(msgspec.json.encode(command))
        record, descriptors, _, _ = socket.recv_fds(connection, RECORD_BYTES, MOST_DESCRIPTORS)
    sockets = tuple(socket.socket(fileno=descriptor) for descriptor in descriptors)
    try:
        answer = _read_answer(record)
        if answer.error is not None:
            raise ToolFailed(("network_holder", type(command).__name__), None, answer.error)
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return Reply(answer, sockets, pid)


def _read_answer(record: bytes) -> Answer:
    if not record:
        raise ConnectionError("the network's holder closed the connection")
    try:
        return msgspec.json.decode(record, type=Answer)
    except msgspec.MsgspecError as malformed:
        raise ConnectionError(f"the network's holder answered {malformed}") from malformed
