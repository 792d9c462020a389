"""Carries one operation on from where its log stops. Single-threaded and patient: the runner owns threads and time.

Entries are written in as few transactions as the law allows: the end of an act, the changes behind it and the start of
the next act are committed together, so a plan of changes alone costs one fsync, whatever its length.
"""

import logging
from collections.abc import Callable
from typing import Generic

import msgspec

from calco.model import errors
from calco.model.errors import ApiError
from calco.model.operation import Failure, Operation, OperationEnd, Status, StepEvent
from calco.operations.plan import Act, Book, Change, Ended, Job, Plan, W, Wait
from calco.ports import Clock, NoRoom, PoolGone, Records, StoreFull, Writer
from calco.tool import ToolFailed

log = logging.getLogger(__name__)

TRY_AGAIN = Wait(5)
"""An undo that fails is tried again, for ever: giving up would leave something behind that nobody owns."""

Step = Change[W, object] | Act[W, object]


class _StepFailed(Exception):
    """A step raised: that is the plan's failure. What the records raise around it (a full disk, say) is not: nothing
    is known then but what the log says, so the operation stands where it is and is carried on from there."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class Engine(Generic[W]):
    """Runs plans of ``book`` in ``world`` on the log in ``records``."""

    def __init__(self, world: W, records: Records, book: Book[W], clock: Clock) -> None:
        self._world = world
        self._records = records
        self._book = book
        self._clock = clock

    def advance(self, operation_id: str) -> Wait | None:
        """Carry the operation on as far as it goes now. None when it has ended (or is unknown).

        Raises what the records raise; then nothing is lost, and calling it again goes on.
        """
        with self._records.read() as view:
            operation = view.operation(operation_id)
            if operation is None or operation.status is not Status.IN_PROGRESS:
                return None
            seen = set(view.steps(operation_id))
        plan = self._book.find(operation.plan)
        job = plan.job(operation)
        cause = _failure_of(operation)
        if cause is None:
            try:
                return self._forward(plan, job, seen)
            except _StepFailed as failed:
                ended, cause = isinstance(failed.error, Ended), _explain(failed.error, plan.name)
            self._note_failure(job, plan, cause, ended=ended)
            operation_kept = ended
            with self._records.read() as view:
                seen = set(view.steps(operation_id))
        else:
            operation_kept = ("", StepEvent.FAILED) in seen
        return self._close(plan, job, cause) if operation_kept else self._unwind(plan, job, seen, cause)

    def _forward(self, plan: Plan[W, object], job: Job[object], seen: set[tuple[str, StepEvent]]) -> Wait | None:
        left = [step for step in plan.steps if (step.name, StepEvent.DONE) not in seen and _is_needed(step, job)]
        finished: Act[W, object] | None = None
        while True:
            act: Act[W, object] | None = None
            with self._records.write() as tx:
                if finished is not None:
                    self._log(tx, job, finished.name, StepEvent.DONE)
                while left and isinstance(left[0], Change):
                    change = left[0]
                    if wait := self._change(change, tx, job):
                        return wait
                    self._log(tx, job, change.name, StepEvent.DONE)
                    left.pop(0)
                if not left:
                    tx.end(job.id, OperationEnd(Status.SUCCEEDED, self._clock.now()))
                    return None
                act = self._begin(tx, job, left.pop(0), seen)
            if wait := self._act(act, job):
                return wait
            finished = act

    def _change(self, change: Change[W, object], tx: Writer, job: Job[object]) -> Wait | None:
        try:
            return change.do(self._world, tx, job)
        except Exception as error:
            raise _StepFailed(error) from error

    def _act(self, act: Act[W, object], job: Job[object]) -> Wait | None:
        try:
            return act.do(self._world, job)
        except Exception as error:
            if not act.insist or isinstance(error, Ended):
                raise _StepFailed(error) from error
            log.exception("operation %s: %r failed; it will be tried again", job.id, act.name)
            return TRY_AGAIN

    def _begin(self, tx: Writer, job: Job[object], step: Step[W], seen: set[tuple[str, StepEvent]]) -> Act[W, object]:
        assert isinstance(step, Act)
        if (step.name, StepEvent.STARTED) not in seen:
            self._log(tx, job, step.name, StepEvent.STARTED)
        return step

    def _log(self, tx: Writer, job: Job[object], step: str, event: StepEvent) -> None:
        tx.log(job.id, step, event, self._clock.now())

    def _note_failure(self, job: Job[object], plan: Plan[W, object], cause: ApiError, *, ended: bool) -> None:
        with self._records.write() as tx:
            tx.progress(job.id, {"failure": {"code": cause.code, "message": cause.message, "target": cause.target}})
            # The empty step name says: ends here, undo nothing.
            self._log(tx, job, "" if ended else plan.name, StepEvent.FAILED)

    def _unwind(
        self, plan: Plan[W, object], job: Job[object], seen: set[tuple[str, StepEvent]], cause: ApiError
    ) -> Wait | None:
        for step in reversed(plan.steps):
            begun = StepEvent.DONE if isinstance(step, Change) else StepEvent.STARTED
            if (step.name, begun) not in seen or (step.name, StepEvent.UNDONE) in seen:
                continue
            try:
                if isinstance(step, Act):
                    step.undo(self._world, job)
                with self._records.write() as tx:
                    if isinstance(step, Change):
                        step.undo(self._world, tx, job)
                    self._log(tx, job, step.name, StepEvent.UNDONE)
            except Exception:
                log.exception("operation %s: undo of %r failed; it will be tried again", job.id, step.name)
                return TRY_AGAIN
        return self._close(plan, job, cause)

    def _close(self, plan: Plan[W, object], job: Job[object], cause: ApiError) -> Wait | None:
        try:
            with self._records.write() as tx:
                plan.failed(self._world, tx, job, cause)
                failure = Failure(cause.code, cause.message, cause.target)
                status = Status.CANCELED if cause.code == errors.PREEMPTED else Status.FAILED
                tx.end(job.id, OperationEnd(status, self._clock.now(), failure))
        except Exception:
            log.exception("operation %s could not be closed; it will be tried again", job.id)
            return TRY_AGAIN
        return None


def _is_needed(step: Step[W], job: Job[object]) -> bool:
    return isinstance(step, Change) or step.needed(job)


def _failure_of(operation: Operation) -> ApiError | None:
    kept = operation.progress.get("failure")
    if kept is None:
        return None
    failure = msgspec.convert(kept, Failure)
    return ApiError(409, failure.code, failure.message, failure.target)


_KNOWN: tuple[tuple[type[Exception], Callable[[Exception], ApiError]], ...] = (
    (NoRoom, lambda _: errors.no_room()),
    (StoreFull, lambda _: errors.store_full()),
)


def _explain(error: Exception, plan: str) -> ApiError:
    """The failure in words a client may see; what is ours alone goes to the log."""
    if isinstance(error, Ended):
        return error.error
    if isinstance(error, ApiError):
        return error
    if isinstance(error, PoolGone):
        log.warning("%s: %s", plan, error)
        return errors.pool_gone("What is needed", error.pools)
    for kind, words in _KNOWN:
        if isinstance(error, kind):
            log.warning("%s: %s", plan, error)
            return words(error)
    if isinstance(error, ToolFailed):
        log.error("%s: %s\n%s", plan, error, error.stderr)
    else:
        log.error("%s failed", plan, exc_info=error)
    return errors.internal()
