"""The activity log: who asked for what, of which resource, when, and how it ended."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from calco.model.ids import ResourceId
from calco.model.operation import Cause, Failure, Family, NewOperation, OperationEnd, Status
from calco.model.principal import Caller, PrincipalType
from calco.ports import Event
from calco.work import activity
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, TENANT, Api, machine_body
from tests.arm.people import People
from tests.world import LOCATION, World

LOG = f"{SUB}/providers/Microsoft.Insights/eventtypes/management/values"
VERSION = "2015-04-01"
CHAIN = "11111111-aaaa-4aaa-8aaa-111111111111"


def events(api: Api, filter: str = "", select: str = "") -> list[dict[str, Any]]:
    query = "&".join(f"{name}={quote(value)}" for name, value in (("$filter", filter), ("$select", select)) if value)
    answer: dict[str, Any] = api.get(f"{LOG}?{query}" if query else LOG, version=VERSION)
    found: list[dict[str, Any]] = answer["value"]
    return found


def told(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Action, last word of the resource, outcome; oldest first."""
    return [
        (each["operationName"]["value"], each["resourceId"].rpartition("/")[2], each["status"]["value"])
        for each in reversed(found)
    ]


def test_what_is_done_at_once_is_one_line_that_says_who_what_and_when(api: Api) -> None:
    api.call("PUT", LAB, {"location": LOCATION}, headers={"x-ms-correlation-request-id": CHAIN})

    (line,) = events(api)

    assert line["caller"] == "client"
    assert line["claims"]["appid"] == "client"
    assert line["claims"]["http://schemas.microsoft.com/identity/claims/objectidentifier"] == "object"
    assert line["authorization"] == {"action": GROUP_WRITE, "scope": LAB}
    assert line["operationName"]["value"] == GROUP_WRITE
    assert (line["resourceId"], line["resourceGroupName"]) == (LAB, "lab")
    assert line["resourceType"]["value"] == "Microsoft.Resources/subscriptions/resourceGroups"
    assert line["resourceProviderName"]["value"] == "Microsoft.Resources"
    assert line["eventTimestamp"] == "2026-11-22T13:05:09.0000000Z"
    assert (line["status"]["value"], line["subStatus"]["value"]) == ("Succeeded", "Created")
    assert line["eventName"]["value"] == "EndRequest"
    assert (line["correlationId"], line["tenantId"], line["level"]) == (CHAIN, TENANT, "Informational")
    assert line["id"].startswith(f"{LAB}/events/{line['eventDataId']}/ticks/")


GROUP_WRITE = "Microsoft.Resources/subscriptions/resourceGroups/write"


def test_slow_work_is_two_lines_that_bear_one_operation_and_one_correlation(api: Api) -> None:
    api.with_group()
    body = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
    begun = api.call("PUT", f"{COMPUTE}/disks/d", body)
    before = events(api, f"resourceUri eq '{COMPUTE}/disks/d'")
    api.world.clock.move(timedelta(seconds=5))
    api.world.drive()

    after = events(api, f"resourceUri eq '{COMPUTE.upper()}/DISKS/D'")

    assert [each["status"]["value"] for each in before] == ["Started"]
    assert [each["status"]["value"] for each in after] == ["Succeeded", "Started"]
    assert [each["eventName"]["value"] for each in after] == ["EndRequest", "BeginRequest"]
    assert [each["eventTimestamp"][17:19] for each in after] == ["14", "09"]
    assert {each["operationId"] for each in after} == {begun.headers["x-ms-request-id"]}
    assert {each["correlationId"] for each in after} == {begun.headers["x-ms-correlation-request-id"]}
    assert after[1] == before[0]
    assert len({each["eventDataId"] for each in after}) == 2


def test_of_work_that_began_before_a_time_and_ended_within_it_the_end_is_shown(api: Api) -> None:
    api.with_group()
    body = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}
    api.call("PUT", f"{COMPUTE}/disks/d", body)
    api.world.clock.move(timedelta(hours=1))
    api.world.drive()

    later = events(api, "eventTimestamp ge 2026-11-22T14:00:00Z")
    sooner = events(api, f"eventTimestamp lt 2026-11-22T14:00:00Z and resourceUri eq '{COMPUTE}/disks/d'")

    assert told(later) == [("Microsoft.Compute/disks/write", "d", "Succeeded")]
    assert told(sooner) == [("Microsoft.Compute/disks/write", "d", "Started")]


def test_a_refusal_is_kept_with_its_code_and_words(api: Api) -> None:
    api.call("PUT", f"{LAB}/providers/Microsoft.Compute/disks/d", {"location": LOCATION})

    (line,) = events(api)

    assert (line["status"]["value"], line["level"]) == ("Failed", "Error")
    assert line["subStatus"]["value"] in ("NotFound", "BadRequest")
    error = msgspec.json.decode(line["properties"]["statusMessage"])["error"]
    assert line["description"] == error["message"] != ""
    assert line["properties"]["statusCode"] == line["subStatus"]["value"]


