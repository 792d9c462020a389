"""Get-Job, Wait-Job, Receive-Job, Stop-Job and Remove-Job: what -AsJob started.

Source: Microsoft Learn, about_Jobs and the page of each.
"""

from collections.abc import Iterator, Sequence

from calco.cloudshell.binder.jobs import JOB, RUNNING, Job
from calco.cloudshell.cmdlet import CORE, Call, Cmdlet, Column, Example, Kind, Module, Parameter, View
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import pattern
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import Record, Value

STATES = ("NotStarted", RUNNING, "Completed", "Failed", "Stopped")


def _chosen(call: Call) -> list[Record]:
    """The jobs that were named, or came by the pipeline. One that is not there is an error that ends nothing."""
    given = call.value("Job")
    if given is not None:
        return [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, Record)]
    jobs = call.shell.jobs.all()
    if call.given("Id"):
        wanted = call.value("Id")
        numbers = wanted if isinstance(wanted, list) else [wanted]
        return [each for number in numbers for each in _by(call, jobs, "Id", "ID", to_text(number))]
    if call.given("Name"):
        return [each for name in call.texts("Name") for each in _by(call, jobs, "Name", "name", name)]
    return jobs


def _by(call: Call, jobs: Sequence[Record], member: str, word: str, wanted: str) -> list[Record]:
    found = [each for each in jobs if pattern.like(to_text(each.get(member)), wanted)]
    if not found:
        message = (
            f"The command cannot find a job with the job {word} {wanted}. Verify the value of the {member} parameter "
            "and then try the command again."
        )
        call.error(Fault(message, "JobWithSpecifiedSessionNotFound", "ObjectNotFound", "System.ArgumentException"))
    return found


def _work(record: Record) -> Job | None:
    return record.held if isinstance(record.held, Job) else None


def _get(call: Call) -> Iterator[Value]:
    state = call.text("State")
    return (each for each in _chosen(call) if not state or each.get("State") == state)


def _wait(call: Call) -> Iterator[Value]:
    jobs = [*(each for each in call.input if isinstance(each, Record)), *(_chosen(call) if _named(call) else [])]
    left = call.number("Timeout")
    began = call.shell.clock.monotonic()
    while any(not job.is_over for job in _works(jobs)):
        if call.switch("Any") and any(job.is_over for job in _works(jobs)):
            break
        if left is not None and left >= 0 and call.shell.clock.monotonic() - began >= left:
            break
        running = next(job for job in _works(jobs) if not job.is_over)
        running.wait(0.2)
    return (each for each in jobs if (job := _work(each)) is not None and job.is_over)


def _named(call: Call) -> bool:
    return call.given("Id") or call.given("Name")


def _works(jobs: Sequence[Record]) -> list[Job]:
    return [job for each in jobs if (job := _work(each)) is not None]


def _receive(call: Call) -> Iterator[Value]:
    for record in _chosen(call):
        job = _work(record)
        if job is None:
            continue
        if call.switch("Wait"):
            job.wait()
        yield from job.receive(call.shell, call.error, keep=call.switch("Keep"))
        if call.switch("AutoRemoveJob") and job.is_over:
            call.shell.jobs.remove(record)


def _remove(call: Call) -> list[Value]:
    for record in _chosen(call):
        job = _work(record)
        if job is not None and not job.is_over:
            if not call.switch("Force"):
                message = (
                    f"The command cannot remove the job with the job ID {record.get('Id')} because the job is not "
                    "finished. To remove the job, first stop the job, or use the Force parameter."
                )
                call.error(Fault(message, "JobObjectNotFinishedCannotBeRemoved", "InvalidOperation"))
                continue
            job.stop()
        call.shell.jobs.remove(record)
    return []


def _stop(call: Call) -> Iterator[Value]:
    for record in _chosen(call):
        job = _work(record)
        if job is not None:
            job.stop()
        if call.switch("PassThru"):
            yield record


_JOB = Parameter("Job", Kind.RECORDS, "The jobs.", ("Job",), True, 0, from_pipeline=True, accepts=(JOB,))
_ID = Parameter("Id", Kind.INTS, "Their numbers.", ("Id",), True, 0)
_NAME = Parameter("Name", Kind.STRINGS, "Their names; wildcards too.", ("Name",), True)

GET = Cmdlet(
    "Get-Job",
    "Lists what runs in the background, or did.",
    _get,
    parameters=(
        Parameter("Id", Kind.INTS, "Their numbers.", ("Id",), position=0),
        Parameter("Name", Kind.STRINGS, "Their names; wildcards too.", ("Name",)),
        Parameter("State", help="Only those in this state.", choices=STATES),
    ),
    aliases=("gjb",),
    default_set="Id",
    module=CORE,
    output=JOB,
    examples=(Example("What still runs", "Get-Job -State Running"),),
)
WAIT = Cmdlet(
    "Wait-Job",
    "Waits until jobs are over.",
    _wait,
    parameters=(
        _JOB,
        _ID,
        _NAME,
        Parameter("Any", Kind.SWITCH, "Until one is."),
        Parameter("Timeout", Kind.INT, "That many seconds at most."),
    ),
    aliases=("wjb",),
    default_set="Job",
    module=CORE,
    whole=True,
    output=JOB,
    examples=(Example("Wait for all", "Get-Job | Wait-Job"),),
)
RECEIVE = Cmdlet(
    "Receive-Job",
    "Gives what jobs have given, and tells their errors and warnings.",
    _receive,
    parameters=(
        _JOB,
        _ID,
        _NAME,
        Parameter("Keep", Kind.SWITCH, "Keep it for the next time."),
        Parameter("Wait", Kind.SWITCH, "Until they are over."),
        Parameter("AutoRemoveJob", Kind.SWITCH, "Then remove them."),
    ),
    aliases=("rcjb",),
    default_set="Job",
    module=CORE,
    examples=(Example("What became of a fleet", "Get-Job | Wait-Job | Receive-Job"),),
)
STOP = Cmdlet(
    "Stop-Job",
    "Stops jobs; what they have asked of Azure goes on there.",
    _stop,
    parameters=(_JOB, _ID, _NAME, Parameter("PassThru", Kind.SWITCH, "Give the jobs.")),
    aliases=("spjb",),
    default_set="Job",
    module=CORE,
    output=JOB,
    examples=(Example("Stop the first", "Stop-Job 1"),),
)
REMOVE = Cmdlet(
    "Remove-Job",
    "Forgets jobs that are over.",
    _remove,
    parameters=(_JOB, _ID, _NAME, Parameter("Force", Kind.SWITCH, "Those that run too.")),
    aliases=("rjb",),
    default_set="Job",
    module=CORE,
    examples=(Example("Forget all", "Get-Job | Remove-Job"),),
)

MODULE = Module(
    (GET, WAIT, RECEIVE, STOP, REMOVE),
    (
        View(
            JOB,
            (
                Column("Id", "Id", width=6),
                Column("Name", "Name", width=15),
                Column("PSJobTypeName", "PSJobTypeName", width=15),
                Column("State", "State", width=13),
                Column("HasMoreData", "HasMoreData", width=15),
                Column("Location", "Location", width=20),
                Column("Command", "Command", width=25),
            ),
            table=True,
        ),
    ),
)
