"""One look at a whole disk, when what it reads fails under it."""

from collections.abc import Callable, Mapping

import pytest

from calco.inspection.blocks import PIECE_BYTES, Unreadable
from calco.inspection.look import look
from calco.model.inspection import Verdict
from tests.inspection.disks import Memory, Partition, gpt
from tests.inspection.test_corruption import GENERALIZED_DISKS, IN_USE

DISKS: Mapping[str, Callable[[], bytes]] = {**GENERALIZED_DISKS, "xfs": IN_USE["xfs with a host key"]}


class Failing:
    """Blocks of which one read, counted from 0, ends with an error and what lies there is gone from then on."""

    def __init__(self, content: bytes, error: Exception, at: int = -1) -> None:
        self.size_bytes = len(content)
        self.reads = 0
        self.pieces: set[int] = set()
        self._content = content
        self._error = error
        self._at = at
        self._gone: int | None = None

    def read(self, offset: int, length: int) -> bytes:
        piece = offset // PIECE_BYTES
        if self.reads == self._at:
            self._gone = piece
        self.reads += 1
        if piece == self._gone:
            raise self._error
        return self._content[offset : offset + length]


@pytest.mark.slow
@pytest.mark.parametrize("name", DISKS)
@pytest.mark.parametrize(
    "error", [Unreadable("a bad sector"), MemoryError(), RecursionError(), OSError(5, "?"), SystemError("?")], ids=repr
)
def test_whatever_a_read_ends_with_there_is_an_answer_and_it_is_never_generalized(name: str, error: Exception) -> None:
    content = DISKS[name]()
    whole = Failing(content, error)
    look(whole)
    assert whole.reads > 2

    for at in range(whole.reads):
        seen = look(Failing(content, error, at))

        assert seen.verdict is not Verdict.GENERALIZED, f"read {at}: {seen.evidence}"
        assert seen.evidence


def test_two_systems_on_one_disk_are_neithers_and_say_so() -> None:
    windows = GENERALIZED_DISKS["generalized windows"]()
    linux = IN_USE["ext4 that waagent set up"]()

    seen = look(Memory(gpt(Partition(windows), Partition(linux))))

    assert seen.verdict is Verdict.UNKNOWN
    assert seen.evidence == ("Both a Linux and a Windows system are on the disk.",)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 1024, 100_000])
def test_a_disk_with_nothing_on_it_is_unknown(size: int) -> None:
    seen = look(Memory(bytes(size)))

    assert seen.verdict is Verdict.UNKNOWN
    assert seen.evidence[0] == "No system was found on the disk."


def test_where_no_system_was_found_none_is_called_another() -> None:
    encrypted = bytearray(1 << 20)
    encrypted[3:11] = b"-FVE-FS-"

    seen = look(Memory(gpt(Partition(bytes(encrypted)))))

    assert seen.evidence[0] == "No system was found on the disk."
    assert not any("Another system" in each for each in seen.evidence)
