"""What the rows about looks promise, and when a promise is broken."""

from bench.inspection import Measured, Taken, rows


def measured(look: float, peer: Taken | None) -> Measured:
    return Measured("a disk", Taken([0.4] * 3, [look] * 3), Taken([0.6] * 3, [0.75] * 3), peer)


def test_half_a_second_of_processor_is_kept_and_more_is_told() -> None:
    quick, _ = rows(measured(0.5, None))
    slow, _ = rows(measured(0.51, None))

    assert (quick.kept, slow.kept) == (True, False)
    assert quick.promised == "≤ 0.5 CPU-s"


def test_a_look_stands_beside_virt_inspector_with_what_both_spent() -> None:
    look, command = rows(measured(0.25, Taken([28.0, 23.0, 25.0], [26.0, 22.0, 25.0])))

    assert look.beside == "virt-inspector 25.0 s (CPU 25.0 s, 100 times)"
    assert command.cpu == "750.0 ms"
    assert command.beside.endswith(", 33 times)")
    assert command.kept is None


def test_without_virt_inspector_the_promise_is_the_same() -> None:
    look, _ = rows(measured(0.51, None))

    assert look.kept is False
    assert look.beside == "virt-inspector is not installed"
