"""``calco log``: what is asked of the service, what is shown of it, and that following misses and repeats nothing."""

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.cli.client import Client
from calco.cli.common import Failure
from calco.cli.log import OVERLAP, filters, followed, moment, row, sentence
from calco.model.document import Document
from tests.cli.test_client import Service

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LAB = "/subscriptions/s/resourceGroups/lab"


def line(number: int, at: datetime, **more: str) -> Document:
    error = {"error": {"code": more["code"], "message": "No \x1b[31mred."}} if "code" in more else None
    return {
        "eventDataId": str(number),
        "eventTimestamp": at.isoformat(),
        "caller": "ana@lab",
        "operationName": {"value": "Microsoft.Compute/disks/write"},
        "resourceId": more.get("resource", f"{LAB}/providers/Microsoft.Compute/disks/d"),
        "status": {"value": "Failed" if error else "Succeeded"},
        "properties": {"statusMessage": json.dumps(error)} if error else {},
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("999999w", datetime(2000, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_so_long_ago_or_spelled(text: str, found: datetime) -> None:
    assert moment(text, NOW) == found


def read(text: str) -> datetime | Failure:
    try:
        return moment(text, NOW)
    except Failure as told:
        return told


@given(st.text(max_size=20) | st.from_regex(r"\d{1,6}[smhdwx]", fullmatch=True))
def test_any_text_is_a_time_or_told_to_be_none(text: str) -> None:
    found = read(text)

    assert isinstance(found, Failure) or found.tzinfo is not None
    assert not isinstance(found, Failure) or (found.hint and "--since" in found.message)


def test_what_is_asked_of_the_service_is_quoted() -> None:
    asked = filters("o'lab", f"{LAB}/x", "ana", failed=True)

    assert asked == [
        "resourceGroupName eq 'o''lab'",
        f"resourceUri eq '{LAB}/x'",
        "caller eq 'ana'",
        "status eq 'Failed'",
    ]
    assert filters(None, "web1", None, failed=False) == []


def test_a_line_names_the_resource_as_one_says_it_and_why_it_was_refused() -> None:
    refused = row(line(1, NOW, code="ScopeLocked"))

    assert refused["resource"] == "lab/disks/d"
    assert refused["time"] == "2026-11-23 12:00:00Z"
    assert sentence(refused).endswith("Failed  ScopeLocked: No ?[31mred.")
    assert row(line(2, NOW, resource=LAB))["resource"] == "lab"
    assert (
        row(line(3, NOW, resource="/subscriptions/s/providers/Calco/users/ana"))["resource"]
        == "providers/Calco/users/ana"
    )
    assert row({})["who"] is None


def test_a_line_says_what_went_well_and_warns() -> None:
    warned = line(1, NOW)
    warned["properties"] = {"warnings": json.dumps([{"code": "NotGeneralized", "message": "It is not."}])}

    assert sentence(row(warned)).endswith("Succeeded  NotGeneralized: It is not.")
    for other in ("[", "[1]", "{}", '"x"', "[{}]"):
        warned["properties"] = {"warnings": other}
        assert row(warned)["why"] is None


def test_following_shows_each_line_once_even_one_that_comes_late() -> None:
    late = line(2, NOW + timedelta(seconds=1))
    answers = [
        [line(1, NOW), line(3, NOW + timedelta(seconds=2))],
        [line(1, NOW), late, line(3, NOW + timedelta(seconds=2))],
        [line(4, NOW + timedelta(minutes=9))],
        [line(4, NOW + timedelta(minutes=9)), line(5, NOW + timedelta(minutes=10))],
    ]
    service, asked = Service({}), list[datetime]()
    client: Client = service.client()

    def lines(start: datetime) -> Iterable[Document]:
        asked.append(start)
        return answers[len(asked) - 1]

    shown = [each["eventDataId"] for each in itertools.islice(followed(client, lines, NOW - timedelta(days=1)), 5)]

    assert shown == ["1", "3", "2", "4", "5"]
    assert asked[0] == NOW - timedelta(days=1)
    assert asked[1] == NOW + timedelta(seconds=2) - OVERLAP
    assert asked == sorted(asked)
    assert service.waited == [1.0, 1.0, 1.0]
