"""kill -9 in the middle of writing: everything that was committed is there, and nothing else."""

import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from calco.model.ids import ResourceId
from calco.storage.migrations import open_records

# Each write puts two resources and a note, so that a torn one shows. It says a number only after its commit.
WRITER = """
import sys
from pathlib import Path
from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.storage.migrations import open_records

group = ResourceId("s", "g")
records = open_records(Path(sys.argv[1]))
with records.read() as view:
    number = int(view.note("last") or "0")
while True:
    number += 1
    with records.write() as change:
        for half in ("left", "right"):
            change.put(Resource(group.sibling("Test", half, str(number)), "here", {"filling": "x" * 3000}))
        change.put_note("last", str(number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("writes_seen", [40, *(pytest.param(seen, marks=pytest.mark.slow) for seen in (1, 7, 41, 300))])
def test_a_killed_writer_leaves_whole_writes_and_all_it_told_of(tmp_path: Path, writes_seen: int) -> None:
    told = 0
    for _ in range(2):
        told = killed_after(tmp_path, told, writes_seen)

        records = open_records(tmp_path)
        with records.read() as view:
            last = int(view.note("last") or "0")
            left, right = view.resources("Test/left"), view.resources("Test/right")
            assert view.resource(ResourceId("s", "g").sibling("Test", "left", str(last))) is not None
        records.close()

        assert last >= told
        everything = [str(number) for number in range(1, last + 1)]
        assert [each.id.name for each in left] == [each.id.name for each in right] == everything
        told = last


def killed_after(data: Path, told: int, writes_seen: int) -> int:
    """Start a writer, kill it when it told of that many writes; answers the last write it told of."""
    with subprocess.Popen([sys.executable, "-c", WRITER, os.fspath(data)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(writer.stdout, selectors.EVENT_READ)
            while said.count(b"\n") < writes_seen and selector.select(timeout=30):
                said += os.read(writer.stdout.fileno(), 65536)
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read()
    whole = said[: said.rfind(b"\n") + 1].split()
    assert len(whole) >= writes_seen
    assert int(whole[0]) == told + 1
    return int(whole[-1])
