"""How a root file system can be made here is tried, not guessed."""

from collections.abc import Sequence

import pytest

from calco.catalog.privilege import ROOT, USER, probe
from calco.catalog.progress import BuildFailed
from calco.tool import ToolFailed


class Tools:
    """Programs of which some fail."""

    def __init__(self, *failing: str) -> None:
        self.tried: list[str] = []
        self._failing = failing

    def __call__(self, argv: Sequence[str]) -> None:
        self.tried.append(argv[0])
        if argv[0] in self._failing:
            raise ToolFailed(tuple(argv), 1, "Operation not permitted")


def test_root_that_may_mount_works_as_root() -> None:
    tools = Tools()

    assert probe(0, tools) == ROOT
    assert tools.tried == ["unshare"]


def test_root_without_mounts_is_told_so() -> None:
    with pytest.raises(BuildFailed, match="outside the container"):
        probe(0, Tools("unshare"))


def test_a_user_with_a_user_namespace_works_without_root() -> None:
    assert probe(1000, Tools()) == USER


@pytest.mark.parametrize("missing", ["mmdebstrap", "fakeroot"])
def test_a_user_without_one_is_told_the_command_that_mends_it(missing: str) -> None:
    with pytest.raises(BuildFailed, match="--add-subuids"):
        probe(1000, Tools(missing))


def test_only_a_user_needs_fakeroot_and_it_remembers_owners_between_programs() -> None:
    assert ROOT.owning("/s", first=True) == []
    assert USER.owning("/s", first=True) == ["fakeroot", "-s", "/s", "--"]
    assert USER.owning("/s", first=False) == ["fakeroot", "-i", "/s", "--"]


def test_what_root_builds_in_is_gone_with_it() -> None:
    """Mounts and processes of a killed build must not stay: the next one sweeps the folder they would be in."""
    words = ROOT.enclosure

    assert {"--mount", "--pid", "--kill-child"} <= set(words)
    assert ROOT.when_abandoned == "KILL"


def test_what_a_user_builds_in_is_left_to_clean_up() -> None:
    assert (USER.enclosure, USER.when_abandoned) == ((), "TERM")
