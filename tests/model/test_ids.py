"""Resource ids: what they spell, and what two spellings have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.ids import ResourceId, is_guid

WORD = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=12)
PAIRS = st.lists(st.tuples(WORD, WORD), max_size=3)


@st.composite
def ids(draw: st.DrawFn) -> ResourceId:
    pairs = draw(PAIRS)
    namespace = draw(WORD) if pairs else ""
    types, names = tuple(each for each, _ in pairs), tuple(each for _, each in pairs)
    return ResourceId(draw(WORD), draw(WORD), namespace, types, names)


@given(ids())
def test_an_id_is_read_back_as_it_was_written(id: ResourceId) -> None:
    assert ResourceId.parse(str(id)) == id


@given(ids())
def test_one_missing_and_all_doubled_slashes_are_forgiven(id: ResourceId) -> None:
    assert ResourceId.parse(str(id)[1:]) == ResourceId.parse(str(id).replace("/", "//")) == id


@given(ids())
def test_ids_that_differ_in_case_alone_have_one_key(id: ResourceId) -> None:
    plain = ResourceId(
        id.subscription.lower(),
        id.group.lower(),
        id.namespace.lower(),
        tuple(each.lower() for each in id.types),
        tuple(each.lower() for each in id.names),
    )
    assert plain.key == id.key


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["subscriptions", "resourceGroups", "providers", "a"])).map("/".join)
)
def test_any_other_text_is_an_id_or_a_value_error(text: str) -> None:
    try:
        id = ResourceId.parse(text)
    except ValueError:
        return
    assert ResourceId.parse(str(id)) == id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/subscriptions/s",
        "/subscriptions/s/resourceGroups",
        "/subscriptions/s/providers/x",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/i/versions",
        "/subscriptions/s/resourceGroups/g/something/Microsoft.Compute/images/i",
        "/tenants/t/resourceGroups/g",
    ],
)
def test_what_is_too_short_or_odd_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a resource id"):
        ResourceId.parse(text)


def test_an_id_knows_its_parts_and_its_kin() -> None:
    group = ResourceId("s", "Lab")
    image = group.sibling("Microsoft.Compute", "images", "Golden")
    subnet = group.sibling("Microsoft.Network", "virtualNetworks", "net").child("subnets", "default")

    assert (group.name, group.type) == ("Lab", "Microsoft.Resources/resourceGroups")
    assert (image.name, image.type, image.kind) == ("Golden", "Microsoft.Compute/images", "microsoft.compute/images")
    assert (image.group_id, image.parent) == (group, group)
    assert subnet.type == "Microsoft.Network/virtualNetworks/subnets"
    assert (subnet.parent.name, subnet.parent.parent) == ("net", group)
    assert subnet.sibling("Microsoft.Compute", "disks", "d").names == ("d",)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("11111111-2222-4333-8444-555555555555", True),
        ("AAAAAAAA-2222-4333-8444-555555555555", True),
        ("11111111-2222-4333-8444-55555555555", False),
        ("11111111222243338444555555555555", False),
        ("11111111-2222-4333-8444-555555555555\n", False),
        ("../1111-2222-4333-8444-555555555555aaaa", False),
    ],
)
def test_a_guid_has_36_characters_and_nothing_else(text: str, is_one: bool) -> None:
    assert is_guid(text) is is_one
