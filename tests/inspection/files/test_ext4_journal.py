"""A journal is replayed in memory as e2fsck replays it on the disk; what is not understood is left and said."""

import struct
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.inspection.files.ext4_journal import NOT_UNMOUNTED, replayed
from tests.inspection.disks import (
    File,
    Memory,
    Tree,
    block_bytes_of,
    debugfs,
    ext4,
    files_of,
    repaired,
    tree_of,
    unfinished,
)
from tests.inspection.files.journals import CSUM_2, CSUM_3, LONG, REVOKES, Written, journal_length, with_journal

JOURNAL_MAGIC = b"\xc0\x3b\x39\x98"

TREE: Tree = {
    "/etc/passwd": b"root\n",
    "/etc/ssh/ssh_host_rsa_key": File(b"secret", 0o600),
    "/var/log/words": b"x" * 5000,
    "/kept": b"as it was",
}
CHANGES = (
    "mkdir /home",
    "mkdir /home/somebody",
    "symlink /home/link ../etc/passwd",
    "rm /etc/ssh/ssh_host_rsa_key",
    "write /etc/services /etc/services",
    "rm /var/log/words",
    "set_inode_field /kept mode 0100600",
)

KINDS = (
    ("ext4", (), True),
    ("ext4", (), False),
    ("ext4", ("-b", "4096"), True),
    ("ext4", ("-O", "^64bit"), True),
    ("ext4", ("-O", "^64bit"), False),
    ("ext4", ("-O", "^metadata_csum"), False),
    ("ext3", (), False),
    ("ext3", ("-b", "4096"), False),
)


@cache
def before(type: str = "ext4", options: Sequence[str] = ()) -> bytes:
    return ext4(TREE, type=type, options=options, size_mib=8 if "4096" in options else 4)


@cache
def after(type: str = "ext4", options: Sequence[str] = ()) -> bytes:
    return debugfs(before(type, options), *CHANGES)


@pytest.mark.slow
@pytest.mark.parametrize(("type", "options", "checksums"), KINDS, ids=str)
def test_what_a_journal_holds_is_read_as_e2fsck_would_have_written_it(
    type: str, options: Sequence[str], checksums: bool
) -> None:
    disk = unfinished(before(type, options), after(type, options), checksums=checksums)

    files = files_of(disk)

    seen = tree_of(files)
    assert files.stale == NOT_UNMOUNTED
    assert files.type == type
    assert seen == tree_of(files_of(repaired(disk)))
    assert "/home/somebody" in seen
    assert "/etc/ssh/ssh_host_rsa_key" not in seen
    assert seen["/home/link"][1] == "../etc/passwd"


def test_nothing_is_written_to_the_disk() -> None:
    disk = unfinished(before(), after())
    kept = bytes(disk)

    tree_of(files_of(disk))

    assert disk == kept


def test_a_transaction_that_was_not_committed_counts_for_nothing() -> None:
    disk = unfinished(before(), after(), committed=False)

    files = files_of(disk)

    assert files.stale == ""
    assert tree_of(files) == tree_of(files_of(before()))


