"""What runs in the background of a session: ``-AsJob`` starts it, Get-Job and its like look after it.

A job is a Record whose members its thread keeps true (State, HasMoreData), so that ``$job.State`` is what it is now.
Source: Microsoft Learn, about_Jobs; azure-powershell, AzureLongRunningJob.cs (names and types).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from calco.cloudshell.api import Api
from calco.cloudshell.cmdlet import Shell, Told
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.host import Host, NobodyToAsk
from calco.cloudshell.values import Record, Value

if TYPE_CHECKING:
    from calco.ports.world import Clock

JOB = "Microsoft.Azure.Commands.Common.AzureLongRunningJob`1"
RUNNING, COMPLETED, FAILED, STOPPED = "Running", "Completed", "Failed", "Stopped"
MOST = 1000
"""Jobs of one session that are not removed."""


class Job:
    """What a job's Record holds: its work and what came of it."""

    def __init__(
        self, record: Record, work: Callable[[], Iterable[Value]], told: Sequence[Told], clock: "Clock"
    ) -> None:
        self.record = record
        self._work = work
        self._told = told
        self._clock = clock
        self._output: list[Value] = []
        self._received = (0, 0)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._fault: Fault | None = None

    def begin(self) -> None:
        name = f"job {self.record.get('Id')}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        try:
            for value in self._work():
                with self._lock:
                    self._output.append(value)
                if self._over.is_set():
                    return
            self._end(COMPLETED)
        except Terminating as ended:
            self._end(FAILED, ended.fault)
        except Exception as failed:  # whatever it is, whoever waits for the job must learn that it is over
            self._end(FAILED, Fault(str(failed) or type(failed).__name__))

    def _end(self, state: str, fault: Fault | None = None) -> None:
        with self._lock:
            if self._over.is_set():
                return
            self._fault = fault
            self.record.members["State"] = state
            self.record.members["PSEndTime"] = self._clock.now()
            self.record.members["StatusMessage"] = fault.message if fault else state
            self.record.members["HasMoreData"] = bool(self._output or self._told or fault)
            self._over.set()

    def stop(self) -> None:
        """Nothing it does from now on is kept; what it has asked of the API goes on there."""
        self._end(STOPPED)

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is over."""
        return self._over.wait(seconds)

    def receive(self, shell: Shell, error: Callable[[Fault], None], *, keep: bool = False) -> Iterator[Value]:
        """What it gave and has to tell since the last time; then the error that it ended with, told by ``error``."""
        with self._lock:
            output, told = self._output[self._received[0] :], self._told[self._received[1] :]
            fault = self._fault
            if not keep:
                self._received = (len(self._output), len(self._told))
                self._fault = None
                self.record.members["HasMoreData"] = not self.is_over
        for tell in told:
            tell(shell)
        yield from output
        if fault:
            error(fault)


class Background:
    """The jobs of a session (``cmdlet.Jobs``)."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._jobs: list[Record] = []
        self._last = 0

    def start(self, name: str, command: str, work: Callable[[], Iterable[Value]], told: Sequence[Told] = ()) -> Record:
        if len(self._jobs) >= MOST:
            raise Terminating(Fault(f"There are {MOST} jobs already. Remove some with Remove-Job.", id="TooManyJobs"))
        self._last += 1
        record = Record.of(
            JOB,
            {
                "Id": self._last,
                "Name": name,
                "PSJobTypeName": "AzureLongRunningJob`1",
                "State": RUNNING,
                "HasMoreData": True,
                "Location": "localhost",
                "Command": command,
                "StatusMessage": RUNNING,
                "PSBeginTime": self._clock.now(),
                "PSEndTime": None,
            },
        )
        job = Job(record, work, told, self._clock)
        record.held = job
        try:
            job.begin()
        except RuntimeError as full:  # what a process says that may have no more threads
            raise Terminating(
                Fault("There is no room for one more job. Wait-Job waits for those that run.", id="TooManyJobs")
            ) from full
        self._jobs.append(record)
        return record

    def all(self) -> list[Record]:
        return list(self._jobs)

    def remove(self, record: Record) -> None:
        self._jobs = [each for each in self._jobs if each is not record]


class Apart:
    """The session as a job sees it: it asks nobody anything, and what it has to tell waits for Receive-Job."""

    def __init__(self, shell: Shell, told: list[Told]) -> None:
        self._shell = shell
        self._told = told
        self.host: Host = _Away(shell.host, told)
        self.clock = shell.clock
        self.chance = shell.chance
        self.commands = shell.commands
        self.jobs = shell.jobs
        self.state = shell.state
        self.sleep = shell.sleep
        self.invoke = shell.invoke
        self.variable = shell.variable
        self.set_variable = shell.set_variable
        self.variables = shell.variables

    @property
    def api(self) -> Api:
        return self._shell.api

    def report(self, fault: Fault, *, shown: bool = True) -> None:
        self._told.append(lambda shell: shell.report(fault, shown=shown))


class _Away:
    """A host with nobody at it."""

    def __init__(self, host: Host, told: list[Told]) -> None:
        self._there = host
        self._told = told

    @property
    def width(self) -> int:
        return self._there.width

    def write(self, text: str, *, colour: str = "", end: str = "\n") -> None:
        self._told.append(lambda shell: shell.host.write(text, colour=colour, end=end))

    def clear(self) -> None:
        """It is not a job's to clear."""

    def error(self, fault: Fault) -> None:
        self._told.append(lambda shell: shell.host.error(fault))

    def warning(self, text: str) -> None:
        self._told.append(lambda shell: shell.host.warning(text))

    def verbose(self, text: str) -> None:
        self._told.append(lambda shell: shell.host.verbose(text))

    def progress(self, activity: str, status: str, percent: int | None) -> None:
        """A job's progress is its State."""

    def done(self, activity: str) -> None:
        """See ``progress``."""

    def ask(self, prompt: str, *, secret: bool = False) -> str:  # noqa: ARG002
        raise NobodyToAsk
