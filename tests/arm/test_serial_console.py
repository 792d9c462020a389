"""A machine's serial console over HTTP and its websocket."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calco.arm import serial_console
from calco.arm.app import make_app
from calco.arm.serial_line import STOPPED, STOPPING, TOO_MANY, Lines
from calco.audience import Ending
from calco.work.ticket import TICKETS_MAX
from tests.arm.api import COMPUTE, SUB, TENANT, Api, anyone
from tests.arm.test_boot_diagnostics import ENABLED
from tests.asgi_socket import AsgiSockets, Closed, Socket
from tests.world import World

WEB = f"{COMPUTE}/virtualMachines/web"
PORT = f"{WEB}/providers/Microsoft.SerialConsole/serialPorts/0"
BOOTED = b"simulated machine web, boot 1\n"
OURS = ("https://localhost:8443", "https://[::1]:8443")


class Lab(Api):
    """An API with consoles."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lines = Lines(self.world.hypervisor, watchers_max=3, look_seconds=0.01)
        routes = serial_console.routes(self.world.cloud, self.lines)
        app = make_app(self.world.cloud, anyone, tenant=TENANT, endings=self.endings, extra_routes=routes, threads=1)
        self.consoles = AsgiSockets(app)

    @property
    def vm_id(self) -> str:
        return str(self.get(WEB)["properties"]["vmId"])

    def address(self) -> str:
        answer = self.call("POST", f"{PORT}/connect", version="2018-05-01")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["connectionString"])

    def open(self, address: str | None = None, **headers: str) -> AbstractContextManager[Socket]:
        return self.consoles.open(address or self.address(), headers)

    def refused(self, address: str, **headers: str) -> bool:
        """Before it was a websocket, and nothing of the machine was touched."""
        try:
            with self.open(address, **headers):
                return False
        except Closed as closed:
            assert self.lines.open == frozenset()
            return closed.code == 403


@pytest.fixture
def lab(tmp_path: Any) -> Iterator[Lab]:
    world = World(tmp_path)
    world.cloud = replace(world.cloud, rules=replace(world.rules, origins=OURS))
    lab = Lab(world)
    lab.with_network().machine("web")
    shown = lab.get(WEB)
    shown["properties"] |= ENABLED
    lab.put(WEB, shown)
    with lab.consoles:
        yield lab


def ending(console: Socket) -> Ending:
    try:
        while True:
            console.receive()
    except Closed as closed:
        return Ending(closed.code, closed.reason)


def hears(console: Socket, what: bytes) -> bool:
    """Whether the next bytes are these; they may come in pieces."""
    found = b""
    while len(found) < len(what):
        found += console.receive()
    return found == what


async def closed(lines: Lines) -> None:
    lines.close()


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# --- the address -----------------------------------------------------------------------------------------------------


def test_the_address_is_a_websocket_of_this_service_with_a_token_of_its_own(lab: Lab) -> None:
    first, second = lab.address(), lab.address()

    assert first.startswith(f"wss://cloud.test:8443/calco/serialConsole/{lab.vm_id}?token=")
    assert first != second
    assert len(first.partition("token=")[2]) >= 43, "32 random bytes"


def test_there_is_no_console_without_boot_diagnostics(lab: Lab) -> None:
    shown = lab.get(WEB)
    shown["properties"]["diagnosticsProfile"] = {"bootDiagnostics": {"enabled": False}}
    lab.put(WEB, shown)

    answer = lab.call("POST", f"{PORT}/connect")

    assert refusal(answer) == (409, "OperationNotAllowed")
    assert "az vm boot-diagnostics enable" in answer.json()["error"]["message"]


@pytest.mark.parametrize("act", ["powerOff", "deallocate"])
def test_there_is_no_console_of_a_machine_that_is_off(lab: Lab, act: str) -> None:
    lab.post(f"{WEB}/{act}")

    answer = lab.call("POST", f"{PORT}/connect")

    assert refusal(answer) == (409, "OperationNotAllowed")
    assert "az vm start" in answer.json()["error"]["message"]


def test_there_is_no_console_of_what_is_not_there_and_one_port_of_what_is(lab: Lab) -> None:
    gone = WEB.replace("/web", "/none")
    assert lab.call("POST", PORT.replace(WEB, gone) + "/connect").status_code == 404
    assert lab.call("POST", PORT[:-1] + "1/connect").status_code == 404
    assert lab.get(PORT[:-2])["value"] == [lab.get(PORT)]
    assert lab.get(PORT)["properties"] == {"state": "enabled"}
    assert lab.get(f"{SUB}/providers/Microsoft.SerialConsole/consoleServices/default") == {
        "properties": {"disabled": False}
    }


def test_who_opened_a_console_is_in_the_activity_log_and_the_token_is_not(lab: Lab) -> None:
    token = lab.address().partition("token=")[2]

    log = lab.call(
        "GET",
        f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
        f"?$filter=eventTimestamp ge '2000-01-01T00:00:00Z' and resourceUri eq '{WEB}'&api-version=2015-04-01",
    )

    assert "Microsoft.SerialConsole/serialPorts/connect/action" in log.text
    assert token not in log.text


