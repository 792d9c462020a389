"""What a machine's console has shown, from the Cloud Shell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from calco.cloudshell import reach
from calco.cloudshell.az import boot_diagnostics
from calco.signed_url import Answer, BlobFailure
from tests.cloudshell.az.bench import Bench
from tests.cloudshell.az.test_resource import Folder
from tests.cloudshell.world import SUBSCRIPTION

WEB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/web"


@dataclass
class Behind:
    """What is behind a signed address."""

    content: bytes
    closed: list[bool] = field(default_factory=list)

    def ask(
        self, method: str, more: str = "", headers: Mapping[str, str] | None = None, data: bytes | None = None
    ) -> Answer:
        assert (method, more, headers, data) == ("GET", "", None, None)
        if not self.content:
            raise BlobFailure("the blob endpoint refuses: 403")
        return Answer(200, {}, self.content)

    def close(self) -> None:
        self.closed.append(True)


@pytest.fixture
def bench() -> Bench:
    made = Bench((boot_diagnostics.MODULE,))
    made.api.put(WEB, {"properties": {"instanceView": {"computerName": "web"}}})
    signed = {"serialConsoleLogBlobUri": "https://log", "consoleScreenshotBlobUri": "https://screen"}
    made.api.when("POST", f"{WEB}/retrieveBootDiagnosticsData", {**signed})
    return made


def test_the_console_is_shown_without_what_would_paint_the_terminal(bench: Bench) -> None:
    log = Behind(b"login:\x1b[31m\r\nweb\xff")
    reach.give(bench.state, reach.Reach({"https://log": log}.__getitem__))

    view = bench.one("Get-AzVMBootDiagnosticsData", "lab", "web", Linux=True)

    assert bench.host.text == "login:\ufffd[31m\nweb\ufffd\n"
    assert view.get("ComputerName") == "web"
    assert log.closed == [True]


def test_the_screen_is_kept_in_a_file(bench: Bench) -> None:
    folder = Folder()
    reach.give(bench.state, reach.Reach({"https://screen": Behind(b"PNG")}.__getitem__, folder))

    bench.run("Get-AzVMBootDiagnosticsData", "lab", "web", Windows=True, LocalPath="shots")

    assert folder.held == {"shots/web.screenshot.png": b"PNG"}


def test_what_cannot_be_had_is_said(bench: Bench) -> None:
    log = Behind(b"")
    reach.give(bench.state, reach.Reach({"https://log": log}.__getitem__))

    assert bench.run("Get-AzVMBootDiagnosticsData", "lab", "web", Linux=True) == []
    assert bench.run("Get-AzVMBootDiagnosticsData", "lab", "web", Windows=True) == []
    bench.api.when("POST", f"{WEB}/retrieveBootDiagnosticsData", {})
    assert bench.run("Get-AzVMBootDiagnosticsData", "lab", "web", Linux=True) == []

    said = [each.message for each in bench.reported]
    assert "refuses: 403" in said[0]
    assert "-LocalPath" in said[1]
    assert "Set-AzVMBootDiagnostic" in said[2]
    assert log.closed == [True]
