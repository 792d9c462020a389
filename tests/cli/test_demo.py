"""The demo's own judgement: it must fail when the clones are not machines of their own, or a verdict is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from calco.cli.common import Failure
from calco.cli.demo import Demo, how_to_go_on, look_at_snapshot
from calco.cli.demo_machine import Seen, compare
from calco.cli.demo_verdict import Look, check_verdicts, verdict_documents, verdict_lines, verdict_rows
from calco.data_dir import DataDir
from calco.model.inspection import Report, Verdict, document, full_document
from tests.cli.reports import GENERALIZED, SPECIALIZED, UNKNOWN, hostile
from tests.cli.test_client import SUBSCRIPTION, Service, says

SOURCE = Seen("source", "id-of-source", "key-of-source", "on the OS disk", "on the data disk")
CLONE = replace(SOURCE, host_name="clone1", machine_id="id-of-clone1", host_key="key-of-clone1")
OTHER = replace(SOURCE, host_name="clone2", machine_id="id-of-clone2", host_key="key-of-clone2")


def test_different_machines_with_the_same_files_are_what_is_wanted() -> None:
    compare(SOURCE, {"clone1": CLONE, "clone2": OTHER})


@pytest.mark.parametrize("twin", [SOURCE, OTHER], ids=["of the source", "of another clone"])
@pytest.mark.parametrize("what", ["host_name", "machine_id", "host_key"])
def test_a_twin_is_a_failure(what: str, twin: Seen) -> None:
    clone = replace(CLONE, **{what: getattr(twin, what)})

    with pytest.raises(Failure, match="two machines share"):
        compare(SOURCE, {"clone1": clone, "clone2": OTHER})


@pytest.mark.parametrize("what", ["os_file", "data_file"])
def test_a_file_that_is_not_the_sources_is_a_failure(what: str) -> None:
    with pytest.raises(Failure, match="clone1 does not carry"):
        compare(SOURCE, {"clone1": replace(CLONE, **{what: "something else"}), "clone2": OTHER})


# --- verdicts --------------------------------------------------------------------------------------------------------

BEFORE, AFTER = Look("running", SPECIALIZED), Look("deallocated", GENERALIZED)


def test_one_machine_before_and_nobodys_after_is_what_is_wanted() -> None:
    check_verdicts(BEFORE, AFTER)


@pytest.mark.parametrize("report", [GENERALIZED, UNKNOWN], ids=lambda each: str(each.verdict))
def test_a_running_machine_that_does_not_look_like_one_is_a_failure(report: Report) -> None:
    with pytest.raises(Failure, match=rf"\(running\) is {report.verdict}, not specialized"):
        check_verdicts(replace(BEFORE, report=report), AFTER)


@pytest.mark.parametrize("report", [SPECIALIZED, UNKNOWN], ids=lambda each: str(each.verdict))
def test_a_source_that_was_not_put_right_is_a_failure_with_its_evidence(report: Report) -> None:
    with pytest.raises(Failure, match=rf"\(deallocated\) is {report.verdict}, not generalized") as failed:
        check_verdicts(BEFORE, replace(AFTER, report=report))
    assert report.evidence[0] in failed.value.message


def test_both_verdicts_are_told_with_their_evidence_and_what_was_found() -> None:
    assert verdict_rows([BEFORE, AFTER]) == [
        {"source's disk": "running", "verdict": "specialized", "blocks boot": 2, "leaks": 1, "advice": 1},
        {"source's disk": "deallocated", "verdict": "generalized", "blocks boot": 0, "leaks": 0, "advice": 1},
    ]
    said = "\n".join(verdict_lines([BEFORE, AFTER]))
    assert "specialized, running:\n  /etc/ssh/ssh_host_ed25519_key is there, and 2 more\n" in said
    assert said.endswith("  found: linux.machine-id")
    assert verdict_documents([BEFORE]) == [{"when": "running", **document(SPECIALIZED)}]


def test_what_a_disk_holds_does_not_reach_the_terminal_raw() -> None:
    look = replace(BEFORE, report=hostile(SPECIALIZED, "\x1b[2J\n"))

    assert all(each.isprintable() or each == "\n" for line in verdict_lines([look]) for each in line)
    with pytest.raises(Failure) as failed:
        check_verdicts(AFTER, look)
    assert failed.value.message.isprintable()


GROUP = f"{SUBSCRIPTION}/resourceGroups/calco-demo/providers/Microsoft.Compute"
SNAPSHOT = f"{GROUP}/snapshots/before"


@pytest.mark.parametrize("report", [SPECIALIZED, None], ids=["a report", "no report"])
def test_a_running_machine_is_looked_at_by_a_snapshot_that_goes_again(tmp_path: Path, report: Report | None) -> None:
    disk = f"{GROUP}/disks/source-os"
    service = Service(
        {
            ("GET", f"{GROUP}/virtualMachines/source"): [
                says(200, {"properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": disk}}}}})
            ],
            ("PUT", SNAPSHOT): [says(200, {})],
            ("GET", SNAPSHOT): [says(200, {})],
            ("POST", f"{SNAPSHOT}/providers/Calco/inspect"): [says(200, full_document(report) if report else {})],
            ("DELETE", SNAPSHOT): [says(200, {})],
        }
    )
    demo = Demo(DataDir(tmp_path), service.client(), tmp_path / "key", "eastus")

    if report is None:
        with pytest.raises(Failure, match="no report"):
            look_at_snapshot(demo)
    else:
        assert look_at_snapshot(demo).verdict is Verdict.SPECIALIZED

    assert [(each.method, each.url.path) for each in service.asked][-1] == ("DELETE", SNAPSHOT)
    (made,) = [each for each in service.asked if each.method == "PUT"]
    assert disk in made.content.decode()


# --- its end ---------------------------------------------------------------------------------------------------------

LINK = "https://localhost:8443/portal/enter?code=once"


def test_the_last_line_is_a_link_that_signs_its_reader_in_to_the_portal(tmp_path: Path) -> None:
    service = Service({("POST", "/portal/links"): [says(201, {"url": LINK, "expiresInSeconds": 300})]})

    said = how_to_go_on(Demo(DataDir(tmp_path), service.client(), tmp_path / "key", "eastus"), first="clone1")

    assert said.splitlines()[-1] == LINK
    assert said.count(LINK) == 1
    assert "\nonce and within 5 minutes; calco open makes the next," in said
    assert f"calco vm ssh clone1 --data-dir {tmp_path} " in said


def test_a_demo_of_a_service_without_a_portal_ends_well_and_says_why_there_is_no_link(tmp_path: Path) -> None:
    service = Service({("POST", "/portal/links"): [says(404, {"error": {"code": "NotFound", "message": "No."}})]})

    said = how_to_go_on(Demo(DataDir(tmp_path), service.client(), tmp_path / "key", "eastus"), first="clone1")

    assert "no link to the portal: the service that runs here has no portal" in said.splitlines()[-1]
    assert "enter?code" not in said
