"""What `make demo` promises, with as many clones as it promises."""

import json
from pathlib import Path

import pytest

from tests.service_process import serving

pytestmark = [pytest.mark.guest, pytest.mark.long, pytest.mark.timeout(3600)]


def test_the_demo_ends_with_three_clones_that_are_machines_of_their_own(tmp_path: Path) -> None:
    with serving(tmp_path / "data", hypervisor="qemu") as service:
        shown = json.loads(service.run("demo", "-o", "json", timeout_seconds=3000))

    machines = shown["machines"]
    assert [each["machine"] for each in machines] == ["source", "clone1", "clone2", "clone3"]
    for what in ("host name", "machine-id", "host key"):
        assert len({each[what] for each in machines}) == 4, what
    assert len({each["files"] for each in machines}) == 1
    assert [each["verdict"] for each in shown["verdicts"]] == ["specialized", "generalized"]
    copied = {each["step"]: each["bytes copied"] for each in shown["steps"]}
    assert copied["capture image"] == "0"
