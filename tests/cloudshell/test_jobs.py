"""Jobs run beside the session, keep what they have to say, and are what PowerShell's jobs are."""

import threading
from collections.abc import Iterator

import pytest

from calco.cloudshell.api import Refused
from calco.cloudshell.binder.jobs import Background, Job
from calco.cloudshell.builtin import job
from calco.cloudshell.catalogue import Listed
from calco.cloudshell.cmdlet import Call, Cmdlet, Kind, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.screen.show import print_all
from calco.cloudshell.values import Record, Value
from tests.cloudshell.bare import Bare, call, refused

GET, WAIT, RECEIVE, STOP, REMOVE = job.MODULE.cmdlets
LONG = 20.0


@pytest.fixture
def shell() -> Bare:
    return Bare(commands=Listed([job.MODULE]))


def command(work: "Iterator[Value] | Exception | None" = None, gate: threading.Event | None = None) -> Cmdlet:
    def run(call: Call) -> Iterator[Value]:
        if gate is not None:
            assert gate.wait(LONG)
        if isinstance(work, Exception):
            raise work
        call.warn("careful")
        call.verbose("more")
        yield call.text("Name")
        call.error(Fault("something"))

    return Cmdlet(
        "New-AzVM", "", run, (Parameter("Name", from_name=True), Parameter("Force", Kind.SWITCH)), as_job=True
    )


def start(shell: Bare, command: Cmdlet, words: str = "-Name web1 -AsJob") -> Record:
    (made,) = call(command, words, shell)
    assert isinstance(made, Record)
    return made


def over(record: Record) -> Record:
    assert isinstance(record.held, Job)
    assert record.held.wait(LONG)
    return record


def test_a_job_is_given_at_once_and_ends_by_itself(shell: Bare) -> None:
    gate = threading.Event()
    made = start(shell, command(gate=gate))

    assert made.get("State") == "Running"
    assert made.get("Name") == "Long Running Operation for 'New-AzVM' on resource 'web1'"
    assert (made.get("Id"), made.get("PSJobTypeName"), made.get("Command")) == (1, "AzureLongRunningJob`1", "New-AzVM")
    gate.set()
    assert over(made).get("State") == "Completed"


def test_what_a_job_has_to_say_waits_until_it_is_received(shell: Bare) -> None:
    made = over(start(shell, command()))

    assert not shell.host.warnings
    assert not shell.reported
    assert call(RECEIVE, "", shell, made) == ["web1"]
    assert shell.host.warnings == ["careful"]
    assert [fault.message for fault, _ in shell.reported] == ["something"]
    assert made.get("HasMoreData") is False
    assert call(RECEIVE, "1", shell) == []


def test_what_ended_a_job_stops_whoever_receives_it_and_says_so(shell: Bare) -> None:
    over(start(shell, command(Refused(409, "Conflict", "It is running."))))

    with pytest.raises(Terminating, match="It is running"):
        call(RECEIVE, "1 -ErrorAction Stop", shell)

    assert not shell.reported


def test_keep_keeps_it(shell: Bare) -> None:
    over(start(shell, command()))

    assert call(RECEIVE, "1 -Keep", shell) == ["web1"]
    assert call(RECEIVE, "1", shell) == ["web1"]


def test_what_the_api_refuses_fails_the_job_and_says_why(shell: Bare) -> None:
    made = over(start(shell, command(Refused(409, "Conflict", "It is running."))))

    assert made.get("State") == "Failed"
    assert not shell.reported
    assert call(RECEIVE, "1", shell) == []
    assert "StatusCode: 409" in shell.reported[0][0].message
    assert shell.reported[0][0].command == "New-AzVM"


@pytest.mark.parametrize("fault", [Terminating(Fault("no")), RuntimeError("a defect")])
def test_whatever_ends_a_job_it_is_over(fault: Exception, shell: Bare) -> None:
    assert over(start(shell, command(fault))).get("State") == "Failed"


def test_a_fault_of_the_arguments_is_told_at_once(shell: Bare) -> None:
    assert refused(command(), "-Nmae x -AsJob", shell).startswith("A parameter cannot be found")
    assert not shell.jobs.all()


def test_a_job_asks_nobody(shell: Bare) -> None:
    def run(call: Call) -> Iterator[Value]:
        yield call.agreed("Sure?")

    shell.host.answers.append("y")
    made = over(start(shell, Cmdlet("Stop-AzVM", "", run, as_job=True), "-AsJob"))

    assert made.get("State") == "Failed"
    assert shell.host.answers == ["y"]


def test_each_object_of_the_pipeline_is_a_job(shell: Bare) -> None:
    items = [Record.of("VM", {"Name": name}) for name in ("a", "b")]

    assert len(call(command(), "-AsJob", shell, *items)) == 2
    assert [each.get("Id") for each in shell.jobs.all()] == [1, 2]


def test_wait_waits_for_all_and_gives_them(shell: Bare) -> None:
    gate = threading.Event()
    made = [start(shell, command(gate=gate)), start(shell, command())]
    threading.Timer(0.05, gate.set).start()

    assert call(WAIT, "", shell, *made) == made
    assert [each.get("State") for each in made] == ["Completed", "Completed"]


def test_wait_gives_up_when_it_is_time(shell: Bare) -> None:
    gate = threading.Event()
    start(shell, command(gate=gate))

    assert call(WAIT, "1 -Timeout 0", shell) == []
    gate.set()


@pytest.mark.parametrize("late", [None, Terminating(Fault("too late"))])
def test_a_stopped_job_keeps_nothing_that_comes_later(late: Terminating | None, shell: Bare) -> None:
    gate = threading.Event()
    made = start(shell, command(late, gate))
    call(STOP, "1", shell)
    gate.set()
    for each in threading.enumerate():
        if each.name == "job 1":
            each.join(LONG)

    assert made.get("State") == "Stopped"
    assert call(GET, "-State Completed", shell) == []
    call(RECEIVE, "1", shell)
    assert "too late" not in [fault.message for fault, _ in shell.reported]


def test_a_running_job_is_removed_only_by_force(shell: Bare) -> None:
    gate = threading.Event()
    start(shell, command(gate=gate))

    call(REMOVE, "1", shell)
    assert "because the job is not finished" in shell.reported[0][0].message
    assert len(shell.jobs.all()) == 1
    call(REMOVE, "1 -Force", shell)
    assert not shell.jobs.all()
    gate.set()


def test_a_job_that_is_not_there_is_an_error(shell: Bare) -> None:
    assert call(GET, "7", shell) == []
    assert shell.reported[0][0].message.startswith("The command cannot find a job with the job ID 7.")


def test_jobs_show_as_powershell_shows_them(shell: Bare) -> None:
    over(start(shell, command()))

    print_all(iter(call(GET, "", shell)), shell.commands, shell.host)

    assert shell.host.text == (
        "\n"
        "Id     Name            PSJobTypeName   State         HasMoreData     Location             Command\n"
        "--     ----            -------------   -----         -----------     --------             -------\n"
        "1      Long Running O… AzureLongRunni… Completed     True            localhost            New-AzVM\n"
        "\n"
    )


def test_there_is_an_end_to_jobs(shell: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Background(shell.clock)
    monkeypatch.setattr("calco.cloudshell.binder.jobs.MOST", 1)
    jobs.start("one", "New-AzVM", list)

    with pytest.raises(Terminating, match="Remove some"):
        jobs.start("two", "New-AzVM", list)
