"""What a child says is believed only as far as it can be checked."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.inspection.check import WORDS_MAX, Seen
from calco.inspection.sighting import DETAILS_MAX, LINES_MAX, Implausible, Sighting, decode, encode
from calco.model.inspection import OperatingSystem, Result, Verdict

CODES = ("disk.a", "linux.b")
LINE = st.text(st.characters(), max_size=WORDS_MAX * 2) | st.just("name\udcff")
SEEN = st.builds(Seen, st.sampled_from([*CODES, "other"]), st.sampled_from(Result), LINE)
SYSTEM = st.builds(
    OperatingSystem,
    st.sampled_from(["", "Linux", "Windows", "Plan 9"]),
    LINE,
    LINE,
    LINE,
    st.dictionaries(st.sampled_from(["kernel", "edition", "type", "a b", ""]), LINE),
)
SIGHTING = st.builds(
    Sighting,
    st.sampled_from(Verdict),
    st.lists(LINE, max_size=4).map(tuple),
    SYSTEM,
    st.lists(SEEN, max_size=3).map(tuple),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text() | st.sampled_from(["verdict", "evidence", "os"]), below),
)


def check_accepted(sighting: Sighting) -> None:
    lines = [
        *sighting.evidence,
        sighting.os.name,
        sighting.os.version,
        sighting.os.architecture,
        *sighting.os.details.values(),
        *(each.found for each in sighting.seen),
    ]
    assert all(each.isprintable() and len(each) <= WORDS_MAX for each in lines)
    assert 0 < len(sighting.evidence) <= LINES_MAX
    assert len(sighting.os.details) <= DETAILS_MAX
    assert all(each.isalpha() and each != "type" for each in sighting.os.details)
    codes = [each.code for each in sighting.seen]
    assert {*codes} <= {*CODES}
    assert len({*codes}) == len(codes)


def forged(sighting: Sighting) -> bytes:
    """As a child sends it that leaves out what ours does."""
    return msgspec.json.encode(sighting)


@given(SIGHTING)
def test_an_answer_is_accepted_whole_or_not_at_all(told: Sighting) -> None:
    try:
        answer = forged(told)
    except UnicodeEncodeError:
        answer = encode(told)
    try:
        sighting = decode(answer, CODES)
    except Implausible:
        codes = [each.code for each in told.seen]
        assert (
            not told.evidence
            or "other" in codes
            or len({*codes}) < len(codes)
            or told.os.type == "Plan 9"
            or not {*told.os.details} <= {"kernel", "edition"}
        )
    else:
        check_accepted(sighting)
        assert sighting.verdict is told.verdict
        assert [each.result for each in sighting.seen] == [each.result for each in told.seen]


@pytest.mark.parametrize(
    ("seen", "details", "why"),
    [
        ([Seen("disk.a", Result.PASSED, ""), Seen("disk.a", Result.FAILED, "")], {}, "answers one check twice"),
        ([Seen("disk.c", Result.PASSED, "")], {}, "a check that does not exist"),
        ([], {"type": "Windows"}, "details that no system has"),
        ([], {"a\x1b[2J": ""}, "details that no system has"),
        ([], {"a" * n: "" for n in range(1, DETAILS_MAX + 2)}, "details that no system has"),
    ],
)
def test_an_answer_that_is_not_ours_is_refused(seen: list[Seen], details: dict[str, str], why: str) -> None:
    told = Sighting(Verdict.SPECIALIZED, ("line",), OperatingSystem("Linux", details=details), tuple(seen))

    with pytest.raises(Implausible, match=why):
        decode(forged(told), CODES)


def test_what_is_said_is_made_printable_here_whatever_the_child_did() -> None:
    bad, good = "\x1b[2J\n", "\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"
    told = OperatingSystem("Linux", bad, bad, bad, {"kernel": bad})

    sighting = decode(forged(Sighting(Verdict.UNKNOWN, (bad,), told, (Seen("disk.a", Result.PASSED, bad),))), CODES)

    shown = OperatingSystem("Linux", good, good, good, {"kernel": good})
    assert sighting == Sighting(Verdict.UNKNOWN, (good,), shown, (Seen("disk.a", Result.PASSED, good),))


@pytest.mark.slow
@given(st.binary() | JSON.map(msgspec.json.encode))
def test_no_bytes_do_harm(answer: bytes) -> None:
    with suppress(Implausible):
        check_accepted(decode(answer, CODES))


@pytest.mark.parametrize("answer", [b"\xff\xfe", b'{"x":' + b"[" * 100_000, b"1" * 100_000, b'"\\ud800"'])
def test_what_breaks_parsers_is_refused(answer: bytes) -> None:
    with pytest.raises(Implausible):
        decode(answer, CODES)
