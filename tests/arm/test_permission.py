"""What somebody is told they may do: their own roles at a scope and above, and nobody else's."""

from pathlib import Path

import pytest

from calco.model.permission import allow, document_of, from_list
from calco.model.role import CONTRIBUTOR, READER
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB
from tests.arm.people import AUTHORIZATION, People, refused
from tests.world import LOCATION, World

OTHER = f"{SUB}/resourceGroups/other"
MACHINE = f"{COMPUTE}/virtualMachines/web1"


@pytest.fixture
def people(tmp_path: Path) -> People:
    found = People(World(tmp_path))
    found.api.with_group()
    found.api.put(OTHER, {"location": LOCATION})
    return found


def permissions(people: People, who: str, scope: str) -> object:
    answer = people.ask(who, "GET", f"{scope}/{AUTHORIZATION}/permissions?api-version=2022-04-01")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("scope", [SUB, LAB, MACHINE, f"{MACHINE}/extensions/one"])
def test_the_owner_may_do_everything_everywhere(people: People, scope: str) -> None:
    assert permissions(people, "good", scope) == {
        "value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]
    }


def test_roles_of_the_scope_and_above_are_told_and_not_those_beside_or_below(people: People) -> None:
    people.with_role("ana", "Reader", SUB)
    people.give(people.callers["ana"].object_id, "Contributor", LAB)
    people.with_role("ben", "Owner", LAB)
    (reader,), (contributor,) = READER.permissions, CONTRIBUTOR.permissions

    assert permissions(people, "ana", SUB) == {"value": [document_of(reader)]}
    assert permissions(people, "ana", OTHER) == {"value": [document_of(reader)]}
    for scope in (LAB, MACHINE, MACHINE.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")):
        told = permissions(people, "ana", scope)
        assert isinstance(told, dict)
        assert {each.actions for each in from_list(told)} == {reader.actions, contributor.actions}


def test_what_two_assignments_of_one_role_permit_is_told_once(people: People) -> None:
    people.with_role("ana", "Reader", SUB)
    people.give(people.callers["ana"].object_id, "Reader", LAB)

    told = permissions(people, "ana", LAB)

    assert told == {"value": [document_of(*READER.permissions)]}


def test_who_holds_something_below_is_told_of_nothing_above_it(people: People) -> None:
    address = f"{NETWORK}/publicIPAddresses/one"
    people.api.put(address, {"location": LOCATION})
    people.with_role("ana", "Owner", address)

    assert permissions(people, "ana", LAB) == {"value": []}
    assert permissions(people, "ana", SUB) == {"value": []}


def test_who_holds_nothing_there_is_refused(people: People) -> None:
    people.with_role("ana", "Owner", OTHER)
    people.comes("nobody")

    refused(people.ask("ana", "GET", f"{LAB}/{AUTHORIZATION}/permissions"), 403, "AuthorizationFailed")
    refused(people.ask("nobody", "GET", f"{SUB}/{AUTHORIZATION}/permissions"), 403, "AuthorizationFailed")


def test_what_is_told_is_what_the_gate_does(people: People) -> None:
    people.with_role("ana", people.role("Stopper", "Microsoft.Compute/*", but=("*/delete",)), LAB)

    told = permissions(people, "ana", LAB)
    assert isinstance(told, dict)
    held = from_list(told)

    assert allow(held, "Microsoft.Compute/virtualMachines/deallocate/action")
    assert people.ask("ana", "POST", f"{MACHINE}/deallocate").status_code == 404  # let in: there is none
    assert not allow(held, "Microsoft.Compute/virtualMachines/delete")
    refused(people.ask("ana", "DELETE", MACHINE), 403, "AuthorizationFailed")
