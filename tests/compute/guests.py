"""Guests for the network tests: real TCP behind a real link, without an operating system to boot."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from calco.compute.qemu_command import sandbox
from calco.model.machine import Link

PROGRAM = Path(__file__).with_name("stand_in_guest.py")


class Guest:
    """One stand-in guest on ``link``; ended with the block."""

    def __init__(self, link: Link, scratch: Path) -> None:
        self._qemu: subprocess.Popen[bytes] | None = None
        kind, _, rest = link.netdev.partition(",")
        if kind == "tap":
            name = rest.split(",")[0].removeprefix("ifname=")
            enter: Sequence[str] = link.enter
        else:
            name = os.fspath(scratch / f"{link.mac.replace(':', '')}.wire")
            self._qemu = _only_the_network(link, name)
            enter = ("unshare", "--user", "--map-root-user")
        argv = [*enter, sys.executable, os.fspath(PROGRAM), kind, name, link.mac]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self._answer()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._process, self._qemu):
            if process is not None:
                process.kill()
                process.communicate()

    def configure(self, mac: str, address: str, gateway: str) -> None:
        """Be who one says one is."""
        self._do("configure", mac=mac, address=address, gateway=gateway)

    def dhcp(self, mac: str, *, seconds: float = 10) -> dict[str, object]:
        """Address and options that it is granted within that time; nothing when none are."""
        return self._do("dhcp", mac=mac, seconds=seconds)

    def announce(self, mac: str, address: str) -> None:
        self._do("announce", mac=mac, address=address)

    def tell(self, host: str, port: int) -> None:
        """Send a datagram, which nobody has to answer."""
        self._do("tell", host=host, port=port)

    def ask(self, host: str, port: int, text: str, *, seconds: float = 10) -> str | None:
        """What ``host`` answers; None when it does not."""
        said = self._do("ask", host=host, port=port, text=text, seconds=seconds).get("said")
        return said if isinstance(said, str) else None

    def begin_ask(self, host: str, port: int, text: str) -> None:
        self._say("ask", host=host, port=port, text=text, seconds=10)

    def end_ask(self) -> str | None:
        said = self._answer().get("said")
        return said if isinstance(said, str) else None

    def serve(self, port: int, text: str) -> None:
        self._do("serve", port=port, text=text)

    def _do(self, verb: str, **words: object) -> dict[str, object]:
        self._say(verb, **words)
        return self._answer()

    def _say(self, verb: str, **words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": verb, **words}).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self) -> dict[str, object]:
        assert self._process.stdout is not None
        assert select.select([self._process.stdout], [], [], 30)[0], "the stand-in guest does not answer"
        answer: dict[str, object] = json.loads(self._process.stdout.readline())
        return answer


def _only_the_network(link: Link, path: str) -> subprocess.Popen[bytes]:
    """QEMU without a machine: the link on one port of a hub, a Unix socket of frames on the other."""
    argv = [
        *link.enter, "qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none",
        # As real machines have it: what the network driver starts must live with what is forbidden there.
        "-sandbox", sandbox((link,)),
        "-netdev", f"{link.netdev},id=link",
        "-netdev", "hubport,id=inner,hubid=0,netdev=link",
        "-netdev", f"stream,id=card,server=on,addr.type=unix,addr.path={path}",
        "-netdev", "hubport,id=outer,hubid=0,netdev=card",
        "-monitor", "stdio",
    ]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = b""
    while b"(qemu)" not in said:  # the monitor's prompt: from here on the sockets listen
        piece = os.read(process.stdout.fileno(), 4096)
        assert piece, "QEMU did not start"
        said += piece
    return process