def test_an_operation_that_fails_says_why(api: Api) -> None:
    api.with_network()
    id = f"{COMPUTE}/virtualMachines/web1"
    api.world.guest = lambda _machine: None  # it never reports
    api.call("PUT", id, machine_body("web1", api.nic("n")))
    api.world.drive()
    api.world.clock.move(timedelta(hours=2))
    api.world.drive()

    ended, started = events(api, f"resourceUri eq '{id}'")

    assert (started["status"]["value"], ended["status"]["value"]) == ("Started", "Failed")
    assert msgspec.json.decode(ended["properties"]["statusMessage"])["error"]["code"] == "OSProvisioningTimedOut"
    assert ended["subStatus"]["value"] == "Conflict"


def test_reads_and_strangers_leave_no_line(api: Api) -> None:
    api.call("GET", LAB)
    api.call("HEAD", LAB)
    api.call("GET", f"{COMPUTE}/disks")
    api.client.request("PUT", f"{LAB}?api-version=2024-07-01", content=b'{"location":"eastus"}')

    assert events(api) == []


def test_what_goes_with_a_group_names_who_deleted_the_group(api: Api) -> None:
    api.with_network().nic("n")
    api.put(f"{LAB}/providers/Microsoft.Storage/storageAccounts/vhdsoflab", ACCOUNT)
    gone = api.call("DELETE", LAB, headers={"x-ms-correlation-request-id": CHAIN})
    api.world.drive()

    lines = events(api, f"correlationId eq '{CHAIN}'")

    assert sorted(told(lines)) == sorted(
        [
            ("Microsoft.Resources/subscriptions/resourceGroups/delete", "lab", "Started"),
            ("Microsoft.Storage/storageAccounts/delete", "vhdsoflab", "Succeeded"),
            ("Microsoft.Network/networkInterfaces/delete", "n", "Started"),
            ("Microsoft.Network/networkInterfaces/delete", "n", "Succeeded"),
            ("Microsoft.Network/virtualNetworks/delete", "net", "Started"),
            ("Microsoft.Network/virtualNetworks/delete", "net", "Succeeded"),
            ("Microsoft.Resources/subscriptions/resourceGroups/delete", "lab", "Succeeded"),
        ]
    )
    assert {each["caller"] for each in lines} == {"client"}
    parents = {
        each["properties"].get("parentOperationId")
        for each in lines
        if "resourceGroups" not in each["operationName"]["value"]
    }
    assert parents == {gone.headers["x-ms-request-id"]}


ACCOUNT = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}


# --- secrets ---------------------------------------------------------------------------------------------------------

SECRET = "Sesame-open-4711"


