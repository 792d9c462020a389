"""Get-Job, Wait-Job, Receive-Job, Stop-Job and Remove-Job: what -AsJob started.

Source: Microsoft Learn, about_Jobs and the page of each.
"""

from collections.abc import Iterator, Sequence

from calco.cloudshell.binder.jobs import JOB, RUNNING, Job
from calco.cloudshell.cmdlet import CORE, Call, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import pattern
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.values import Record, Value

STATES = f"NotStarted {RUNNING} Completed Failed Stopped"


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


_JOB = plain("Job", "The jobs.", 0, Kind.RECORDS, mandatory=True, from_pipeline=True, sets="Job", accepts=JOB)
_ID = plain("Id", "Their numbers.", 0, Kind.INTS, mandatory=True, sets="Id")
_NAME = plain("Name", "Their names; wildcards too.", kind=Kind.STRINGS, mandatory=True, sets="Name")

GET = cmdlet(
    "Get-Job",
    "Lists what runs in the background, or did.",
    _get,
    plain("Id", "Their numbers.", 0, Kind.INTS, sets="Id"),
    plain("Name", "Their names; wildcards too.", kind=Kind.STRINGS, sets="Name"),
    plain("State", "Only those in this state.", choices=STATES),
    default_set="Id",
    output=JOB,
    aliases="gjb",
    examples={"What still runs": "Get-Job -State Running"},
)
WAIT = cmdlet(
    "Wait-Job",
    "Waits until jobs are over.",
    _wait,
    _JOB,
    _ID,
    _NAME,
    switch("Any", "Until one is."),
    plain("Timeout", "That many seconds at most.", kind=Kind.INT),
    default_set="Job",
    output=JOB,
    aliases="wjb",
    whole=True,
    examples={"Wait for all": "Get-Job | Wait-Job"},
)
RECEIVE = cmdlet(
    "Receive-Job",
    "Gives what jobs have given, and tells their errors and warnings.",
    _receive,
    _JOB,
    _ID,
    _NAME,
    switch("Keep", "Keep it for the next time."),
    switch("Wait", "Until they are over."),
    switch("AutoRemoveJob", "Then remove them."),
    default_set="Job",
    aliases="rcjb",
    examples={"What became of a fleet": "Get-Job | Wait-Job | Receive-Job"},
)
STOP = cmdlet(
    "Stop-Job",
    "Stops jobs; what they have asked of Azure goes on there.",
    _stop,
    _JOB,
    _ID,
    _NAME,
    switch("PassThru", "Give the jobs."),
    default_set="Job",
    output=JOB,
    aliases="spjb",
    examples={"Stop the first": "Stop-Job 1"},
)
REMOVE = cmdlet(
    "Remove-Job",
    "Forgets jobs that are over.",
    _remove,
    _JOB,
    _ID,
    _NAME,
    switch("Force", "Those that run too."),
    default_set="Job",
    aliases="rjb",
    examples={"Forget all": "Get-Job | Remove-Job"},
)

MODULE = Module(
    of(CORE, GET, WAIT, RECEIVE, STOP, REMOVE),
    (
        View(
            JOB,
            columns("Id Name PSJobTypeName State HasMoreData Location Command", 6, 15, 15, 13, 15, 20, 25),
            table=True,
        ),
    ),
)
