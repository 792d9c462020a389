"""az says who may do what, by names: the directory it asks is the service. Locks and Readers: test_az_rights."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from calco.model.document import Document
from tests.contract.azure_cli import BIN, Az

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Program:
    """A service principal that holds nothing yet."""

    name: str
    object_id: str
    client_id: str
    secret: str


@pytest.fixture
def program(az: Az) -> Iterator[Program]:
    name = f"ci-{os.getpid()}"
    made = json.loads(az.service.run("sp", "create", name, "-o", "json"))
    yield Program(name, made["objectId"], made["appId"], made["password"])
    az.service.run("sp", "delete", name, "--yes")


@pytest.fixture
def owner(az: Az, request: pytest.FixtureRequest) -> Az:
    """az that learned of the cloud from the service itself: role commands ask the directory, which is there."""
    return _discovered(
        az.without_profile(request.node.name), az.environ["AZURE_CLIENT_ID"], az.environ["AZURE_CLIENT_SECRET"]
    )


def _discovered(az: Az, id: str, secret: str) -> Az:
    given = az.environ
    endpoint, authority = given["CALCO_ENDPOINT"], given["AZURE_AUTHORITY_HOST"]
    az(
        "cloud",
        "register",
        "-n",
        "calco",
        "--endpoint-resource-manager",
        endpoint,
        "--endpoint-active-directory",
        authority,
    )
    az("cloud", "set", "-n", "calco")
    az.log_in(id, secret)
    return az


@pytest.fixture
def other(az: Az, group: str) -> Iterator[str]:
    """Another group, with a network; the id of its subnet."""
    name = f"{group}-2"
    az("group", "create", "-n", name, "-l", "eastus")
    az("network", "vnet", "create", "-g", name, "-n", "net", "--subnet-name", "default")
    yield f"{_scope(az, name)}/providers/Microsoft.Network/virtualNetworks/net/subnets/default"
    az("group", "delete", "-n", name, "--yes")


def _scope(az: Az, group: str) -> str:
    return f"/subscriptions/{az.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{group}"


def test_roles_are_given_shown_and_taken_away(owner: Az, group: str, program: Program) -> None:
    scope = _scope(owner, group)
    to = ("--assignee-object-id", program.object_id, "--scope", scope)
    made = owner(
        "role", "assignment", "create", *to, "--assignee-principal-type", "ServicePrincipal", "--role", "Reader"
    )
    assert isinstance(made, dict)
    assert (made["principalId"], made["principalType"], made["scope"]) == (program.object_id, "ServicePrincipal", scope)

    assert owner(
        "role", "assignment", "list", "--assignee", program.name, "--all",
        "--query", "[].[principalName, roleDefinitionName, scope]",
    ) == [[program.name, "Reader", scope]]  # fmt: skip
    table = owner.run(*_az("role", "assignment", "list", "--scope", scope, "--include-inherited", "-o", "table")).stdout
    held = [line.split()[:2] for line in table.splitlines()[2:]]
    # What others hold in the whole subscription is inherited too: the service is every test process's.
    assert [each for each in held if each[0] in ("calco", program.name)] == [["calco", "env"], [program.name, "Reader"]]

    again = owner("role", "assignment", "create", "--assignee", program.client_id, "--scope", scope, "--role", "Reader")
    assert isinstance(again, dict)
    assert again["id"] == made["id"]
    assert owner("role", "assignment", "delete", *to, "--role", "Reader") is None
    assert owner("role", "assignment", "list", "--scope", scope) == []
    assert "No matched assignments" in owner.refused("role", "assignment", "delete", *to, "--role", "Reader")
    assert "PrincipalNotFound" in owner.refused(
        "role", "assignment", "create", "--scope", scope, "--role", "Reader",
        "--assignee-object-id", "00000000-0000-4000-8000-000000000000", "--assignee-principal-type", "User",
    )  # fmt: skip


def _az(*words: str) -> tuple[str | Path, ...]:
    return (BIN / "az", *words)


def test_a_role_somebody_wrote_is_made_changed_given_and_deleted(owner: Az, group: str, program: Program) -> None:
    scope, name = _scope(owner, group), f"Imager {os.getpid()}"
    file = owner.folder / "role.json"
    role: Document = {
        "Name": name,
        "Description": "Makes images.",
        "Actions": ["Microsoft.Compute/images/*", "Microsoft.Compute/virtualMachines/read"],
        "NotActions": ["Microsoft.Compute/images/delete"],
        "AssignableScopes": [scope],
    }
    file.write_text(json.dumps(role))
    at = ("--scope", scope)
    made = owner("role", "definition", "create", "--role-definition", file)
    assert isinstance(made, dict)
    assert (made["roleName"], made["roleType"], made["assignableScopes"]) == (name, "CustomRole", [scope])

    file.write_text(json.dumps(role | {"Description": "Makes images and no more."}))
    assert owner("role", "definition", "update", "--role-definition", file, "--query", "description") == (
        "Makes images and no more."
    )
    listed = ("role", "definition", "list", "--custom-role-only", "--query", "[].roleName")
    assert owner(*listed, *at) == [name]
    assert owner(*listed) == []  # it is that group's
    owner("role", "assignment", "create", "--assignee", program.name, "--role", name, *at)
    assert "RoleDefinitionHasAssignments" in owner.refused("role", "definition", "delete", "-n", name, *at)
    owner("role", "assignment", "delete", "--assignee", program.name, "--role", name, *at)
    assert owner("role", "definition", "delete", "-n", name, *at) is None
    assert owner(*listed, *at) == []


def test_who_may_act_in_one_group_sees_and_changes_nothing_else(
    az: Az, owner: Az, group: str, other: str, program: Program
) -> None:
    at = ("--scope", _scope(az, group))
    owner("role", "assignment", "create", "--assignee", program.name, "--role", "Contributor", *at)
    theirs = _discovered(az.without_profile("theirs"), program.client_id, program.secret)
    disk = ("disk", "create", "-n", "disk", "--size-gb", "1", "--query", "name", "-g")

    assert theirs("group", "list", "--query", "[].name") == [group]
    assert theirs(*disk, group) == "disk"
    assert theirs("resource", "list", "--query", "[].name") == ["disk"]
    assert "(AuthorizationFailed)" in theirs.refused(*disk, f"{group}-2")
    nic = ("network", "nic", "create", "-g", group, "-n", "nic", "--subnet", other)
    assert "Microsoft.Network/virtualNetworks/subnets/join/action" in theirs.refused(*nic)
    lock = ("lock", "create", "-n", "mine", "--lock-type", "ReadOnly", "-g", group)
    assert "(AuthorizationFailed)" in theirs.refused(*lock)