# --- the console -----------------------------------------------------------------------------------------------------


def test_a_console_begins_with_the_log_and_types_into_the_machine(lab: Lab) -> None:
    with lab.open() as console:
        assert hears(console, BOOTED)
        console.send(b"whoami")
        assert hears(console, b"whoami")
        console.send("\r")
        assert hears(console, b"\r\nwhoami\r\n")


def test_two_see_the_same_console(lab: Lab) -> None:
    with lab.open() as ana, lab.open() as ben:
        assert hears(ana, BOOTED)
        assert hears(ben, BOOTED)
        ana.send(b"a")
        assert hears(ana, b"a")
        ben.send(b"b")
        assert hears(ana, b"b")
        assert hears(ben, b"ab")


@pytest.mark.parametrize("act", ["powerOff", "deallocate", "restart"])
def test_a_console_ends_with_the_machine(lab: Lab, act: str) -> None:
    with lab.open() as console:
        assert hears(console, BOOTED)
        lab.post(f"{WEB}/{act}")
        assert ending(console) == STOPPED


def test_a_console_after_a_restart_begins_with_the_new_boot(lab: Lab) -> None:
    lab.post(f"{WEB}/restart")
    with lab.open() as console:
        assert hears(console, BOOTED)
        console.send(b"x")
        assert hears(console, b"x")


def test_a_console_ends_when_the_guest_switches_itself_off(lab: Lab) -> None:
    with lab.open() as console:
        lab.world.hypervisor.shut_down(lab.vm_id)
        assert ending(console) == STOPPED


def test_a_machine_that_went_off_meanwhile_is_told_as_that(lab: Lab) -> None:
    address = lab.address()
    lab.world.hypervisor.shut_down(lab.vm_id)

    with lab.open(address) as console:
        assert ending(console) == STOPPED


def test_a_console_too_many_is_told_so_and_the_others_go_on(lab: Lab) -> None:
    with lab.open() as first, lab.open(), lab.open():
        with lab.open() as fourth:
            assert ending(fourth) == TOO_MANY
        assert hears(first, BOOTED)


def test_the_end_of_the_service_ends_consoles(lab: Lab) -> None:
    with lab.open() as console:
        assert hears(console, BOOTED)
        lab.consoles.run(closed(lab.lines))
        assert ending(console) == STOPPING


# --- who is let in ---------------------------------------------------------------------------------------------------


def test_a_token_lets_one_in_once(lab: Lab) -> None:
    address = lab.address()
    with lab.open(address) as console:
        assert hears(console, BOOTED)

    assert lab.refused(address)


def test_a_token_lives_a_minute(lab: Lab) -> None:
    early, late = lab.address(), lab.address()
    lab.world.clock.move(timedelta(seconds=59))
    with lab.open(early) as console:
        assert hears(console, BOOTED)
    lab.world.clock.move(timedelta(seconds=1))
    assert lab.refused(late)


def test_a_token_is_for_one_machine_and_void_once_it_was_tried_on_another(lab: Lab) -> None:
    lab.machine("other")
    other = lab.get(f"{COMPUTE}/virtualMachines/other")["properties"]["vmId"]
    address = lab.address()

    assert lab.refused(address.replace(lab.vm_id, other))
    assert lab.refused(address)


def test_without_a_token_nobody_is_let_in(lab: Lab) -> None:
    address = lab.address().partition("?")[0]
    for query in ("", "?token=", "?token=none", "?authorization=x"):
        assert lab.refused(address + query), query


def test_a_page_that_is_not_ours_is_not_let_in_and_has_spent_its_token(lab: Lab) -> None:
    for origin in (
        "https://evil.test",
        "https://cloud.test:8443",
        "http://localhost:8443",
        "https://localhost",
        "null",
    ):
        address = lab.address()
        assert lab.refused(address, origin=origin), origin
        assert lab.refused(address), origin


def test_a_page_of_ours_is_let_in(lab: Lab) -> None:
    for origin in OURS:
        with lab.open(origin=origin) as console:
            assert hears(console, BOOTED)


def test_what_az_puts_behind_the_address_does_no_harm(lab: Lab) -> None:
    with lab.open(f"{lab.address()}?authorization=eyJ0.eyJ1.sig") as console:
        assert hears(console, BOOTED)


@pytest.mark.slow
def test_the_oldest_of_too_many_tokens_is_void(lab: Lab) -> None:
    oldest = lab.address()
    for number in range(TICKETS_MAX):
        lab.world.cloud.tickets.issue(f"{number}", lab.vm_id, lab.world.clock.now())

    assert lab.refused(oldest)


def test_nothing_else_is_a_websocket(lab: Lab) -> None:
    for path in ("/", SUB, PORT, "/calco/serialConsole", "/calco/serialConsole/one/more", "/portal/"):
        assert lab.refused(path), path
