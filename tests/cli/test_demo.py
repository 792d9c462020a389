"""The demo's own judgement: it must fail when the clones are not machines of their own."""

from dataclasses import replace

import pytest

from calco.cli.common import Failure
from calco.cli.demo import Seen, compare

SOURCE = Seen("source", "id-of-source", "key-of-source", "on the OS disk", "on the data disk")
CLONE = replace(SOURCE, host_name="clone1", machine_id="id-of-clone1", host_key="key-of-clone1")
OTHER = replace(SOURCE, host_name="clone2", machine_id="id-of-clone2", host_key="key-of-clone2")


def test_different_machines_with_the_same_files_are_what_is_wanted() -> None:
    compare(SOURCE, {"clone1": CLONE, "clone2": OTHER})


@pytest.mark.parametrize("twin", [SOURCE, OTHER], ids=["of the source", "of another clone"])
@pytest.mark.parametrize("what", ["host_name", "machine_id", "host_key"])
def test_a_twin_is_a_failure(what: str, twin: Seen) -> None:
    clone = replace(CLONE, **{what: getattr(twin, what)})

    with pytest.raises(Failure, match="two machines share"):
        compare(SOURCE, {"clone1": clone, "clone2": OTHER})


@pytest.mark.parametrize("what", ["os_file", "data_file"])
def test_a_file_that_is_not_the_sources_is_a_failure(what: str) -> None:
    with pytest.raises(Failure, match="clone1 does not carry"):
        compare(SOURCE, {"clone1": replace(CLONE, **{what: "something else"}), "clone2": OTHER})
