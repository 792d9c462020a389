"""Bodies: Azure's leniency, then strictness that names the place."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from calco.arm import reading
from calco.model.document import Document, Json
from calco.model.errors import ApiError


class Colour(StrEnum):
    RED = "Red"


class Inner(Struct, rename="camel"):
    lun_number: int | None = None
    colour: Colour | None = None


class Body(Struct, rename="camel"):
    one: Inner | None = None
    many_things: list[Inner] | None = None


def test_names_and_enums_get_azures_spelling_and_the_rest_is_kept() -> None:
    body, document = reading.fit({"ONE": {"colour": "RED", "Unknown": 1}, "MANYTHINGS": [{"LunNumber": 3}]}, Body)

    assert document == {"one": {"colour": "Red", "Unknown": 1}, "manyThings": [{"lunNumber": 3}]}
    assert body == Body(Inner(None, Colour.RED), [Inner(3)])


@pytest.mark.parametrize(
    ("document", "target"),
    [
        ({"one": 3}, "one"),
        ({"one": {"lunNumber": "3"}}, "one.lunNumber"),
        ({"one": {"lunNumber": True}}, "one.lunNumber"),
        ({"manyThings": {}}, "manyThings"),
        ({"manyThings": [{}, {"colour": "blue"}]}, "manyThings[1].colour"),
        ({"manyThings": [{}, {"colour": 1}]}, "manyThings[1].colour"),
        ({"manyThings": ["x"]}, "manyThings[0]"),
    ],
)
def test_what_has_another_type_is_named_by_its_path(document: Document, target: str) -> None:
    with pytest.raises(ApiError) as caught:
        reading.fit(document, Body)

    assert (caught.value.status, caught.value.code, caught.value.target) == (400, "InvalidParameter", target)


json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["one", "ONE", "manyThings", "lunNumber", "colour", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["one", "ONE", "manyThings", "x"]), json_values, max_size=4))
def test_any_document_fits_or_is_refused(document: Document) -> None:
    try:
        _, spelled = reading.fit(document, Body)
    except ApiError as why:
        refusal: ApiError | None = why
    else:
        refusal = None
        assert reading.fit(spelled, Body)[1] == spelled, "fitting twice is fitting once"
    assert refusal is None or refusal.code == "InvalidParameter"


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_refused(raw: bytes) -> None:
    try:
        read: object = reading.decode(raw)
    except ApiError as refusal:
        read = {refusal.code: refusal.status}
    assert isinstance(read, dict)
    assert "InvalidRequestContent" not in read or read == {"InvalidRequestContent": 400}


def test_nulls_are_absent_at_every_depth() -> None:
    assert reading.decode(b'{"a":null,"b":{"c":null,"d":[{"e":null}]}}') == {"b": {"d": [{}]}}