def test_nothing_that_a_request_carries_gets_into_the_log(api: Api) -> None:
    body: dict[str, Any] = machine_body("web1", api.with_network().nic("n"))
    body["properties"]["osProfile"] |= {"adminPassword": SECRET, "customData": SECRET}
    api.call("PUT", f"{COMPUTE}/virtualMachines/web1?se={SECRET}", body, headers={"x-secret": SECRET})
    api.call("PUT", f"{COMPUTE}/disks/d", {"location": LOCATION, "tags": {"a": SECRET}, "properties": {}})
    signed = f"https://localhost:10000/account/vhds/a.vhd?sv=2024&sig={SECRET}&se=2026"
    storage = {"osDisk": {"osType": "Linux", "osState": "Generalized", "blobUri": signed}}
    api.call("PUT", f"{COMPUTE}/images/i", {"location": LOCATION, "properties": {"storageProfile": storage}})
    api.world.drive()

    failed = told(events(api, "status eq 'Failed'"))

    assert sorted(what for _, what, _ in failed) == ["d", "i", "web1"]
    assert SECRET not in str(events(api))
    with api.world.records.read() as view:
        kept = view.events_between(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert len(kept) == 3  # the group, the machine and the disk that were refused
    assert SECRET not in str(kept)


def test_a_signature_in_a_failures_words_is_left_out(api: Api) -> None:
    words = f"The URI https://a/b?sv=1&sig={SECRET}%3D&se=2 is wrong; AccountKey={SECRET};x"
    failure = Failure("InvalidParameter", words)
    group, now = ResourceId.parse(LAB), api.world.clock.now()
    activity.tell(api.world.cloud, LAB, 400, failure)
    with api.world.records.write() as change:
        change.accept(NewOperation("op", "p", {}, group, Family.DISK, LOCATION, now, cause=Cause(ANA, GROUP_WRITE)))
        change.end("op", OperationEnd(Status.FAILED, now, failure))

    failed = events(api, "status eq 'Failed'")

    kept = "The URI https://a/b?sv=1&sig=...&se=2 is wrong; AccountKey=...;x"
    assert [each["description"] for each in failed] == [kept] * 2
    assert SECRET not in str(failed)
    with api.world.records.read() as view:
        assert SECRET not in str(view.events_between(MORNING, now + timedelta(days=1)))


# --- what one may ask for --------------------------------------------------------------------------------------------

ANA = Caller("object-of-ana", "client-of-az", TENANT, "ana@lab", PrincipalType.USER)
ROBOT = Caller("object-of-robot", "client-of-robot", TENANT)
MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def filled(api: Api) -> Api:
    """Four lines, an hour apart."""
    happened = [
        (f"{COMPUTE}/disks/a", Cause(ANA, "Microsoft.Compute/disks/write", "chain-1"), None),
        (
            f"{COMPUTE}/disks/ab",
            Cause(ROBOT, "Microsoft.Compute/disks/delete", "chain-2"),
            Failure("ScopeLocked", "No."),
        ),
        (
            f"{NETWORK}/virtualNetworks/n/subnets/s",
            Cause(ANA, "Microsoft.Network/virtualNetworks/subnets/write", "chain-1"),
            None,
        ),
        (f"{LAB}2", Cause(ROBOT, GROUP_WRITE, "chain-3"), None),
    ]
    with api.world.records.write() as change:
        for hour, (resource, cause, failure) in enumerate(happened):
            at = MORNING + timedelta(hours=hour)
            change.tell(Event(at, resource, cause, 409 if failure else 200, failure))
    return api


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("", "lab2 s ab a"),
        ("eventTimestamp ge 2026-11-22T09:00:00.000000 and eventTimestamp le 2026-11-22T10:00:00", "s ab"),
        ("eventTimestamp ge '2026-11-22T09:00:00.0000001Z' and eventTimestamp lt '2026-11-22T10:00:00Z'", "ab"),
        ("eventTimestamp ge 2026-11-22T11:00:00+02:00 and eventTimestamp le '2026-11-22T11:00:00+02:00'", "ab"),
        ("resourceGroupName eq 'LAB'", "s ab a"),
        (f"resourceUri eq '{COMPUTE}/disks/a'", "a"),
        (f"resourceId eq '{NETWORK}/virtualNetworks/N'", "s"),
        ("resourceProvider eq 'microsoft.network'", "s"),
        ("resourceType eq 'Microsoft.Compute/disks'", "ab a"),
        ("correlationId eq 'chain-1'", "s a"),
        ("caller eq 'Ana@lab'", "s a"),
        ("caller eq 'client-of-robot'", "lab2 ab"),
        ("caller eq 'object-of-robot' and status eq 'Failed'", "ab"),
        ("eventChannels eq 'Admin, Operation' and status eq 'Succeeded'", "lab2 s a"),
        ("status eq 'Started'", ""),
    ],
)
def test_lines_are_chosen_by_the_conditions_clients_send_newest_first(filled: Api, filter: str, found: str) -> None:
    assert [each["resourceId"].rpartition("/")[2] for each in events(filled, filter)] == found.split()


def test_only_the_members_asked_for_are_shown_and_the_id(filled: Api) -> None:
    lines = events(filled, "caller eq 'ana@lab'", "caller , eventTimestamp,nonsense")

    assert [sorted(each) for each in lines] == [["caller", "eventTimestamp", "id"]] * 2


@pytest.mark.parametrize(
    "filter",
    [
        "eventTimestamp ge yesterday",
        "eventTimestamp ge 2026-13-45",
        "level eq 'Error'",
        "caller ne 'x'",
        "caller eq",
        "caller eq 'a' or caller eq 'b'",
        "caller eq 'a' and",
        "' OR 1=1 --",
        "x" * 5000,
    ],
)
def test_a_filter_nobody_knows_is_refused_in_words(filled: Api, filter: str) -> None:
    answer = filled.call("GET", f"{LOG}?$filter={quote(filter)}", version=VERSION)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFilterInQueryString")


