"""What is handed out under a code: once, for a while, and never without end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from calco.identity.shelf import KEPT_MAX, Shelf
from tests.standing import SeededChance, StandingClock

MINUTE = timedelta(minutes=1)


def test_what_is_taken_is_gone_and_what_is_looked_at_stays() -> None:
    shelf: Shelf[str] = Shelf(MINUTE, StandingClock(), SeededChance())
    code = shelf.put("thing")

    assert [shelf.look(code), shelf.look(code), shelf.take(code), shelf.take(code), shelf.look(code)] == [
        "thing", "thing", "thing", None, None,
    ]  # fmt: skip


def test_time_takes_it_away_and_says_so() -> None:
    clock = StandingClock()
    shelf: Shelf[str] = Shelf(MINUTE, clock, SeededChance())
    code = shelf.put("thing")
    assert not shelf.has_expired(code)

    clock.move(MINUTE)

    assert (shelf.look(code), shelf.values(), shelf.has_expired(code)) == (None, [], True)
    assert shelf.take(code) is None
    assert not shelf.has_expired("never there")


def test_whoever_floods_it_loses_the_oldest_and_takes_no_memory() -> None:
    shelf: Shelf[int] = Shelf(MINUTE, StandingClock(), SeededChance())

    codes = [shelf.put(number) for number in range(KEPT_MAX + 3)]

    assert shelf.values() == list(range(3, KEPT_MAX + 3))
    assert (shelf.look(codes[2]), shelf.look(codes[3])) == (None, 3)


def test_of_many_who_take_it_at_a_time_one_gets_it() -> None:
    shelf: Shelf[str] = Shelf(MINUTE, StandingClock(), SeededChance())
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            code = shelf.put("thing")
            assert list(threads.map(shelf.take, [code] * 8)).count("thing") == 1
