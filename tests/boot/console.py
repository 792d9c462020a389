"""A real machine's serial console, typed into: what tests of real machines do with one they have.

a_serial_console_is_typed_into(lab, "source")
"""

from calco.model.document import Document
from tests.consoles import Screen, console

from .lab import USER, Lab

PASSWORD = "Typed-in-1"


def a_serial_console_is_typed_into(lab: Lab, name: str) -> None:
    """Somebody logs in at the console of a machine that runs, and somebody else sees it. The machine keeps its boot
    diagnostics; the password that it took is locked again, and the line is free for who comes next."""
    machine = lab.path("virtualMachines", name)
    enabled: Document = {"properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}}
    lab.service.client.change("PATCH", machine, enabled, label="boot diagnostics")
    lab.ssh(name, f"echo '{USER}:{PASSWORD}' | sudo chpasswd")
    for visit in ("first", "second"):
        with console(lab.service, machine) as screen, console(lab.service, machine) as other:
            log_in(screen)
            screen.type(f"tty; echo {visit}=$((40 + 2))\r")
            assert b"/dev/ttyS0\r\n" in screen.wait_for(f"{visit}=42\r\n".encode())
            other.wait_for(f"{visit}=42\r\n".encode())
            assert PASSWORD.encode() not in other.shown
            other.type("exit\r")
            screen.wait_for(b"login: ")
    lab.ssh(name, f"sudo passwd -l {USER} >/dev/null")


def log_in(screen: Screen, *, seconds: float = 120) -> None:
    """From whatever was shown before to a shell's prompt."""
    screen.type("\r")
    screen.wait_for(b"\r\n", seconds=seconds)
    screen.shown, screen.looked = b"", 0  # the log of the boot, with its own prompt
    screen.type("\r")
    screen.wait_for(b"login: ", seconds=seconds)
    screen.type(f"{USER}\r")
    screen.wait_for(b"Password: ", seconds=seconds)
    screen.type(f"{PASSWORD}\r")
    screen.wait_for(b"$ ", seconds=seconds)
