"""Permissions as they are shown and read back: who draws a button decides as the gate does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.document import Document, Json
from calco.model.permission import Permission, allow, document_of, from_list
from calco.model.role import BUILT_IN, CONTRIBUTOR, READER

ACTIONS = ("Microsoft.Compute/images/write", "Microsoft.Compute/images/read", "Microsoft.Authorization/locks/delete")
texts = st.lists(st.sampled_from(["*", "*/read", *ACTIONS]), max_size=3).map(tuple)


@given(held=st.lists(st.builds(Permission, texts, texts), max_size=4))
def test_what_is_shown_is_read_back_as_it_was(held: list[Permission]) -> None:
    shown: Document = {"value": [document_of(each) for each in held]}

    assert from_list(shown) == tuple(held)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_reader_of_the_list_decides_as_the_role_does(action: str) -> None:
    for role in BUILT_IN.values():
        shown: Document = {"value": [document_of(each) for each in role.permissions]}

        assert allow(from_list(shown), action) is role.allows(action)


def test_what_one_leaves_out_another_may_still_allow() -> None:
    (all_but_access,), (reading,) = CONTRIBUTOR.permissions, READER.permissions

    assert not allow([all_but_access, reading], "Microsoft.Authorization/locks/delete")
    assert allow([all_but_access, Permission(("Microsoft.Authorization/locks/*",))], ACTIONS[2])


def test_nothing_is_allowed_by_nothing() -> None:
    assert not allow([], ACTIONS[1])


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"value": {}},
        {"value": [1]},
        {"value": [{"actions": "*"}]},
        {"value": [{"notActions": []}]},
        {"value": [{"actions": ["*", 1]}]},
        {"value": [{"actions": ["*"], "notActions": "*/write"}]},
    ],
)
def test_what_is_no_list_of_permissions_allows_nothing_by_mistake(body: Json) -> None:
    with pytest.raises(ValueError, match="no "):
        from_list(body)
