"""What the rows about moved VHDs promise, and when a promise is broken."""

from bench.blobs import ACTS, CONNECTIONS, Measured, Moved, Side, rows


def side(seconds: float, server_cpu: float, client_cpu: float = 0.1) -> Side:
    moves = {(act, each): [Moved(seconds, server_cpu, client_cpu)] * 3 for act in ACTS for each in CONNECTIONS}
    return Side(moves, [0.02])


def kept(ours: Side, theirs: Side | None) -> set[bool | None]:
    return {row.kept for row in rows(Measured(ours, theirs)) if "VHD" in row.question and "empty" not in row.question}


def test_half_the_processor_and_half_as_much_speed_again_are_kept() -> None:
    assert kept(side(1, 0.4), side(1.5, 0.8)) == {True}


def test_too_much_processor_or_too_little_speed_is_told() -> None:
    assert kept(side(1, 0.41), side(1.5, 0.8)) == {True, False}
    assert kept(side(1, 0.4), side(1.4, 0.8)) == {True, False}


def test_no_server_is_faster_than_its_client() -> None:
    assert kept(side(1, 0.4, client_cpu=0.6), side(1.0, 0.8)) == {True}


def test_without_a_peer_nothing_is_claimed() -> None:
    assert kept(side(1, 0.4), None) == {None}


def test_an_empty_vhd_is_quick_or_the_row_says_no() -> None:
    (quick,) = (row for row in rows(Measured(side(1, 1), None)) if "empty" in row.question)
    (slow,) = (row for row in rows(Measured(Side(side(1, 1).moves, [2.1]), None)) if "empty" in row.question)

    assert (quick.kept, slow.kept) == (True, False)
