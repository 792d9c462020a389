"""What the database's file holds, byte for byte."""

from pathlib import Path

from calco.model.ids import ResourceId
from calco.ports import Resource
from calco.storage.migrations import open_records


def test_what_was_forgotten_does_not_lie_on_in_the_file(tmp_path: Path) -> None:
    records = open_records(tmp_path)
    group = ResourceId("11111111-2222-4333-8444-555555555555", "lab")
    with records.write() as tx:
        tx.put(Resource(group, "eastus", {}, internal={"secret": "a password nobody guesses " * 300}))
    with records.write() as tx:
        tx.put(Resource(group, "eastus", {}))

    records.close()

    files = [file.read_bytes() for file in tmp_path.iterdir() if file.is_file()]
    assert files
    assert not any(b"nobody guesses" in content for content in files)
