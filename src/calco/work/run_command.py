"""Scripts that somebody has a machine's guest run: asked for, handed to the guest's agent, and what came of it.

A machine runs one at a time. Nothing else waits for it: a machine whose script hangs can be switched off, and then the
run has failed. The script is begun once. A service that is killed meanwhile asks the guest for the same run again and
is told how it goes; where the guest has booted in between and knows nothing of it, the run fails and says that nobody
knows how far it came.

Scripts and what they print may hold passwords, so both are sealed where they wait in the records.
"""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from calco.model import errors, run_command
from calco.model.disk import OsType
from calco.model.document import Document, text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.operation import Claim, Operation, Status
from calco.model.run_command import Script
from calco.model.virtual_machine import Act as MachineAct
from calco.model.virtual_machine import after
from calco.operations.plan import Act, Ended, Job, Plan, Wait, nothing
from calco.ports import NoGuestAgent, Reader, Resource, RunLost
from calco.work.cloud import Accepted, Cloud
from calco.work.common import check_free, found, hand_over, told
from calco.work.machine_state import condition_of, vm_id_of

BOOT, OUTPUT = "boot", "output"
"""What the operation keeps for itself: the boot in which the script is to run, and what came of it, sealed."""

AGENT_SECONDS = 60
"""How long an agent is waited for that does not answer: that of a guest that has just booted comes late."""
SLACK_SECONDS = 120
"""The guest ends a script that takes too long; so much later it has, or never will."""


@dataclass(frozen=True)
class Wish:
    """A POST of ``runCommand``, read."""

    machine: ResourceId
    text: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Running:
    """``vm_id``: another machine of the same name is not meant. ``sealed`` holds text and arguments."""

    machine: str
    vm_id: str
    sealed: str
    seconds: int


def run(cloud: Cloud, wish: Wish) -> Accepted:
    """Have the guest run a script. Raises Azure's refusals."""
    with cloud.records.write() as tx:
        machine = found(tx, wish.machine)
        after(condition_of(machine), MachineAct.RUN_COMMAND, machine.id.name)
        if text_at(machine.properties, "storageProfile", "osDisk", "osType") == OsType.WINDOWS:
            raise errors.invalid("commandId", f"VM '{machine.id.name}' runs Windows, which has no shell for it.")
        check_free(tx, (Claim(machine.id),), lambda _: errors.machine_busy(MachineAct.RUN_COMMAND, machine.id.name))
        claims = (Claim(machine.id.child("runCommands", run_command.SHELL_SCRIPT)),)
        check_free(tx, claims, lambda _: _one_at_a_time())
        sealed = cloud.sealer.seal(msgspec.json.encode([wish.text, wish.arguments]).decode())
        params = Running(str(machine.id), vm_id_of(machine), sealed, run_command.SECONDS_MAX)
        operation = hand_over(cloud, tx, RUN, params, subject=machine, claims=claims)
    return told(cloud, Accepted(machine, operation))


def _one_at_a_time() -> ApiError:
    """Source: answers quoted in public issues of azure-cli."""
    return ApiError(
        409,
        "Conflict",
        "Run command extension execution is in progress. Please wait for completion before invoking a run command.",
    )


def output_of(cloud: Cloud, operation: Operation) -> Document | None:
    """What the operation made, once it has succeeded; None for every other operation."""
    sealed = text_at(operation.progress, OUTPUT)
    if operation.plan != RUN.name or operation.status is not Status.SUCCEEDED or sealed is None:
        return None
    output: Document = msgspec.json.decode(cloud.sealer.unseal(sealed))
    return output


# --- the plan --------------------------------------------------------------------------------------------------------


def _script(cloud: Cloud, job: Job[Running]) -> Script:
    kept = cloud.sealer.unseal(job.params.sealed)
    text, arguments = msgspec.json.decode(kept, type=tuple[str, tuple[tuple[str, str], ...]])
    return Script(job.id, text, arguments, job.params.seconds)


