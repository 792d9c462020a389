"""The serial console at a real service: TLS, the websocket's own limits, and both ends' ends."""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from calco.arm.serial_line import STOPPED, STOPPING
from calco.model.document import Document
from calco.service import CONSOLE_MESSAGE_BYTES_MAX
from tests.arm.api import SUB, machine_body, network_body, nic_body
from tests.consoles import address, console, opened
from tests.service_process import ServiceProcess, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("consoles") / "data", "--log-level", "debug") as service:
        yield service


@pytest.fixture(scope="module")
def web(service: ServiceProcess) -> str:
    """A running machine's id."""
    lab = f"{service.client.subscription}/resourceGroups/lab"
    change(service, lab, {"location": "eastus"})
    network, nic = (
        f"{lab}/providers/Microsoft.Network/{each}" for each in ("virtualNetworks/net", "networkInterfaces/n")
    )
    change(service, network, network_body())
    change(service, nic, here(service, nic_body()))
    machine = f"{lab}/providers/Microsoft.Compute/virtualMachines/web"
    body = machine_body("web", nic)
    properties = body["properties"]
    assert isinstance(properties, dict)
    properties |= {"diagnosticsProfile": {"bootDiagnostics": {"enabled": True}}}
    change(service, machine, body)
    return machine


def change(service: ServiceProcess, id: str, body: Document) -> None:
    service.client.change("PUT", id, body, label=id)


def here(service: ServiceProcess, body: Document) -> Document:
    """A body of ``tests.arm.api``, about this service's subscription."""
    found: Document = json.loads(json.dumps(body).replace(SUB, service.client.subscription))
    return found


def test_a_line_is_typed_and_said_again(service: ServiceProcess, web: str) -> None:
    with console(service, web) as screen, console(service, web) as other:
        screen.wait_for(b"simulated machine web, boot 1\n")
        screen.type("Stra\u00dfe\r")
        assert screen.wait_for("\nStra\u00dfe\r\n".encode()) == "Stra\u00dfe\r\nStra\u00dfe\r\n".encode()
        other.wait_for("\nStra\u00dfe\r\n".encode())


def test_a_page_of_ours_is_let_in_and_no_other(service: ServiceProcess, web: str) -> None:
    port = service.url.rpartition(":")[2]
    for host in ("localhost", "127.0.0.1", "[::1]"):
        with opened(service, address(service, web), origin=f"https://{host}:{port}") as connection:
            assert connection.recv(20)
    for origin in ("https://evil.test", f"http://localhost:{port}", "null"):
        with pytest.raises(InvalidStatus) as refused, opened(service, address(service, web), origin=origin):
            pass
        assert refused.value.response.status_code == 403


def test_no_other_path_is_a_websocket(service: ServiceProcess, web: str) -> None:
    base = f"wss{service.url.removeprefix('https')}"
    for path in ("/", "/portal/", service.client.subscription, f"{web}/start", "/calco/serialConsole/x?token=x"):
        with pytest.raises(InvalidStatus) as refused, opened(service, f"{base}{path}"):
            pass
        assert refused.value.response.status_code == 403, path
    blobs = service.env["CALCO_BLOB_ENDPOINT"].replace("https", "wss")
    with pytest.raises(InvalidStatus) as refused, opened(service, f"{blobs}/one"):
        pass
    assert refused.value.response.status_code == 400, "a plain request, to a protocol that it has not"


def test_what_is_pasted_is_bounded(service: ServiceProcess, web: str) -> None:
    with console(service, web) as screen:
        screen.type(b"." * CONSOLE_MESSAGE_BYTES_MAX)
        screen.wait_for(b"." * CONSOLE_MESSAGE_BYTES_MAX)
    with console(service, web) as screen:
        # 1006: the connection broke before the server's word was read, for it does not wait for all of the message; or
        # before all of it was sent.
        with suppress(ConnectionClosed):
            screen.type(b"#" * (CONSOLE_MESSAGE_BYTES_MAX + 1))
        assert screen.ending()[0] in (1009, 1006)
    with console(service, web) as screen:
        screen.type("still here")
        screen.wait_for(b"still here")
        assert b"#" not in screen.shown


def test_neither_tokens_nor_what_is_typed_is_in_the_log(service: ServiceProcess, web: str) -> None:
    url = address(service, web)
    with opened(service, url) as connection:
        connection.send(b"Secret-word-1")
        while b"Secret-word-1" not in connection.recv(20):
            pass

    assert " DEBUG " in service.log
    assert "Secret-word-1" not in service.log
    assert url.partition("token=")[2] not in service.log


def test_consoles_end_with_the_machine_and_with_the_service(service: ServiceProcess, web: str) -> None:
    with console(service, web) as screen:
        service.client.change("POST", f"{web}/restart", label="restart")
        assert screen.ending() == (STOPPED.code, STOPPED.reason)
    with console(service, web) as screen:
        # An idle connection of a client that does not read is waited for, for a while; this is about consoles.
        service.client.http.close()
        del service.client
        service.stop()
        assert screen.ending() == (STOPPING.code, STOPPING.reason)
        assert "graceful shutdown exceeded" not in service.log, "nobody was waited for"
    service.start()
    with console(service, web) as screen:
        screen.wait_for(b"simulated machine web")