def test_a_long_log_comes_in_pages_that_miss_and_repeat_nothing(api: Api) -> None:
    many = 2300
    with api.world.records.write() as change:
        for number in range(many):
            at = MORNING + timedelta(seconds=number // 7)
            change.tell(Event(at, f"{LAB}/x/{number}", Cause(ANA, GROUP_WRITE, "chain"), 200))

    found: list[str] = []
    link: str | None = f"{LOG}?$filter=caller%20eq%20'ana@lab'"
    pages = 0
    while link:
        page = api.get(link, version=VERSION)
        found += [each["resourceId"].rpartition("/")[2] for each in page["value"]]
        link, pages = page.get("nextLink"), pages + 1

    assert pages == 3
    assert len(found) == many
    assert set(found) == {str(number) for number in range(many)}


def test_who_asks_for_a_few_lines_gets_the_newest_and_a_way_to_the_others(api: Api) -> None:
    with api.world.records.write() as change:
        for number in range(30):
            change.tell(Event(MORNING + timedelta(seconds=number), f"{LAB}/x/{number}", Cause(ANA, GROUP_WRITE), 200))

    pages: list[list[str]] = []
    link: str | None = f"{LOG}?$top=12"
    while link:
        page = api.get(link, version=VERSION)
        pages.append([each["resourceId"].rpartition("/")[2] for each in page["value"]])
        link = page.get("nextLink")

    assert [len(each) for each in pages] == [12, 12, 6]
    assert [each for page in pages for each in page] == [str(number) for number in reversed(range(30))]
    refused = api.call("GET", f"{LOG}?$top=0", version=VERSION)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidTopInQueryString")


# --- who sees what ---------------------------------------------------------------------------------------------------


@pytest.fixture
def people(tmp_path: Path) -> People:
    """A reader of one group, who tries what readers may not, and things that happen in two."""
    found = People(World(tmp_path))
    found.api.with_network()
    found.api.put(f"{LAB}2", {"location": LOCATION})
    return found.with_role("reader", "Reader", LAB)


def test_who_tried_what_they_may_not_is_in_the_log_with_their_ids(people: People) -> None:
    refused = people.ask("reader", "DELETE", f"{NETWORK}/virtualNetworks/net")
    caller = people.callers["reader"]

    (line,) = events(people.api, f"caller eq '{caller.object_id}'")

    assert refused.status_code == 403
    assert told([line]) == [("Microsoft.Network/virtualNetworks/delete", "net", "Failed")]
    assert line["caller"] == caller.client_id
    assert line["claims"]["appid"] == caller.client_id
    assert line["subStatus"]["value"] == "Forbidden"
    assert msgspec.json.decode(line["properties"]["statusMessage"])["error"]["code"] == "AuthorizationFailed"


def test_a_locked_thing_that_somebody_tried_to_delete_is_in_the_log(people: People) -> None:
    lock = f"{LAB}/providers/Microsoft.Authorization/locks/keep"
    people.api.put(lock, {"properties": {"level": "CanNotDelete"}})
    assert people.api.call("DELETE", LAB).status_code == 409

    latest, before = events(people.api)[:2]

    assert msgspec.json.decode(latest["properties"]["statusMessage"])["error"]["code"] == "ScopeLocked"
    assert told([before]) == [("Microsoft.Authorization/locks/write", "keep", "Succeeded")]
    assert before["resourceId"] == lock


@pytest.mark.parametrize("select", ["", "&$select=caller"])
def test_a_reader_of_a_group_sees_the_lines_of_that_group_and_no_others(people: People, select: str) -> None:
    answer = people.ask("reader", "GET", f"{LOG}?api-version={VERSION}{select}")

    found = {each["id"].partition("/events/")[0].removeprefix(LAB) for each in answer.json()["value"]}
    assert answer.status_code == 200
    assert "/providers/Microsoft.Network/virtualNetworks/net" in found
    assert "2" not in found
    assert len(events(people.api)) > len(answer.json()["value"])


def test_who_may_read_nothing_reads_no_log(people: People) -> None:
    people.comes("stranger")

    assert people.ask("stranger", "GET", f"{LOG}?api-version={VERSION}").status_code == 403


def test_what_a_template_makes_names_who_asked_for_the_template(people: People) -> None:
    disk = {
        "type": "Microsoft.Compute/disks",
        "apiVersion": "2024-03-02",
        "name": "of-template",
        "location": LOCATION,
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1},
    }
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [disk]}
    people.with_role("maker", "Contributor", LAB)
    path = f"{LAB}/providers/Microsoft.Resources/deployments/one"
    begun = people.ask("maker", "PUT", path, {"properties": {"mode": "Incremental", "template": template}})
    assert begun.status_code == 201, begun.text
    people.world.drive()

    lines = events(people.api, f"caller eq '{people.callers['maker'].object_id}'")

    made = [each for each in lines if each["resourceId"].endswith("disks/of-template")]
    assert [each["status"]["value"] for each in made] == ["Succeeded", "Started"]
    assert {each["operationName"]["value"] for each in made} == {"Microsoft.Compute/disks/write"}
    parents = {each["operationId"] for each in lines if each["resourceId"].endswith("deployments/one")}
    assert {each["properties"]["parentOperationId"] for each in made} == parents
    assert {each["correlationId"] for each in made} == {begun.headers["x-ms-correlation-request-id"]}


SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
