"""Roles and scopes: what is allowed where."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.permission import Permission
from calco.model.role import (
    BUILT_IN,
    CONTRIBUTOR,
    OWNER,
    READER,
    VIRTUAL_MACHINE_CONTRIBUTOR,
    Held,
    Rights,
    Role,
)
from calco.model.scope import covers, is_below, read

SUB = "/subscriptions/11111111-2222-4333-8444-555555555555"
LAB = f"{SUB}/resourceGroups/lab"
actions = st.lists(
    st.sampled_from(["Microsoft.Compute", "images", "disks", "read", "write", "action"]), min_size=2
).map("/".join)


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        (OWNER, "Microsoft.Authorization/roleAssignments/write", True),
        (CONTRIBUTOR, "Microsoft.Compute/images/write", True),
        (CONTRIBUTOR, "Microsoft.Authorization/roleAssignments/write", False),
        (CONTRIBUTOR, "microsoft.authorization/LOCKS/delete", False),
        (CONTRIBUTOR, "Microsoft.Authorization/roleAssignments/read", True),
        (READER, "Microsoft.Compute/images/READ", True),
        (READER, "Microsoft.Compute/images/write", False),
        (READER, "Microsoft.Storage/storageAccounts/listKeys/action", False),
        (VIRTUAL_MACHINE_CONTRIBUTOR, "Microsoft.Compute/virtualMachines/runCommand/action", True),
        (VIRTUAL_MACHINE_CONTRIBUTOR, "Microsoft.Network/virtualNetworks/subnets/join/action", True),
        (VIRTUAL_MACHINE_CONTRIBUTOR, "Microsoft.Network/virtualNetworks/write", False),
        (VIRTUAL_MACHINE_CONTRIBUTOR, "Microsoft.Compute/images/write", False),
        (VIRTUAL_MACHINE_CONTRIBUTOR, "Microsoft.Compute/disks/beginGetAccess/action", False),
    ],
)
def test_what_is_built_in_allows_what_it_allows_in_azure(role: Role, action: str, allowed: bool) -> None:
    assert role.allows(action) is allowed


def test_what_is_built_in_has_azures_ids() -> None:
    assert {each.title: guid for guid, each in BUILT_IN.items()} == {
        "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Virtual Machine Contributor": "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
    }


@given(action=actions)
def test_a_permission_allows_what_it_names_and_not_what_it_leaves_out(action: str) -> None:
    assert Permission((action,)).allows(action.upper())
    assert not Permission(("*",), (action,)).allows(action.lower())
    assert not Permission((action,)).allows(f"{action}/more")
    assert not Permission((action,)).allows(f"more/{action}")


@given(patterns=st.lists(st.text("aM./*(?", max_size=6), max_size=3), action=actions)
def test_a_star_stands_for_any_text_and_no_other_character_for_anything(patterns: list[str], action: str) -> None:
    named = any(
        re.fullmatch("".join(".*" if each == "*" else re.escape(each) for each in pattern), action, re.IGNORECASE)
        for pattern in patterns
    )

    assert Permission(tuple(patterns)).allows(action) is named


@pytest.mark.timeout(20)  # tried one after the other, the ways to fit outlast the universe
def test_a_pattern_of_many_stars_is_found_not_to_fit_at_once() -> None:
    assert not Permission((f"{'*a' * 200}*b",)).allows("a" * 400)
    assert Permission((f"{'*a' * 200}*b",)).allows(f"{'a' * 400}b")


def test_what_one_role_leaves_out_another_may_allow() -> None:
    both = Rights((Held(SUB, CONTRIBUTOR), Held(LAB, OWNER)))

    assert both.allow("Microsoft.Authorization/locks/write", f"{LAB}/providers/Microsoft.Authorization/locks/l")
    assert not both.allow("Microsoft.Authorization/locks/write", f"{SUB}/providers/Microsoft.Authorization/locks/l")


names = st.text("abz-", min_size=1, max_size=3)


@given(path=st.lists(names, min_size=1, max_size=5), more=st.lists(names, max_size=3))
def test_a_scope_covers_itself_and_what_is_below_and_no_name_that_begins_alike(
    path: list[str], more: list[str]
) -> None:
    scope = "/" + "/".join(path)
    below = "/".join([scope, *more])

    assert covers(scope.upper(), below)
    assert covers("/", scope)
    assert is_below(below, scope) is bool(more)
    assert not covers(scope, f"{scope}x")
    assert not (more and covers(below, scope))


@pytest.mark.parametrize(
    "text",
    ["", "/", "/subscriptions", "/subscriptions/other", f"{SUB}/providers", f"{SUB}x", f"{LAB}/providers/A/b", "lab"],
)
def test_what_is_no_scope_of_this_subscription_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        read(text, SUB.rpartition("/")[2])


@pytest.mark.parametrize("text", [SUB, LAB, f"{LAB}/providers/Microsoft.Compute/disks/d", SUB.upper() + "/"])
def test_a_scope_is_read_as_it_was_written(text: str) -> None:
    assert read(text, SUB.rpartition("/")[2]).lower() == text.lower().rstrip("/")
