"""UEFI, and the network that needs nothing (slirp); a guest whose time is up, and that reports all the same."""

import threading
from pathlib import Path

import pytest

from calco.model.document import objects_at, text_at

from .lab import BOOT_SECONDS, DEBIAN_V2, laboratory

pytestmark = [pytest.mark.guest, pytest.mark.timeout(1500)]


def test_a_guest_that_is_late_fails_as_in_azure_and_succeeds_when_it_reports(tmp_path: Path) -> None:
    with laboratory(tmp_path, "--network", "slirp", "--provisioning-timeout-seconds", "5") as lab:
        operation = lab.put("virtualMachines", "late", lab.machine("late", {"imageReference": DEBIAN_V2}))

        failed = lab.ended(operation)

        assert failed["status"] == "Failed"
        assert text_at(failed, "error", "code") == "OSProvisioningTimedOut"
        said = text_at(failed, "error", "message") or ""
        assert said.startswith("OS Provisioning for VM 'late' did not finish in the allotted time.")
        assert text_at(lab.get("virtualMachines", "late"), "properties", "provisioningState") == "Failed"
        view = lab.get("virtualMachines", "late", "/instanceView")
        codes = [each["code"] for each in objects_at(view, "statuses")]
        assert codes == ["ProvisioningState/failed/OSProvisioningTimedOut", "PowerState/running"]

        pause = threading.Event()
        for _ in range(BOOT_SECONDS):
            if text_at(lab.get("virtualMachines", "late"), "properties", "provisioningState") == "Succeeded":
                break
            pause.wait(1)
        assert text_at(lab.get("virtualMachines", "late"), "properties", "provisioningState") == "Succeeded"
        assert lab.ssh("late", "hostname; test -d /sys/firmware/efi && echo uefi").splitlines() == ["late", "uefi"]
