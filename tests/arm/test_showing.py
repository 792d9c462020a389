"""How resources are shown."""

from datetime import UTC, datetime, timedelta, timezone

from calco.arm.showing import Field, cut, error, ordered, time, upper_group
from calco.model.document import Document
from calco.model.errors import ApiError


def test_a_version_sees_what_it_knows() -> None:
    document: Document = {"a": {"new": 1, "old": 2}, "list": [{"new": 1, "x": 2}, 3]}
    fields = (Field("a.new", since="2020-01-01"), Field("a.old", until="2020-01-01"), Field("list.new", "2020-01-01"))

    assert cut(document, fields, "2019-12-31") == {"a": {"old": 2}, "list": [{"x": 2}, 3]}
    assert cut(document, fields, "2020-01-01-preview") == {"a": {"new": 1}, "list": [{"new": 1, "x": 2}, 3]}
    assert document == {"a": {"new": 1, "old": 2}, "list": [{"new": 1, "x": 2}, 3]}, "the original is left alone"


def test_only_the_groups_name_is_shouted() -> None:
    id = "/subscriptions/s/resourceGroups/Lab/providers/Microsoft.Compute/images/lab"

    assert upper_group({"id": id})["id"] == id.replace("/Lab/", "/LAB/")
    assert upper_group({"x": 1}) == {"x": 1}


def test_order_changes_nothing_else() -> None:
    assert list(ordered({"c": 1, "b": 2, "a": 3, "z": 4}, ("a", "none"), ("c",))) == ["a", "b", "z", "c"]


def test_times_have_seven_digits_and_an_offset() -> None:
    moment = datetime(2026, 1, 2, 4, 5, 6, 78, tzinfo=timezone(timedelta(hours=1)))

    assert time(moment) == "2026-01-02T03:05:06.0000780+00:00"
    assert time(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.0000000+00:00"


def test_details_come_first() -> None:
    shown = error(ApiError(409, "A", "b", "c", (ApiError(409, "D", "e"),)))

    assert shown == {"error": {"details": [{"code": "D", "message": "e"}], "code": "A", "message": "b", "target": "c"}}
    assert list(shown["error"]) == ["details", "code", "message", "target"]  # type: ignore[arg-type]