def _find_agent(cloud: Cloud, job: Job[Running]) -> Wait | None:
    _check_runs(cloud, job)
    try:
        boot = cloud.hypervisor.guest_boot(job.params.vm_id)
    except NoGuestAgent as why:
        if cloud.clock.now() < job.started_at + timedelta(seconds=AGENT_SECONDS):
            return Wait(1)
        raise _no_agent(ResourceId.parse(job.params.machine).name, why) from why
    with cloud.records.write() as tx:
        tx.progress(job.id, {BOOT: boot})
    return None


def _run_script(cloud: Cloud, job: Job[Running]) -> Wait | None:
    with cloud.records.read() as view:
        kept = _progress(view, job)
    if OUTPUT in kept:
        return None
    try:
        ran = cloud.hypervisor.run(job.params.vm_id, text_at(kept, BOOT) or "", _script(cloud, job))
    except RunLost as lost:
        raise Ended(_lost(job)) from lost
    except NoGuestAgent as why:
        # It may be back in a moment: scripts restart agents, and whole guests.
        _check_runs(cloud, job)
        return _patience(cloud, job, why)
    if ran is None:
        return _patience(cloud, job, None)
    output = msgspec.json.encode(run_command.output(ran)).decode()
    with cloud.records.write() as tx:
        tx.progress(job.id, {**kept, OUTPUT: cloud.sealer.seal(output)})
    return None


def _patience(cloud: Cloud, job: Job[Running], why: NoGuestAgent | None) -> Wait:
    """The longer it has run, the more seldom it is asked for. Raises Ended when it should have ended long ago."""
    past = (cloud.clock.now() - job.started_at).total_seconds()
    if past > job.params.seconds + SLACK_SECONDS:
        raise Ended(_lost(job)) from why
    return Wait(min(5.0, max(0.2, past / 4)))


def _progress(view: Reader, job: Job[Running]) -> Document:
    operation = view.operation(job.id)
    return {} if operation is None else operation.progress


def _check_runs(cloud: Cloud, job: Job[Running]) -> None:
    """Raises Ended when the machine is off or not there any more: nothing of it answers then."""
    with cloud.records.read() as view:
        machine: Resource | None = view.resource(ResourceId.parse(job.params.machine))
    same = machine is not None and vm_id_of(machine) == job.params.vm_id
    if not same or cloud.hypervisor.state(job.params.vm_id) is not MachineState.RUNNING:
        raise Ended(_switched_off(job))


def _clean_up(cloud: Cloud, job: Job[Running]) -> None:
    """A guest that does not take it away now does so when the next script comes."""
    try:
        cloud.hypervisor.forget_run(job.params.vm_id, job.id)
    except NoGuestAgent:
        return


# --- refusals --------------------------------------------------------------------------------------------------------


def _no_agent(machine: str, why: NoGuestAgent) -> ApiError:
    """The first sentence is Azure's. Source: Azure, "Common VM error codes"."""
    return ApiError(
        409,
        "VMAgentStatusCommunicationError",
        f"VM '{machine}' has not reported status for VM agent or extensions. Commands are given to the QEMU guest "
        f"agent in the guest, and there is none that answers ({str(why)[:300]}). Install it in the machine or in its "
        "image: sudo apt-get install qemu-guest-agent (or dnf, zypper, apk add), and allow guest-exec where its "
        "settings forbid that.",
    )


def _lost(job: Job[Running]) -> ApiError:
    """Ours."""
    return errors.refused(
        f"The command on VM '{ResourceId.parse(job.params.machine).name}' has no end: the guest was started anew, what "
        "ran it was killed, or it took too long. It may have run, wholly or in part. Look at the machine before you "
        "run it again."
    )


def _switched_off(job: Job[Running]) -> ApiError:
    """Ours."""
    return errors.refused(
        f"The command on VM '{ResourceId.parse(job.params.machine).name}' was not seen to its end, since the VM does "
        "not run any more. It may have run, wholly or in part."
    )


RUN: Plan[Cloud, Running] = Plan(
    "machine.runCommand",
    Running,
    (
        Act("find agent", _find_agent, nothing),
        Act("run script", _run_script, nothing),
        Act("clean up", _clean_up, nothing, insist=True),
    ),
)
