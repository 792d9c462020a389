"""The tests' own service: it can be trusted to end, and to be the same one after it was killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from calco import process
from tests.service_process import processes_of, serving

pytestmark = pytest.mark.slow


def test_a_killed_service_comes_back_at_the_same_address(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        first, env = service.running, service.env
        assert service.client.list(f"{service.client.subscription}/resourceGroups") == []

        service.kill()
        assert not process.is_alive(first.process)
        second = service.restart()

        assert second.process != first.process
        assert (second.url, service.env) == (first.url, env)
        assert service.client.list(f"{service.client.subscription}/resourceGroups") == []
        data = service.data

    assert data.running() is None
    assert processes_of(data) == []
    assert not data.run_dir.exists()


def test_what_still_runs_at_the_end_is_ended_and_told(tmp_path: Path) -> None:
    stray = None
    with pytest.raises(AssertionError, match="still running"), serving(tmp_path / "data") as service:
        stray = subprocess.Popen([sys.executable, "-c", "input()", str(service.data.root)], stdin=subprocess.PIPE)
    assert stray is not None
    with stray:
        assert stray.wait(10) != 0
