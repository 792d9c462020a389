"""Whatever a user does, in any order, with a service that dies now and then: a small model says what must be allowed,
and the world says so too; what is refused changes nothing; nothing is ever left over."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calco.model.disk import CreateOption, NewDisk
from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.virtual_machine import Act, DiskWish, NewVirtualMachine, NicWish
from calco.work import disk, image, reconcile, virtual_machine
from calco.work.cloud import Accepted, Cloud
from calco.work.guest_directory import Directory
from calco.work.machine_state import disks_of
from tests.crash.fuse import Crash, Fuse, with_fuse
from tests.work.looking import dump, power
from tests.world import LOCATION, World

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["a", "b", "c", "d"])
IMAGES = st.sampled_from(["x", "y"])
ON, OFF, FREE, MARKED, MARKED_FREE = "running", "stopped", "deallocated", "generalized", "generalized, deallocated"
LEADS: dict[Act, dict[str, str]] = {
    Act.START: {ON: ON, OFF: ON, FREE: ON},
    Act.RESTART: {ON: ON},
    Act.POWER_OFF: {ON: OFF, OFF: OFF, MARKED: MARKED},
    Act.DEALLOCATE: {ON: FREE, OFF: FREE, FREE: FREE, MARKED: MARKED_FREE, MARKED_FREE: MARKED_FREE},
    Act.GENERALIZE: {OFF: MARKED, FREE: MARKED_FREE, MARKED: MARKED, MARKED_FREE: MARKED_FREE},
}
"""What a user knows: which act does what to a machine in which condition; everything else is refused."""

Ask = Callable[[Cloud], Accepted | None]


class Lab(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name)).with_network()
        self.nics = {name: self.world.nic(f"{name}-nic") for name in ("a", "b", "c", "d")}
        self.machines: dict[str, str] = {}
        self.images: dict[str, str] = {}
        """Images, and the machine each was cut from."""
        self.spare: set[ResourceId] = set()
        """Disks nobody has."""

    def teardown(self) -> None:
        self.folder.cleanup()

    # --- asking ------------------------------------------------------------------------------------------------------

    def do(self, ask: Ask, allowed: bool, *, dies_at: int | None = None) -> None:
        """Ask; what is not allowed is refused and changes nothing, what is allowed comes to a good end."""
        if not allowed:
            before = dump(self.world)
            with pytest.raises(ApiError):
                ask(self.world.cloud)
            assert dump(self.world) == before, "a refusal changed something"
        elif dies_at is None:
            accepted = ask(self.world.cloud)
            if accepted is not None and accepted.operation is not None:
                self.world.done(accepted)
        else:
            self.do_and_die(ask, dies_at)

    def do_and_die(self, ask: Ask, point: int) -> None:
        cloud = with_fuse(self.world, Fuse(point, Crash), records=True)
        self.world.directory = Directory(cloud)
        accepted = False
        with suppress(Crash):
            ask(cloud)
            accepted = True
            self.world.drive(cloud)
        self.world.directory = Directory(self.world.cloud)
        accepted = accepted or bool(self.world.unfinished())
        self.world.restart()
        if not accepted:
            with suppress(ApiError):  # killed between the last commit and the answer: it is done already
                again = ask(self.world.cloud)
                if again is not None and again.operation is not None:
                    self.world.done(again)

    def id(self, name: str) -> ResourceId:
        return self.world.id("virtualMachines", name)

    def wanted(self, name: str) -> NewVirtualMachine:
        template = NewVirtualMachine(
            **{**vars(self.template), "id": self.id(name), "nics": (NicWish(self.nics[name]),)}
        )
        assert template.os_profile is not None
        return replace(template, os_profile=replace(template.os_profile, computer_name=name))

    @initialize()
    def begin(self) -> None:
        """One machine that runs, one that is marked, and an image of a third that is gone: everything is near."""
        self.template = self.world.new_machine("template")
        for name in ("a", "b", "c"):
            self.create(name, None)
        for name in ("b", "c"):
            self.act(name, Act.DEALLOCATE, None)
            self.act(name, Act.GENERALIZE, None)
        self.capture("c", "x", None)
        self.delete("c", None)

    # --- what users do -----------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.machines) < 4)
    @rule(name=NAMES, dies=st.none() | st.integers(1, 60))
    def create(self, name: str, dies: int | None) -> None:
        if name not in self.machines:
            self.do(lambda cloud: virtual_machine.put(cloud, self.wanted(name)), True, dies_at=dies)
            self.machines[name] = ON

    @precondition(lambda self: self.machines)
    @rule(data=st.data())
    def put_again(self, data: st.DataObject) -> None:
        name = self.one_of(data)
        wanted = replace(self.wanted(name), data_disks=())  # its disks are not spoken of, so they stay
        self.do(lambda cloud: virtual_machine.put(cloud, wanted), self.machines[name] in (ON, OFF, FREE))

    @precondition(lambda self: len(self.machines) < 4)
    @rule(name=NAMES, source=IMAGES, dies=st.none() | st.integers(1, 50))
    def clone(self, name: str, source: str, dies: int | None) -> None:
        if name not in self.machines:
            wanted = replace(self.wanted(name), image=self.world.id("images", source), data_disks=())
            self.do(lambda cloud: virtual_machine.put(cloud, wanted), source in self.images, dies_at=dies)
            if source in self.images:
                self.machines[name] = ON

    @rule(name=NAMES, what=st.sampled_from(list(LEADS)), dies=st.none() | st.integers(1, 35))
    def act(self, name: str, what: Act, dies: int | None) -> None:
        now = self.machines.get(name, "nowhere")
        self.do(lambda cloud: virtual_machine.act(cloud, self.id(name), what), now in LEADS[what], dies_at=dies)
        if now in LEADS[what]:
            self.machines[name] = LEADS[what][now]

    @precondition(lambda self: self.machines)
    @rule(data=st.data(), called=IMAGES, dies=st.none() | st.integers(1, 14))
    def generalize_and_capture(self, data: st.DataObject, called: str, dies: int | None) -> None:
        name = self.one_of(data)
        if self.machines[name] == ON:
            self.act(name, Act.POWER_OFF, dies)
        self.act(name, Act.GENERALIZE, None)
        self.capture(name, called, dies)

    @rule(name=NAMES, called=IMAGES, dies=st.none() | st.integers(1, 14))
    def capture(self, name: str, called: str, dies: int | None) -> None:
        marked = self.machines.get(name) in (MARKED, MARKED_FREE)
        wanted = self.world.new_image(called, self.id(name))
        allowed = marked if called not in self.images else self.images[called] == name
        self.do(lambda cloud: image.put(cloud, wanted), allowed, dies_at=dies)
        if allowed:
            self.images[called] = name

    @precondition(lambda self: ON in self.machines.values())
    @rule(what=st.sampled_from([Act.RESTART, Act.POWER_OFF, Act.DEALLOCATE]), other=st.sampled_from(list(LEADS)))
    def two_at_once(self, what: Act, other: Act) -> None:
        name = self.one_that_runs()
        accepted = virtual_machine.act(self.world.cloud, self.id(name), what)
        self.do(lambda cloud: virtual_machine.act(cloud, self.id(name), other), False)
        self.do(lambda cloud: virtual_machine.delete(cloud, self.id(name)), False)
        self.world.done(accepted)
        self.machines[name] = LEADS[what][ON]

    @precondition(lambda self: ON in self.machines.values())
    @rule()
    def guest_shuts_down(self) -> None:
        """It is off, and still counts as running: only an act of its owner changes that."""
        name = self.one_that_runs()
        self.world.hypervisor.shut_down(str(self.world.resource(self.id(name)).internal["vmId"]))
        self.do(lambda cloud: virtual_machine.act(cloud, self.id(name), Act.GENERALIZE), False)
        self.do(lambda cloud: virtual_machine.act(cloud, self.id(name), Act.START), True)

    @precondition(lambda self: len(self.machines) > 1)
    @rule(data=st.data(), dies=st.none() | st.integers(1, 25))
    def delete_one(self, data: st.DataObject, dies: int | None) -> None:
        self.delete(self.one_of(data), dies)

    def delete(self, name: str, dies: int | None) -> None:
        everyone = disk.list(self.world.cloud, None)
        self.spare |= {each.id for each in everyone if self.owner(each.id) == self.id(name)}
        self.do(lambda cloud: virtual_machine.delete(cloud, self.id(name)), True, dies_at=dies)
        self.machines.pop(name)

    def owner(self, id: ResourceId) -> ResourceId | None:
        owner = self.world.resource(id).extra.get("managedBy")
        return ResourceId.parse(owner) if isinstance(owner, str) else None

    def one_of(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.machines)))

    def one_that_runs(self) -> str:
        return next(each for each, condition in self.machines.items() if condition == ON)

    @precondition(lambda self: self.images)
    @rule(called=IMAGES, dies=st.none() | st.integers(1, 16))
    def delete_image(self, called: str, dies: int | None) -> None:
        self.do(lambda cloud: image.delete(cloud, self.world.id("images", called)), True, dies_at=dies)
        self.images.pop(called, None)

    @precondition(lambda self: self.machines or self.spare)
    @rule(data=st.data(), dies=st.none() | st.integers(1, 12))
    def delete_disk(self, data: st.DataObject, dies: int | None) -> None:
        id = self.any_disk(data)
        self.do(lambda cloud: disk.delete(cloud, id), id in self.spare, dies_at=dies)
        self.spare.discard(id)

    def any_disk(self, data: st.DataObject) -> ResourceId:
        return data.draw(st.sampled_from([each.id for each in disk.list(self.world.cloud, None)]))

    @precondition(lambda self: len(self.spare) < 2)
    @rule(dies=st.none() | st.integers(1, 12))
    def make_disk(self, dies: int | None) -> None:
        id = self.world.id("disks", f"spare{len(disk.list(self.world.cloud, None))}")
        if self.world.find(id) is None:
            wanted = NewDisk(id, LOCATION, None, CreateOption.EMPTY, 1, None, None, None, {})
            self.do(lambda cloud: disk.put(cloud, wanted), True, dies_at=dies)
            self.spare.add(id)

    @precondition(lambda self: len(self.machines) < 4 and (self.machines or self.spare))
    @rule(name=NAMES, data=st.data(), dies=st.none() | st.integers(1, 60))
    def create_with_a_disk(self, name: str, data: st.DataObject, dies: int | None) -> None:
        if name in self.machines:
            return
        id = self.any_disk(data)
        wanted = replace(self.wanted(name), data_disks=(DiskWish(5, CreateOption.ATTACH, disk=id),))
        self.do(lambda cloud: virtual_machine.put(cloud, wanted), id in self.spare, dies_at=dies)
        if id in self.spare:
            self.spare.discard(id)
            self.machines[name] = ON

    @precondition(lambda self: self.machines)
    @rule(data=st.data(), attaches=st.booleans(), dies=st.none() | st.integers(1, 35))
    def change_its_disks(self, data: st.DataObject, attaches: bool, dies: int | None) -> None:
        """All its data disks go, and perhaps another comes, whether it runs or not."""
        name, id = self.one_of(data), self.any_disk(data)
        had = disks_of(self.world.resource(self.id(name)))
        wish = DiskWish(6 if 6 not in had else 7, CreateOption.ATTACH, disk=id)
        none: Document = {"storageProfile": {"dataDisks": []}}
        wanted = replace(self.wanted(name), data_disks=(wish,) if attaches else (), properties=none)
        allowed = self.machines[name] in (ON, OFF, FREE) and (not attaches or id in self.spare)
        self.do(lambda cloud: virtual_machine.update(cloud, wanted), allowed, dies_at=dies)
        if allowed:
            self.spare |= {each for lun, each in had.items() if lun is not None}
            self.spare -= {id} if attaches else set()

    @rule(again=st.booleans())
    def power_cut(self, again: bool) -> None:
        """The machine this runs on loses its power: every process is gone."""
        for name in self.machines:
            self.world.hypervisor.stop(str(self.world.resource(self.id(name)).internal["vmId"]), grace_seconds=0)
        self.world.disks.power_cut()
        reconcile.reconcile(self.world.cloud, start_again=again)
        self.world.drive()
        for name, condition in self.machines.items():
            self.machines[name] = (ON if again else OFF) if condition == ON else condition

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_left_over(self) -> None:
        assert self.world.leftovers() == []

    @invariant()
    def machines_are_as_the_model_has_them(self) -> None:
        found = virtual_machine.list(self.world.cloud, None)
        assert {each.id.name: each.internal["condition"] for each in found} == self.machines
        for each in found:
            assert each.properties["provisioningState"] == "Succeeded"
            expected = MachineState.RUNNING if self.machines[each.id.name] == ON else MachineState.ABSENT
            assert power(self.world, each.id) is expected

    @invariant()
    def images_hold_what_is_frozen_and_nobody_writes_to_it(self) -> None:
        found = image.list(self.world.cloud, None)
        assert {each.id.name for each in found} == set(self.images)
        with self.world.records.read() as view:
            kept = {volume for each in found for volume in view.held(each.id).values()}
            kept |= {row.backing for row in view.volumes() if row.backing is not None}
            assert all((row := view.volume(each)) is not None and row.frozen for each in kept)
            for machine in virtual_machine.list(self.world.cloud, None):
                if self.machines[machine.id.name] != ON:
                    continue
                drives = {volume for each in disks_of(machine).values() for volume in view.held(each).values()}
                assert drives
                assert not drives & kept

    @invariant()
    def disks_are_whose_the_model_says(self) -> None:
        free = {each.id for each in disk.list(self.world.cloud, None) if "managedBy" not in each.extra}
        assert free == self.spare


Lab.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLab = Lab.TestCase
