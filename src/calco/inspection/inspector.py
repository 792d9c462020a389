"""The parent's side of a look at a disk: starts the child, hands it what it asks for, and ends it when it is enough."""

import socket
import struct
import subprocess
import sys

from calco.inspection import checks_container
from calco.inspection.catalogue import outcome
from calco.inspection.check import run
from calco.inspection.checks_container import DiskFile
from calco.inspection.child import ASK, _exactly, decode
from calco.model.inspection import Container, Report
from calco.ports import VolumeView


class ChildInspector:
    """``ports.Inspector`` with a child for each disk."""

    def inspect(self, disk: VolumeView, container: Container | None = None) -> Report:
        here, there = socket.socketpair()
        with here, there:
            argv = [sys.executable, "-m", "calco.inspection.child", str(there.fileno())]
            with subprocess.Popen(argv, pass_fds=(there.fileno(),), stdin=subprocess.DEVNULL) as child:
                there.close()
                try:
                    sighting = decode(_served(here, disk))
                finally:
                    child.kill()
        of_file = [] if container is None else run(checks_container.CHECKS, DiskFile(container, disk.size_bytes))
        return Report(
            sighting.verdict,
            sighting.evidence,
            sighting.os,
            tuple(outcome(each) for each in (*of_file, *sighting.seen)),
        )


def _served(here: socket.socket, disk: VolumeView) -> bytes:
    here.sendall(struct.pack(">Q", disk.size_bytes))
    while True:
        offset, length = ASK.unpack(_exactly(here, ASK.size))
        if length == 0:
            (count,) = struct.unpack(">I", _exactly(here, 4))
            return _exactly(here, count)
        here.sendall(b"\0" + disk.read(offset, length))
