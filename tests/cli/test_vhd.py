"""``calco vhd``: a disk file looked at without a service, and its checklist as a terminal and a browser show it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco import offline
from calco.cli.checklist import checklist_document, print_checklist
from calco.cli.checklist_page import BEGINNING, page
from calco.cli.checklist_words import WORDS, Language
from calco.cli.inspection import DEPROVISION, status
from calco.cli.inspection_text import WORDS_MAX
from calco.cli.vhd import file_steps
from calco.disk_file import DiskFormat, WrongDiskFile
from calco.model.inspection import Container, Report, Verdict, report_from
from calco.ports import VolumeView
from tests.cli.reports import (
    GENERALIZED,
    SERVER,
    SPECIALIZED,
    Screen,
    assert_golden,
    hostile,
    look_of,
    without_patience,
)
from tests.cli.test_check import HOSTILE, beginnings, without_colour
from tests.inspection.disks import ext4
from tests.standing import StandingClock

LANGUAGES = pytest.mark.parametrize("language", Language)


# --- the disk in a file ----------------------------------------------------------------------------------------------


class FakeInspector:
    """Answers always the same, and remembers what it was handed."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.seen: list[tuple[bytes, Container | None]] = []

    def inspect(self, disk: VolumeView, container: Container | None = None) -> Report:
        self.seen.append((disk.read(0, 5), container))
        return self.report


def test_the_inspector_gets_the_disk_and_what_file_it_came_in(tmp_path: Path) -> None:
    file, raw = tmp_path / "disk.vhd", tmp_path / "disk.raw"
    raw.write_bytes(b"first".ljust(2 << 20, b"\0"))
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed,force_size=on", raw, file], check=True
    )
    before, inspector = file.read_bytes(), FakeInspector(SPECIALIZED)

    look = offline.look(file, DiskFormat.VPC, inspector, StandingClock())

    container = Container("vpc", (2 << 20) + 512, is_fixed=True)
    assert look == offline.Look(file, container, 2 << 20, StandingClock().now(), SPECIALIZED)
    assert inspector.seen == [(b"first", container)]
    assert file.read_bytes() == before


def test_a_file_that_is_something_else_is_never_handed_over(tmp_path: Path) -> None:
    file, inspector = tmp_path / "disk.vhd", FakeInspector(GENERALIZED)
    file.write_bytes(bytes(4096))

    with pytest.raises(WrongDiskFile):
        offline.look(file, DiskFormat.VPC, inspector)

    assert inspector.seen == []


def test_what_next_names_the_file_as_a_shell_takes_it() -> None:
    steps = file_steps(look_of(GENERALIZED, "it's.vhd"))

    assert steps.mend.commands == [DEPROVISION, "calco vhd check '/somewhere/it'\"'\"'s.vhd' --format vpc"]
    assert "--os-type Linux --generation GENERATION --format vpc" in steps.go_on.commands[0]


# --- the command itself ----------------------------------------------------------------------------------------------


