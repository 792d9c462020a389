"""Scripts that guests run, while the service is killed."""

from collections.abc import Sequence

import msgspec

from calco.model.machine import Machine
from calco.model.operation import Status
from calco.model.run_command import Ran, Script, output
from calco.work import run_command
from tests.crash.scene import Ask, Scene
from tests.world import World


def script_that_takes_a_while(world: World) -> Ask:
    id = world.with_network().running_machine("web1")
    seen: list[str] = []

    def slow(_machine: Machine, script: Script) -> Ran | None:
        assert (script.text, script.arguments) == ("echo out", (("a", "b"),))
        seen.append(script.id)
        return Ran(0, b"out\n", b"") if seen.count(script.id) > 2 else None

    world.script = slow
    wish = run_command.Wish(id, "echo out", (("a", "b"),))
    return lambda cloud: run_command.run(cloud, wish)


def ran_once(world: World) -> None:
    """Each operation's script was begun once, and those that succeeded tell what it printed."""
    vm_id = str(world.resource(world.id("virtualMachines", "web1")).internal["vmId"])
    begun = world.hypervisor.runs(vm_id)
    assert len(set(begun)) == len(begun) >= 1
    with world.records.read() as view:
        last = view.operation(begun[-1])
    assert last is not None
    assert last.status is Status.SUCCEEDED
    assert run_command.output_of(world.cloud, last) == output(Ran(0, b"out\n", b""))
    assert b"echo out" not in msgspec.json.encode(last.params)


SCENES: Sequence[Scene] = (
    Scene("script", "machine.runCommand", script_that_takes_a_while, ran_once, 16, forgiven="hypervisor.forget_run"),
)
