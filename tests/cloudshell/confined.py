"""The portal's shell, taken over by other code once it is confined. Started as ``confined.py HOW MORE`` and what a
shell is started with; what came of it is printed on the terminal.
"""

import fcntl
import io
import json
import socket
import sys
import threading

HOW, MORE = sys.argv.pop(1), json.loads(sys.argv.pop(1))
sys.path[:] = sys.argv[4:]

import httpx  # noqa: E402

from calco.cloudshell import child, wire  # noqa: E402
from calco.cloudshell.interactive import Interactive  # noqa: E402
from calco.cloudshell.terminal import TerminalHost  # noqa: E402

if HOW == "tries_everything":  # what it needs would hide what the shell does not import in time
    from tests.escapes import ATTEMPTS, errno_of

MIB = 1 << 20
SIOCGIFCONF = 0x8912


def report(what: object) -> int:
    print("report", json.dumps(what), "end", sep="\x02", flush=True)  # which no host lets through
    return 0


def tries_everything(_shell: Interactive, *_terminal: object) -> int:
    def pair() -> socket.socket:
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]

    ways = {
        **ATTEMPTS,
        "send to a local socket by a pair": lambda: pair().sendto(b"x", "/dev/log"),
        "ask for the network's interfaces": lambda: fcntl.ioctl(pair(), SIOCGIFCONF, bytes(16)),
        "have another process be sent signals": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, 1),
        "open its terminal by name": lambda: open("/dev/tty", "rb"),  # noqa: SIM115, PTH123
    }
    return report({name: errno_of(way) for name, way in ways.items()})


def runs_everything(_shell: Interactive, *_terminal: object) -> int:
    """What do scripts of all constructs, and the help of all commands, import that is not there yet?"""
    known = set(sys.modules)
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json={"value": []}))
    host = TerminalHost(io.StringIO(), io.StringIO(), io.StringIO())
    shell = child.begun(host, http, wire.Greeting("https://localhost", "", "", ""))
    commands = shell.session.interpreter.commands.all()
    for script in (*MORE, "Get-Command", *(f"Get-Help {each.name} -Full" for each in commands)):
        shell.complete(script, len(script))
        shell.run(script)
    return report(sorted(set(sys.modules) - known))


def allocates(_shell: Interactive, *_terminal: object) -> int:
    held = []
    try:
        while True:
            held.append(bytearray(16 * MIB))
    except MemoryError:
        count = len(held)
        held.clear()
    return report(count * 16)


def loops_in_a_thread(_shell: Interactive, *_terminal: object) -> int:
    def loop() -> None:
        while True:
            pass

    thread = threading.Thread(target=loop)
    thread.start()
    thread.join()
    return 0


if __name__ == "__main__":
    child.main(globals()[HOW])
