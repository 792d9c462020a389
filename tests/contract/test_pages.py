"""A page shows what a test saw, or fails it; what differs from run to run is made the same."""

from pathlib import Path

import pytest

from tests.contract import pages

PAGE = "# One\n\n<!-- shown: list -->\nold\n<!-- end -->\n\ntext\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.md").write_text(PAGE)
    return tmp_path


def test_a_page_that_shows_what_was_seen_passes_and_stays_as_it_is(folder: Path) -> None:
    pages.check("one", {"list": "old\n"}, folder=folder, write=False)

    assert (folder / "one.md").read_text() == PAGE


@pytest.mark.parametrize("shown", [{"list": "new"}, {}, {"list": "old", "more": "text"}], ids=["other", "less", "more"])
def test_a_page_that_shows_anything_else_fails_and_stays_as_it_is(folder: Path, shown: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match=r"one\.md"):
        pages.check("one", shown, folder=folder, write=False)

    assert (folder / "one.md").read_text() == PAGE


def test_a_page_is_written_anew_between_its_marks_only(folder: Path) -> None:
    pages.check("one", {"list": "new\n"}, folder=folder, write=True)

    assert (folder / "one.md").read_text() == PAGE.replace("old", "new")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "/subscriptions/3c3027cc-4866-48e0-9a25-6f24a4cbae52/x",
            "/subscriptions/a3c3aca9-6568-4633-8547-ec37244d5b0d/x",
        ),
        ("https://localhost:39563/a?sig=abc", "https://localhost:8443/a?sig=d%2Ff"),
        ("web1_OsDisk_1_dffdc110a16b43079b1396a5d1fd6560", "web1_OsDisk_1_5852f445bf574a019c5356c9b1ff08ff"),
        ('"password": "Y87MvLO0"', '"password": "xyz"'),
        ("2026-11-23T04:02:45.0126160+00:00", "2027-01-02T00:00:00Z"),
        ("making x: done in 0.2 s", "making x: done in 0.0 s"),
    ],
)
def test_two_runs_are_shown_alike(one: str, other: str) -> None:
    assert pages.steady(one) == pages.steady(other)


@pytest.mark.parametrize("text", ["VM running", "10.0.0.4", '"diskSizeGB": 4', "2026-04-01", "web1_OsDisk_1"])
def test_what_is_the_same_in_every_run_is_shown_as_it_is(text: str) -> None:
    assert pages.steady(text) == text