def test_a_block_that_was_taken_back_later_is_not_replayed() -> None:
    size = block_bytes_of(before())
    (word,) = [at for at in range(len(before()) // size) if before().startswith(b"as it was", at * size)]
    other = before()[: word * size] + b"otherwise" + before()[word * size + 9 :]

    replayed = files_of(unfinished(before(), other))
    revoked = files_of(unfinished(before(), other, revoked=[word]))

    assert replayed.read("/kept", 100) == b"otherwise"
    assert revoked.read("/kept", 100) == b"as it was"
    assert (replayed.stale, revoked.stale) == (NOT_UNMOUNTED, NOT_UNMOUNTED)


def test_a_block_that_begins_as_the_journal_does_is_put_back_as_it_was() -> None:
    content = JOURNAL_MAGIC + b" is how a journal's blocks begin"
    disk = ext4({**TREE, "/escaped": b"?" * len(content)})
    at = disk.index(b"?" * len(content))
    other = disk[:at] + content + disk[at + len(content) :]

    dirty = unfinished(disk, other)

    assert files_of(dirty).read("/escaped", 100) == content
    assert files_of(repaired(dirty)).read("/escaped", 100) == content


@pytest.mark.parametrize("what", ["descriptor", "data", "commit", "superblock"])
def test_a_journal_whose_checksum_does_not_match_is_left_and_said(what: str) -> None:
    disk = unfinished(before(), after())
    at = _places(disk)[what]

    files = files_of(disk[:at] + bytes([disk[at] ^ 1]) + disk[at + 1 :])

    assert "journal was not replayed" in files.stale
    assert "/etc/ssh/ssh_host_rsa_key" in tree_of(files)


@pytest.mark.parametrize("feature", [0x4, 0x20, 0x40], ids=["asynchronous commits", "fast commits", "unknown"])
def test_a_journal_with_a_feature_that_is_not_understood_is_left_and_said(feature: int) -> None:
    disk = unfinished(before("ext3"), after("ext3"), checksums=False)
    at = _places(disk)["superblock"] - 0x20 + 0x28
    (features,) = struct.unpack_from(">I", disk, at)

    files = files_of(disk[:at] + struct.pack(">I", features | feature) + disk[at + 4 :])

    assert "features that are not understood" in files.stale


def test_an_external_journal_is_left_and_said() -> None:
    disk = debugfs(unfinished(before(), after()), "set_super_value journal_inum 0")

    assert "another device" in files_of(disk).stale


def test_a_journal_that_leads_back_to_itself_ends() -> None:
    """Every block of it takes back nothing, in the transaction that is next."""
    round_ = [Written(revoked=[FREE[0]], is_committed=False, late=late) for late in range(1023)]
    disk = with_journal(before(), round_, features=REVOKES | LONG, start=1, sequence=9)

    _, stale = replayed(Memory(disk))

    assert "its log has no end" in stale


def test_a_file_system_that_was_closed_is_read_without_its_journal() -> None:
    blocks = Memory(before(), holes=[(_journal_of(before()), 1024)])

    same, stale = replayed(blocks)

    assert same is blocks
    assert stale == ""


def test_a_journal_that_cannot_be_read_is_said() -> None:
    disk = unfinished(before(), after())

    _, stale = replayed(Memory(disk, holes=[(_journal_of(disk), 1024)]))

    assert "not replayed" in stale


def test_a_file_system_in_which_errors_were_found_says_so() -> None:
    disk = debugfs(before(), "set_super_value state 3")

    assert "errors" in files_of(disk).stale


def _journal_of(disk: bytes) -> int:
    return disk.index(JOURNAL_MAGIC + struct.pack(">I", 4))


def _places(disk: bytes) -> dict[str, int]:
    """Where one byte of each kind of block lies: of the superblock one of its errno."""
    start = _journal_of(disk)
    descriptor = disk.index(JOURNAL_MAGIC + struct.pack(">I", 1), start)
    commit = disk.index(JOURNAL_MAGIC + struct.pack(">I", 2), start)
    size = block_bytes_of(disk)
    assert descriptor < commit - size
    return {"superblock": start + 0x20, "descriptor": descriptor + 13, "data": commit - size + 5, "commit": commit + 52}


# ----- any journal, against e2fsck

FREE = range(3000, 3006)
"""Blocks of ``before()`` that nothing lies in."""

CONTENTS = st.sampled_from(
    [bytes([number]) * 1024 for number in (1, 2, 3)] + [JOURNAL_MAGIC + bytes([number]) * 1020 for number in (4, 5)]
)
WRITTEN = st.builds(
    Written,
    blocks=st.dictionaries(st.sampled_from(FREE), CONTENTS, max_size=4),
    revoked=st.lists(st.sampled_from(FREE), max_size=2, unique=True),
)
LAST = st.sampled_from(
    [
        (),
        (Written({FREE[0]: b"\x77" * 1024}, is_committed=False),),
        (Written({FREE[0]: b"\x77" * 1024}, late=1),),
        (Written({FREE[0]: b"\x77" * 1024}, late=-1),),
    ]
)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    transactions=st.lists(WRITTEN, max_size=5),
    last=LAST,
    features=st.sampled_from(
        [0, REVOKES, REVOKES | LONG, REVOKES | CSUM_3, REVOKES | LONG | CSUM_3, REVOKES | LONG | CSUM_2]
    ),
    start=st.one_of(st.just(1), st.integers(1000, 1023)),
    sequence=st.sampled_from([1, 7, 0x7FFFFFFE]),
)
def test_any_journal_is_replayed_as_e2fsck_replays_it(
    transactions: list[Written], last: tuple[Written, ...], features: int, start: int, sequence: int
) -> None:
    disk = with_journal(before(), [*transactions, *last], features=features, start=start, sequence=sequence)

    blocks, stale = replayed(Memory(disk))

    other = repaired(disk)
    assert stale == NOT_UNMOUNTED
    for number in FREE:
        assert blocks.read(number * 1024, 1024) == other[number * 1024 : (number + 1) * 1024]


def test_a_log_goes_around_and_ends_before_what_it_held_a_round_ago() -> None:
    """The short way of the property above."""
    assert journal_length(before()) == 1024
    kept, stale_block = b"a" * 1024, b"z" * 1024
    disk = with_journal(
        before(),
        [Written({FREE[0]: kept, FREE[1]: JOURNAL_MAGIC + b"b" * 1020}), Written({FREE[0]: stale_block}, late=1)],
        features=REVOKES | LONG | CSUM_3,
        start=1022,
        sequence=9,
    )

    blocks, stale = replayed(Memory(disk))

    assert stale == NOT_UNMOUNTED
    assert blocks.read(FREE[0] * 1024, 1024) == kept
    assert blocks.read(FREE[1] * 1024 + 2, 4) == JOURNAL_MAGIC[2:] + b"bb"


def test_a_block_beyond_the_file_system_is_not_replayed_and_said() -> None:
    disk = with_journal(
        before(), [Written({FREE[0] + (1 << 32): b"a" * 1024})], features=REVOKES | LONG | CSUM_3, start=1, sequence=9
    )

    blocks, stale = replayed(Memory(disk))

    assert "outside of the file system" in stale
    assert blocks.read(FREE[0] * 1024, 4) == bytes(4)
