"""az with other people's rights: a wrong secret, a Reader, roles, locks, and what the activity log tells of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from calco.model.document import Json
from tests.contract.azure_cli import Az

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DENIED = "does not have authorization to perform action"


@dataclass(frozen=True)
class Person:
    """A service principal and the az of whoever uses it."""

    az: Az
    object_id: str
    client_id: str


@pytest.fixture
def reader(az: Az, group: str) -> Iterator[Person]:
    """May read the test's group and nothing else."""
    scope = f"{az.service.client.subscription}/resourceGroups/{group}"
    name = f"reader-of-{group}"
    made = json.loads(az.service.run("sp", "create", name, "--role", "Reader", "--scope", scope, "-o", "json"))
    theirs = az.without_profile(name)
    theirs.register()
    theirs.log_in(made["appId"], made["password"])
    yield Person(theirs, made["objectId"], made["appId"])
    az.service.run("sp", "delete", name)


def test_a_wrong_secret_is_refused_in_azures_words(az: Az) -> None:
    stranger = az.without_profile("stranger")
    stranger.register()
    id, tenant = az.environ["AZURE_CLIENT_ID"], az.environ["AZURE_TENANT_ID"]

    said = stranger.refused("login", "--service-principal", "-u", id, "-p", "wrong", "-t", tenant, exit=1)

    assert "AADSTS7000215" in said
    assert "az login" in stranger.refused("group", "list", exit=1)


def test_a_reader_sees_the_group_and_makes_nothing(az: Az, group: str, reader: Person) -> None:
    az("disk", "create", "-g", group, "-n", "disk", "--size-gb", "1", "--sku", "Standard_LRS")
    path = f"{az.service.client.subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
    image = ("image", "create", "-g", group, "-n", "golden", "--os-type", "Linux", "--source", "disk")

    said = reader.az.refused(*image, exit=1)

    assert "(AuthorizationFailed)" in said
    assert f"The client '{reader.client_id}' with object id '{reader.object_id}' {DENIED}" in said
    assert f"'Microsoft.Compute/images/write' over scope '{path}/images/golden'" in said
    assert az("image", "list", "-g", group, "--query", "[].name") == []
    assert reader.az("group", "list", "--query", "[].name") == [group]
    assert reader.az("disk", "list", "-g", group, "--query", "[].name") == ["disk"]
    assert DENIED in reader.az.refused("disk", "delete", "-g", group, "-n", "disk", "--yes", exit=1)
    assert DENIED in reader.az.refused("group", "create", "-n", "mine", "-l", "eastus", exit=1)
    assert az("disk", "show", "-g", group, "-n", "disk", "--query", "provisioningState") == "Succeeded"


def test_a_role_that_is_given_and_taken_away(az: Az, group: str, reader: Person) -> None:
    scope = f"{az.service.client.subscription}/resourceGroups/{group}"
    role = ("role", "assignment")
    to = ("--assignee-object-id", reader.object_id, "--role", "Virtual Machine Contributor", "--scope", scope)
    disk = ("disk", "create", "-g", group, "-n", "theirs", "--size-gb", "1", "--query", "name")

    made = az(*role, "create", *to, "--assignee-principal-type", "ServicePrincipal", "--query", "[principalId, scope]")

    assert made == [reader.object_id, scope]
    assert reader.az(*disk) == "theirs"
    assert DENIED in reader.az.refused(
        "network", "public-ip", "create", "-g", group, "-n", "ip", "--sku", "Standard", exit=1
    )
    listed = (*role, "list", "--scope", scope, "--fill-principal-name", "false", "--fill-role-definition-name", "true")
    assert names(az(*listed, "--query", f"[?principalId=='{reader.object_id}'].roleDefinitionName")) == [
        "Reader",
        "Virtual Machine Contributor",
    ]
    az(*role, "delete", *without_type(to))
    assert DENIED in reader.az.refused("disk", "delete", "-g", group, "-n", "theirs", "--yes", exit=1)
    owner = "[?roleName=='Owner'].[type, roleType, permissions[0].actions]"
    assert az("role", "definition", "list", "--name", "Owner", "--query", owner) == [
        ["Microsoft.Authorization/roleDefinitions", "BuiltInRole", ["*"]]
    ]


def without_type(to: tuple[str, ...]) -> tuple[str, ...]:
    """`az role assignment delete` takes an object id as `--assignee`, and asks nobody whose it is."""
    return ("--assignee-object-id" if to[0] == "--assignee" else "--assignee", *to[1:])


def names(found: Json) -> list[str]:
    assert isinstance(found, list)
    return sorted(str(each) for each in found)


def test_locks_hold_for_their_owner_too(az: Az, group: str) -> None:
    az("disk", "create", "-g", group, "-n", "kept", "--size-gb", "1", "--sku", "Standard_LRS")
    lock = ("lock", "create", "-g", group, "--query", "level")

    assert az(*lock, "-n", "no-end", "--lock-type", "CanNotDelete") == "CanNotDelete"
    assert "(ScopeLocked)" in az.refused("disk", "delete", "-g", group, "-n", "kept", "--yes", exit=1)
    assert az("disk", "update", "-g", group, "-n", "kept", "--size-gb", "2", "--query", "diskSizeGB") == 2
    kept = ("--resource-name", "kept", "--resource-type", "Microsoft.Compute/disks")
    assert az(*lock, *kept, "-n", "as-it-is", "--lock-type", "ReadOnly") == "ReadOnly"
    assert "(ScopeLocked)" in az.refused("disk", "update", "-g", group, "-n", "kept", "--size-gb", "3", exit=1)
    assert names(az("lock", "list", "-g", group, "--query", "[].name")) == ["as-it-is", "no-end"]
    assert "(ScopeLocked)" in az.refused("group", "delete", "-n", group, "--yes", exit=1)

    az("lock", "delete", "-g", group, *kept, "-n", "as-it-is")
    az("lock", "delete", "-g", group, "-n", "no-end")
    az("disk", "delete", "-g", group, "-n", "kept", "--yes")
    assert az("lock", "list", "-g", group) == []


def test_the_activity_log_tells_who_did_what_and_who_was_refused(az: Az, group: str, reader: Person) -> None:
    az("disk", "create", "-g", group, "-n", "disk", "--size-gb", "1", "--sku", "Standard_LRS")
    reader.az.refused("disk", "delete", "-g", group, "-n", "disk", "--yes", exit=1)

    log = ("monitor", "activity-log", "list", "-g", group, "--offset", "1h")
    writes = az(*log, "--query", f"[?{NAMED}'Microsoft.Compute/disks/write'].[{STATUS}, caller]")
    refused = az(*log, "--query", f"[?{NAMED}'Microsoft.Compute/disks/delete'].[{STATUS}, caller, subStatus.value]")

    me = az.environ["AZURE_CLIENT_ID"]
    assert isinstance(writes, list)
    assert [each for each in writes if each in (["Succeeded", me], ["Started", me])] == writes
    assert ["Succeeded", me] in writes
    assert refused == [["Failed", reader.client_id, "Forbidden"]]


NAMED = "operationName.value=="
STATUS = "status.value"