def calco(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real command line, on nobody's data directory."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.fspath(cwd), "CALCO_HOME": os.fspath(cwd / "no-data")}
    argv = [sys.executable, "-m", "calco", *(str(each) for each in words)]
    return subprocess.run(argv, env=environ, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("disk") / "server.raw"
    file.write_bytes(ext4(SERVER))
    return file


@pytest.mark.slow
def test_a_real_disk_is_looked_at_without_a_service(disk: Path, tmp_path: Path) -> None:
    before = disk.read_bytes()

    done = calco("vhd", "check", disk, "--format", "raw", "--all", "-o", "json", cwd=tmp_path)
    shown = calco("vhd", "check", disk, "--format", "raw", cwd=tmp_path)

    report = report_from(json.loads(done.stdout))
    assert (report.verdict, report.os.type) == (Verdict.SPECIALIZED, "Linux")
    assert any("ssh_host_ed25519_key" in line for line in report.evidence)
    assert done.returncode == shown.returncode == status(report)
    assert shown.stdout.startswith("SPECIALIZED: ")
    assert all(each.code in shown.stdout for each in report.findings)
    assert without_patience(done.stderr) == without_patience(shown.stderr) == ""
    assert disk.read_bytes() == before
    assert list(tmp_path.iterdir()) == [], "nothing was made, no data directory either"


@pytest.mark.slow
def test_its_checklist_is_written_and_written_again(disk: Path, tmp_path: Path) -> None:
    html = tmp_path / "report.html"
    words = ("vhd", "prepare-report", disk, "--format", "raw", "--html", html)

    first, again = calco(*words, cwd=tmp_path), calco(*words, "--language", "es", cwd=tmp_path)

    assert first.returncode == again.returncode
    assert first.returncode in {0, 3, 4}
    assert without_patience(first.stderr) == f"wrote {html}\n"
    assert first.stdout.startswith("SPECIALIZED: ")
    assert html.read_text().startswith(BEGINNING)
    assert "Antes de llevar este disco a Azure" in html.read_text()
    assert "ssh_host_ed25519_key" in html.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["server.raw", "notes.html", "folder"])
def test_a_checklist_replaces_nothing_but_a_checklist(disk: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "notes.html").write_text("<p>mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "server.raw").write_bytes(b"a disk")

    done = calco("vhd", "prepare-report", disk, "--format", "raw", "--html", tmp_path / target, cwd=tmp_path)

    assert done.returncode == 1
    assert f"{target} is there" in done.stderr
    assert (tmp_path / "notes.html").read_text() == "<p>mine"
    assert (tmp_path / "server.raw").read_bytes() == b"a disk"


@pytest.mark.parametrize("verb", ["check", "prepare-report"])
def test_a_format_is_never_guessed(disk: Path, tmp_path: Path, verb: str) -> None:
    done = calco("vhd", verb, disk, cwd=tmp_path)

    said = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert "vpc, vhdx, qcow2, raw" in said
    assert "qemu-img info" in said
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing", "--format", "raw"), "missing cannot be read: No such file or directory"),
        ((".", "--format", "raw"), ". is no regular file."),
        (("DISK", "--format", "vpc"), "Name its real format."),
        (("https://a.blob.localhost:1/vhds/a.vhd",), "no calco runs on"),
    ],
)
def test_what_cannot_be_looked_at_is_told_in_a_sentence(
    disk: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = calco("vhd", "check", *(os.fspath(disk) if each == "DISK" else each for each in words), cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# --- the checklist ---------------------------------------------------------------------------------------------------


def printed(report: Report, language: Language = Language.EN, width: int | None = None) -> str:
    screen = Screen(width)
    print_checklist(look_of(report), WORDS[language], screen.paper)
    return screen.text


@LANGUAGES
def test_a_checklist_reads_as_it_did_when_it_was_looked_at(language: Language) -> None:
    assert_golden(printed(SPECIALIZED, language), f"checklist-{language.value}.txt")
    assert_golden(page(look_of(SPECIALIZED), WORDS[language]), f"checklist-{language.value}.html")


@LANGUAGES
@pytest.mark.parametrize("on", ["paper", "page"])
def test_every_check_is_on_it_with_what_was_found_and_its_command(language: Language, on: str) -> None:
    look = look_of(SPECIALIZED)
    said = printed(SPECIALIZED, language) if on == "paper" else text_of(page(look, WORDS[language]))

    for check in SPECIALIZED.outcomes:
        assert check.code in said
        assert check.title in said
        assert check.found in said
    for finding in SPECIALIZED.findings:
        assert finding.expected in said
        for command in finding.fix.splitlines():
            assert command in said


def test_programs_get_the_whole_report_and_which_file_it_is_about() -> None:
    told = checklist_document(look_of(SPECIALIZED))

    about = {"file", "format", "isFixed", "fileBytes", "diskBytes", "lookedAt"}
    assert told["lookedAt"] == "2026-11-23T06:45:12+00:00"
    assert (told["file"], told["isFixed"], told["diskBytes"]) == ("golden.vhd", True, 30 << 30)
    assert report_from({key: value for key, value in told.items() if key not in about}) == SPECIALIZED


class Reader(HTMLParser):
    """What a browser would make of a page: its elements in order, open ones, text."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [], "every element is closed, in its order"
    return reader


def text_of(html: str) -> str:
    return "".join(read(html).text)


@LANGUAGES
def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing(language: Language) -> None:
    reader = read(page(look_of(SPECIALIZED), WORDS[language]))

    assert not {"script", "img", "iframe", "object", "form", "base"} & {tag for tag, _ in reader.tags}
    for tag, attributes in reader.tags:
        assert not any(name.startswith("on") or name in {"src", "style", "srcset"} for name in attributes), tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    style = page(look_of(SPECIALIZED), WORDS[language]).partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


@LANGUAGES
def test_a_page_can_be_heard_as_well_as_seen(language: Language) -> None:
    reader = read(page(look_of(SPECIALIZED), WORDS[language]))
    tags = reader.tags
    levels = [int(tag[1]) for tag, _ in tags if tag in {"h1", "h2", "h3"}]

    assert ("html", {"lang": language.value}) in tags
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no level is left out"
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    links = {(attributes["href"] or "")[1:] for tag, attributes in tags if tag == "a"}
    labels = {attributes["aria-labelledby"] for _, attributes in tags if "aria-labelledby" in attributes}
    assert links | labels <= ids
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    words = WORDS[language]
    assert text_of(page(look_of(SPECIALIZED), words)).count(words.to_mend) == len(SPECIALIZED.findings)


@pytest.mark.slow
@given(
    HOSTILE | st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "</bdi>"])
)
def test_nothing_of_a_disk_becomes_part_of_the_page(words: str) -> None:
    plain, look = page(look_of(SPECIALIZED), WORDS[Language.EN]), look_of(hostile(SPECIALIZED, words))
    html = page(replace(look, file=Path("/x") / f"{words[:50]}.vhd".replace("/", "")), WORDS[Language.EN])

    assert [tag for tag, _ in read(html).tags] == [tag for tag, _ in read(plain).tags], "the same elements"
    assert all(each.isprintable() or each == "\n" for each in html)
    assert "x" * (WORDS_MAX + 1) not in html


@pytest.mark.slow
@given(HOSTILE, st.sampled_from([None, 80]))
def test_nothing_of_a_disk_moves_the_terminal_that_shows_its_checklist(words: str, width: int | None) -> None:
    said, mild = (without_colour(printed(each, width=width)) for each in (hostile(SPECIALIZED, words), SPECIALIZED))

    assert all(each.isprintable() or each == "\n" for each in said)
    assert [line[:6] for line in beginnings(said)] == [line[:6] for line in beginnings(mild)], "a fact has its name"


def test_both_languages_say_everything() -> None:
    english, spanish = WORDS[Language.EN], WORDS[Language.ES]

    for name in vars(english):
        if name != "in_english":
            assert getattr(spanish, name), name
            assert getattr(spanish, name) != getattr(english, name), name
    assert set(english.severities) == set(spanish.severities)
    assert set(english.verdicts) == set(spanish.verdicts)
    assert (english.in_english, bool(spanish.in_english)) == ("", True)
