"""What tests of rules look at: everything that is there, and that a refusal changed none of it."""

from collections.abc import Callable

import pytest

from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.machine import MachineState
from calco.model.operation import Operation
from tests.world import World

TABLES = ("resources", "volumes", "holds", "operations", "steps", "claims", "places")


def rows(world: World) -> dict[str, list[object]]:
    """Every row of the records, but for notes of what is cached."""
    with world.records.read() as view:
        run = view._connection.exec_driver_sql
        return {table: [tuple(row) for row in run(f"SELECT * FROM {table}")] for table in TABLES}  # noqa: S608


def dump(world: World) -> dict[str, object]:
    """Records, files, machines, networks and DVDs."""
    folders = (world.folder / "machines", world.folder / "networks")
    files = {file: file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()}
    return {**rows(world), "volumes there": world.disks.volumes(), "files": files}


def refused(world: World, ask: Callable[[], object], status: int, code: str, *words: str) -> ApiError:
    """Ask, be refused with that code and those words, and find nothing changed."""
    before = dump(world)
    with pytest.raises(ApiError) as raised:
        ask()
    refusal = raised.value
    assert (refusal.status, refusal.code) == (status, code), refusal
    for each in words:
        assert each in refusal.message
    assert dump(world) == before, "a refusal changed something"
    return refusal


def failure(operation: Operation) -> tuple[str, str]:
    """Code and message of an operation that failed."""
    assert operation.end is not None
    assert operation.end.failure is not None, operation.end
    return operation.end.failure.code, operation.end.failure.message


def power(world: World, machine: ResourceId) -> MachineState:
    return world.hypervisor.state(vm_id(world, machine))


def vm_id(world: World, machine: ResourceId) -> str:
    return str(world.resource(machine).internal["vmId"])


def text(world: World) -> str:
    """Everything the records hold, as text."""
    with world.records.read() as view:
        connection = view._connection.connection.driver_connection
    assert connection is not None
    return "\n".join(connection.iterdump())
