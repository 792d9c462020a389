"""``calco vm|image|disk|snapshot check``: what people see of a report, what programs do, and how it is asked for."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from calco.cli.client import ApiFailure
from calco.cli.common import Failure, Form
from calco.cli.inspection import (
    DEPROVISION,
    answer,
    look,
    look_at_blob,
    look_at_machine,
    machine_steps,
    resource_steps,
    status,
)
from calco.cli.inspection_text import WORDS_MAX, Steps, show_report, system_line
from calco.model.document import Document
from calco.model.inspection import (
    OperatingSystem,
    Report,
    Result,
    Severity,
    Verdict,
    document,
    full_document,
    report_from,
)
from tests.cli.reports import (
    FSTAB,
    GENERALIZED,
    HOST_KEYS,
    MACHINE_ID,
    NOTHING,
    RDP,
    ROOT,
    SERVER,
    SPECIALIZED,
    UNKNOWN,
    Screen,
    assert_golden,
    hostile,
)
from tests.cli.test_client import SUBSCRIPTION, Service, says
from tests.inspection.disks import ext4
from tests.service_process import serving

GROUP = f"{SUBSCRIPTION}/resourceGroups/my lab"
WEB1: Document = {"name": "web1", "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web1"}
LOOK = f"{WEB1['id']}/providers/Calco/inspect"
STEPS = machine_steps(WEB1, SPECIALIZED)


def shown(report: Report, *, width: int | None = None, every: bool = False, steps: Steps = STEPS) -> str:
    screen = Screen(width)
    show_report(report, steps, every=every, paper=screen.paper)
    return screen.text


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


# --- for people ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "report", "width", "every"),
    [
        ("check-terminal.txt", SPECIALIZED, 80, False),
        ("check-all.txt", SPECIALIZED, None, True),
        ("check-generalized.txt", GENERALIZED, None, False),
        ("check-unknown.txt", UNKNOWN, None, False),
        ("check-nothing.txt", NOTHING, None, False),
    ],
)
def test_a_report_reads_as_it_did_when_it_was_looked_at(
    name: str, report: Report, width: int | None, *, every: bool
) -> None:
    assert_golden(shown(report, width=width, every=every), name)


def test_findings_come_worst_first_each_with_its_command() -> None:
    said = shown(SPECIALIZED)

    places = [said.index(code) for code in (FSTAB.code, RDP.code, HOST_KEYS.code, MACHINE_ID.code, ROOT.code)]
    assert places == sorted(places)
    assert said.startswith("SPECIALIZED: ")
    assert said.index("Blocks boot (2)") < said.index("Leaks identity or secrets (1)") < said.index("Advice (1)")
    assert "linux.histories" not in said, "it is in order"
    assert "2 more are in order; --all shows how advice is mended and what is in order." in said


def test_how_much_was_found_is_told_before_anything_that_was_found() -> None:
    said = shown(SPECIALIZED)

    counted = "4 findings: 2 blocking boot, 1 leaking identity or secrets, 1 of advice."
    assert said.index(counted) < said.index(f"{FSTAB.title} ({FSTAB.code})")


def test_advice_is_a_line_each_and_shows_its_command_when_everything_is_asked_for() -> None:
    brief, whole = shown(SPECIALIZED), shown(SPECIALIZED, every=True)

    assert f"  {MACHINE_ID.title} ({MACHINE_ID.code}): {MACHINE_ID.found}\n" in brief
    assert MACHINE_ID.fix not in brief
    assert MACHINE_ID.fix in whole


def test_whoever_runs_what_is_shown_is_told_what_it_takes_away_and_nobody_else_is() -> None:
    warning = "Some take accounts and keys away"

    assert warning in shown(SPECIALIZED)
    assert warning in shown(GENERALIZED, every=True)
    assert warning not in shown(GENERALIZED), "advice without its commands"
    assert warning not in shown(UNKNOWN)


def test_all_shows_what_is_in_order_too() -> None:
    said = shown(SPECIALIZED, every=True)

    assert "linux.histories: none in 3 homes" in said
    assert "--all" not in said


@pytest.mark.slow
@given(st.integers(min_value=30, max_value=200))
def test_a_command_stays_whole_on_a_line_of_its_own_whatever_the_width(width: int) -> None:
    lines = [each.strip() for each in without_colour(shown(SPECIALIZED, width=width, every=True)).splitlines()]

    for finding in SPECIALIZED.findings:
        for command in finding.fix.splitlines():
            assert command in lines
    for command in STEPS.mend.commands:
        assert command in lines


def test_everything_but_commands_fits_into_eighty_columns() -> None:
    commands = {line for each in SPECIALIZED.findings for line in each.fix.splitlines()}

    for line in without_colour(shown(SPECIALIZED, width=80, every=True)).splitlines():
        assert len(line) <= 80 or line.strip() in commands, line


def test_without_a_terminal_there_is_neither_colour_nor_wrapping() -> None:
    said = shown(SPECIALIZED)

    assert "\x1b" not in said
    assert f"  {HOST_KEYS.message}\n" in said
    assert "\x1b[" in shown(SPECIALIZED, width=80)


GENERAL = "GENERALIZED: machines made of it become new ones."
HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "\x1b]0;owned\x07\x1b[2J",
        "\u202egnp.exe",
        "a\r\nSPECIALIZED: ",
        "\x9b31m",
        "[red]x[/red] :smile:",
        "x" * 10_000,
        GENERAL,
        f"{'x' * 70} {GENERAL}",
    ]
)


@pytest.mark.slow
@given(HOSTILE, st.sampled_from([None, 80]))
def test_nothing_of_a_disk_moves_the_terminal_or_begins_a_line(words: str, width: int | None) -> None:
    """A system of the name of a verdict stands indented below the verdict."""
    report = SPECIALIZED
    said = without_colour(shown(hostile(report, words), width=width, every=True))

    assert all(each.isprintable() or each == "\n" for each in said)
    assert beginnings(said) == beginnings(without_colour(shown(report, width=width, every=True)))
    assert "x" * (WORDS_MAX + 1) not in said.replace("\n", "").replace(" ", "")


def beginnings(text: str) -> list[str]:
    """The lines that begin at the very left."""
    return [line for line in text.splitlines() if line and not line.startswith(" ")]


def test_markup_and_names_of_pictures_are_shown_as_they_are() -> None:
    assert "found: [red]x[/red] :smile:" in shown(hostile(SPECIALIZED, "[red]x[/red] :smile:"), width=80)


# --- what next -------------------------------------------------------------------------------------------------------


def next_of(report: Report, steps: Steps = STEPS) -> Sequence[str]:
    return steps.after(report).commands


def test_a_generalized_machine_is_to_be_flagged_and_captured() -> None:
    assert next_of(GENERALIZED) == [
        "calco az -- vm generalize -g 'my lab' -n web1",
        "calco az -- image create -g 'my lab' -n IMAGE --source web1",
    ]


@pytest.mark.parametrize(
    "report",
    [
        SPECIALIZED,
        UNKNOWN,
        replace(GENERALIZED, outcomes=(HOST_KEYS,)),
        replace(GENERALIZED, outcomes=(FSTAB,)),
        replace(SPECIALIZED, outcomes=()),
    ],
    ids=["specialized", "unknown", "leaks", "blocks boot", "specialized without findings"],
)
def test_what_is_not_clean_is_to_be_mended_and_looked_at_again(report: Report) -> None:
    commands = next_of(report)

    assert commands[-1] == "calco vm check web1 -g 'my lab'"
    assert "sudo waagent -deprovision+user -force" in commands
    assert not any("image create" in each for each in commands)


def test_windows_is_generalized_by_sysprep() -> None:
    report = replace(SPECIALIZED, os=OperatingSystem("Windows"))

    commands = next_of(report, machine_steps(WEB1, report))

    assert any("sysprep.exe /generalize" in each for each in commands)
    assert not any("waagent" in each for each in commands)


@pytest.mark.parametrize(
    ("what", "command"),
    [
        ("image", "calco az -- vm create -g 'my lab' -n NAME --image web1"),
        ("disk", "calco az -- image create -g 'my lab' -n IMAGE --os-type Linux --source web1"),
        ("snapshot", "calco az -- image create -g 'my lab' -n IMAGE --os-type Linux --source web1"),
    ],
)
def test_what_is_no_machine_is_used_or_made_anew(what: str, command: str) -> None:
    steps = resource_steps(what, WEB1, GENERALIZED)

    assert next_of(GENERALIZED, steps) == [command]
    assert next_of(SPECIALIZED, steps) == [DEPROVISION, f"calco {what} check web1 -g 'my lab'"]


def test_a_disk_without_a_system_is_not_called_one_to_mend() -> None:
    assert next_of(NOTHING) == next_of(replace(NOTHING, outcomes=(MACHINE_ID,))) == ()
    assert next_of(replace(NOTHING, outcomes=(FSTAB,))) != ()
    assert "a data disk has no verdict" in shown(NOTHING)


@pytest.mark.parametrize(
    ("system", "line"),
    [
        (OperatingSystem("Linux", "Debian GNU/Linux 12 (bookworm)", "12"), "Debian GNU/Linux 12 (bookworm)"),
        (OperatingSystem("Linux", "Debian GNU/Linux 12", "12.9"), "Debian GNU/Linux 12 12.9"),
        (OperatingSystem("Windows", "", "10.0.20348", "x64"), "Windows 10.0.20348, x64"),
        (OperatingSystem("Linux", details={"kernel": "6.1", "imageState": "X"}), "Linux, kernel: 6.1, image state: X"),
        (OperatingSystem(), ""),
    ],
)
def test_a_system_is_named_once_with_its_version(system: OperatingSystem, line: str) -> None:
    assert system_line(system) == line


# --- for programs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (GENERALIZED, 0),
        (replace(SPECIALIZED, outcomes=()), 0),
        (replace(SPECIALIZED, outcomes=(MACHINE_ID, HOST_KEYS)), 3),
        (SPECIALIZED, 4),
        (UNKNOWN, 5),
        (replace(UNKNOWN, outcomes=(MACHINE_ID,)), 5),
        (replace(UNKNOWN, outcomes=(HOST_KEYS,)), 3),
        (replace(UNKNOWN, outcomes=(FSTAB, HOST_KEYS)), 4),
    ],
)
def test_the_exit_status_is_the_worst_that_is_known(
    report: Report, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(report) == expected
    with pytest.raises(typer.Exit) as ended:
        answer(report, STEPS, every=False, form=Form.JSON)
    assert ended.value.exit_code == expected
    assert json.loads(capsys.readouterr().out) == document(report)


def test_what_passed_or_was_not_read_is_no_reason_to_stop() -> None:
    outcomes = tuple(replace(FSTAB, result=result) for result in (Result.PASSED, Result.NOT_READ))

    assert status(replace(GENERALIZED, outcomes=outcomes)) == 0


@given(HOSTILE)
def test_programs_get_the_words_as_they_are_and_a_terminal_none_of_them(words: str) -> None:
    """A control character in JSON is escaped."""
    assert json.dumps(document(hostile(SPECIALIZED, words))).isprintable()


def test_with_all_programs_get_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        answer(SPECIALIZED, STEPS, every=True, form=Form.JSON)

    assert json.loads(capsys.readouterr().out) == full_document(SPECIALIZED)


# --- asked of the service --------------------------------------------------------------------------------------------


def test_a_look_is_asked_for_by_the_resources_id() -> None:
    service = Service({("POST", LOOK): [says(200, full_document(SPECIALIZED))]})

    assert look_at_machine(service.client(), WEB1) == SPECIALIZED
    (asked,) = service.asked
    assert asked.content == b""


def test_a_blob_is_asked_for_by_its_url() -> None:
    path, url = f"{SUBSCRIPTION}/providers/Calco/inspectBlob", "https://a.blob.localhost:1/vhds/a.vhd?sig=secret"
    service = Service({("POST", path): [says(200, full_document(GENERALIZED))]})

    assert look_at_blob(service.client(), url) == GENERALIZED
    (asked,) = service.asked
    assert json.loads(asked.content) == {"blobUri": url}


def test_a_running_machine_is_told_how_to_be_looked_at() -> None:
    refusal = {"error": {"code": "OperationNotAllowed", "message": "It runs."}}
    service = Service({("POST", LOOK): [says(409, refusal)]})

    with pytest.raises(Failure, match=r"It runs\.") as failed:
        look_at_machine(service.client(), WEB1)

    assert "calco az -- vm deallocate -g 'my lab' -n web1" in failed.value.hint
    assert "snapshot" in failed.value.hint


def test_another_refusal_stays_what_it_is() -> None:
    service = Service({("POST", LOOK): [says(403, {"error": {"code": "AuthorizationFailed", "message": "No."}})]})

    with pytest.raises(ApiFailure, match="AuthorizationFailed") as failed:
        look_at_machine(service.client(), WEB1)
    assert failed.value.hint == ""


@pytest.mark.parametrize("foreign", [{}, [], document(SPECIALIZED), {"verdict": "sure"}])
def test_an_answer_that_is_no_report_is_not_shown_as_one(foreign: object) -> None:
    service = Service({("POST", LOOK): [says(200, foreign)]})

    with pytest.raises(Failure, match="no report"):
        look(service.client(), str(WEB1["id"]))


def test_every_severity_and_verdict_has_its_words() -> None:
    for severity in Severity:
        assert shown(replace(GENERALIZED, outcomes=(replace(FSTAB, severity=severity),)))
    for verdict in Verdict:
        assert shown(Report(verdict, ())).startswith(f"{verdict.value.upper()}: ")


# --- by the real command line against a real service -----------------------------------------------------------------


@pytest.mark.slow
def test_an_image_a_disk_and_a_snapshot_are_looked_at(tmp_path: Path) -> None:
    server, nothing = tmp_path / "server.raw", tmp_path / "nothing.raw"
    server.write_bytes(ext4(SERVER))
    nothing.write_bytes(bytes(1 << 20))
    with serving(tmp_path / "data") as service:
        for name, file in (("golden", server), ("data", nothing)):
            words = ["--name", name, "--os-type", "Linux", "--generation", "V1", "--format", "raw", "-g", "lab"]
            service.run("image", "import", str(file), *words)
        client, scope = service.client, f"{service.client.subscription}/resourceGroups/lab/providers/Microsoft.Compute"
        copy: Document = {"createOption": "Copy", "sourceResourceId": f"{scope}/disks/blank"}
        empty: Document = {"createOption": "Empty"}
        for kind, creation in (("disks", empty), ("snapshots", copy)):
            body: Document = {"location": "eastus", "properties": {"creationData": creation, "diskSizeGB": 1}}
            client.change("PUT", f"{scope}/{kind}/blank", body, label=kind)

        image = service.try_run("image", "check", "golden", "--all", "-o", "json")
        report = report_from(json.loads(image.stdout))
        assert (report.verdict, image.returncode) == (Verdict.SPECIALIZED, status(report))
        assert image.returncode in {3, 4}
        shown = service.try_run("image", "check", "golden", "-g", "lab").stdout
        assert shown.startswith("SPECIALIZED: ")
        for what in ("disk", "snapshot"):
            done = service.try_run(what, "check", "blank")
            assert (done.returncode, done.stdout.split(":")[0]) == (5, "UNKNOWN"), done.stderr
        assert service.try_run("image", "check", "data").returncode == 5
        missing = service.try_run("vm", "check", "golden")
        assert (missing.returncode, "there is no machine 'golden'" in missing.stderr) == (1, True)
        blob = service.try_run("vhd", "check", "https://nobody.blob.localhost:1/vhds/a.vhd")
        assert (blob.returncode, blob.stdout) == (1, "")
        assert "https://nobody.blob.localhost:1/vhds/a.vhd" in blob.stderr, "the service's own words"
        assert "Traceback" not in blob.stderr
