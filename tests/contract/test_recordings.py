"""Azure's own recorded answers against ours: status, headers, members, values.

Every recording is asked again (`tests/contract/report.py`). What differs is in one of two lists or fails: on purpose,
by a rule with its reason; or missing, a line for each field, header or status of one exchange. Both lists only shrink.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calco.arm.routes import ROUTES
from tests.arm.api import COMPUTE, LAB, NETWORK, SUB, Api, machine_body
from tests.contract import compatibility, golden, report
from tests.contract.playing import Played, play_all
from tests.contract.recorded import Exchange, bare, exchanges, names
from tests.contract.replay import Difference, compare
from tests.contract.scope import EXCEPTED, scope
from tests.contract.shapes import SHAPES
from tests.shared import needs_shared, recording
from tests.world import World

pytestmark = [pytest.mark.slow, needs_shared]

MISSING_AT_MOST = 30
WITH_BODIES = ("net-", "ruby-")


@pytest.fixture(scope="module")
def played() -> list[Played]:
    return play_all()


@pytest.fixture(scope="module")
def found(played: list[Played]) -> golden.Sorted:
    return golden.sort(each for it in played for each in it.differences)


def test_nothing_differs_from_azure_that_is_in_neither_list(found: golden.Sorted) -> None:
    assert [str(each) for each in found.new] == []


def test_the_list_of_what_is_missing_can_only_shrink(found: golden.Sorted) -> None:
    """`python -m tests.contract.report --shrink` drops these lines."""
    assert found.unused_lines == []
    assert len(golden.missing()) <= MISSING_AT_MOST


def test_every_rule_of_what_differs_on_purpose_is_needed(found: golden.Sorted) -> None:
    """A rule that nothing needs any more would hide the next difference."""
    assert found.unused_rules == []


def test_every_rule_of_what_differs_on_purpose_has_a_reason_and_is_narrow() -> None:
    for rule, reason in golden.deliberate().items():
        assert len(reason.split()) > 5, rule
        asked, _, what = rule.partition(": ")
        assert re.fullmatch(r"\*|[A-Z]+ [\w/?]+( list)?", asked), rule
        assert asked != "*" or re.fullmatch(r"(lacks|adds) header [a-z-]+", what), rule


def test_nothing_is_answered_as_a_fault_of_ours(found: golden.Sorted) -> None:
    everything = [*found.deliberate, *found.missing, *found.new]
    assert [str(each) for each in everything if each.what.startswith("status 5")] == []


def test_no_line_of_what_is_missing_speaks_of_several_things() -> None:
    for line in golden.missing():
        assert re.match(r"[\w-]+#\d+ [A-Z]+ \S+: \S", line), line
        assert "*" not in line, line


def test_every_recording_is_played(played: list[Played]) -> None:
    """All that is in scope is asked; recordings with bodies are played whole, the others each have their row."""
    assert [each.name for each in played] == names()
    assert set(SHAPES) == {each for each in names() if not each.startswith(WITH_BODIES)}
    for each in played:
        asked = each.compared + sum("cannot be asked" in it.what for it in each.differences)
        assert asked == each.recorded - sum(each.out.values()), each.name


def test_requests_are_in_the_order_in_which_they_were_sent() -> None:
    """A poll comes after the answer that named it; without the recorder's dates an attached disk came before it was."""
    for name in names():
        known: set[str] = set()
        for each in exchanges(name):
            assert not each.is_poll or bare(each.url) in known, each.title
            known |= set(each.links)
    order = [each.index for each in exchanges("net-vm-attach-os-disk") if each.kind.startswith("PUT ")]
    assert order.index(21) < order.index(10)


def test_what_is_out_of_scope_is_so_by_rule() -> None:
    """Of the recording of a scale set, the machine that was there before it is played."""
    recorded = exchanges("net-lro-failed-InvalidParameter")
    out = scope(recorded).out

    assert set(out.values()) <= set(EXCEPTED)
    assert {each.kind for each in recorded if each.index in out} == {
        "PUT loadBalancers",
        "GET loadBalancers",
        "PUT virtualMachineScaleSets",
        "GET locations/operations",
    }
    assert {"PUT virtualMachines", "PUT images"} <= {each.kind for each in recorded if each.index not in out}


def test_a_difference_that_is_in_neither_list_is_found() -> None:
    """The comparison sees a status, a header, a member more or less, and a value."""
    theirs = {"a": {"b": 1, "c": [{"d": "Enabled"}]}}

    assert list(compare(theirs, {"a": {"b": 2, "c": [{"d": "Disabled"}], "e": 1}})) == [
        "a.b is 2, Azure's 1",
        'a.c[].d is "Disabled", Azure\'s "Enabled"',
        "adds a.e",
    ]
    new = Difference(replace(exchanges("net-disk-Empty")[0], index=999), "lacks something")
    assert golden.sort([new]).new == [new]


def test_a_line_or_rule_that_nothing_needs_is_found() -> None:
    nothing = golden.sort([])

    assert nothing.unused_lines == sorted(golden.missing())
    assert nothing.unused_rules == [*golden.deliberate()]


def test_the_page_is_up_to_date(played: list[Played]) -> None:
    """`make compatibility` writes it."""
    assert report.PAGE.read_text() == report.page(played)


def test_the_page_of_operations_is_up_to_date(played: list[Played]) -> None:
    """`make compatibility` writes it, from the routes and from the lists."""
    text = compatibility.page(played)

    assert compatibility.PAGE.read_text() == text
    for route in ROUTES:
        assert f"| `{route.method} {compatibility.path_of(route)}` |" in text


def members(document: Any) -> list[str]:
    return list(document)


@pytest.fixture
def lab(api: Api) -> Api:
    api.with_network()
    return api


def one(name: str, method: str, url: str, status: int) -> Exchange:
    """The first recorded exchange of that kind."""
    return next(
        each for each in exchanges(name) if each.method == method and re.search(url, each.url) and each.status == status
    )


def test_a_change_that_is_not_allowed_is_refused_in_azures_words(lab: Api) -> None:
    azures = next(
        each.body
        for each in exchanges("net-vm-errors-PropertyChangeNotAllowed")
        if each.status == 409 and each.body["error"]["code"] == "PropertyChangeNotAllowed"
    )
    web = lab.machine("web")
    changed = lab.get(web)
    changed["properties"]["priority"] = "Low"

    ours = lab.call("PUT", web, changed)

    assert ours.status_code == 409
    assert list(compare(azures, ours.json())) == []
    assert members(ours.json()["error"]) == members(azures["error"]) == ["code", "message", "target"]
    assert re.sub("'.*?'", "", ours.json()["error"]["message"]) == re.sub("'.*?'", "", azures["error"]["message"])


def test_a_generalized_machines_instance_view_has_azures_lines(lab: Api) -> None:
    azures = one("xplat-vm-instanceview-OSState-generalized", "GET", "instanceView", 200).body
    web = lab.generalized("web")

    ours = lab.get(f"{web}?$expand=instanceView")

    theirs, mine = azures["properties"]["instanceView"], ours["properties"]["instanceView"]
    assert [_line(each) for each in mine["statuses"]] == [_line(each) for each in theirs["statuses"]]
    assert [members(each) for each in mine["statuses"]] == [members(each) for each in theirs["statuses"]]
    assert mine["vmAgent"]["vmAgentVersion"] == theirs["vmAgent"]["vmAgentVersion"]
    assert [_line(each) for each in mine["vmAgent"]["statuses"]] == [_line(e) for e in theirs["vmAgent"]["statuses"]]
    assert members(mine["disks"][0]) == members(theirs["disks"][0])
    assert _line(mine["disks"][0]["statuses"][0]) == _line(theirs["disks"][0]["statuses"][0])


def _line(status: Any) -> tuple[str, ...]:
    return tuple(status.get(name, "") for name in ("code", "level", "displayStatus", "message"))


def test_a_failed_operation_is_told_as_azure_tells_it(tmp_path: Path) -> None:
    azures = one("xplat-image-create-failed-ImageBlobNotFound", "GET", "operations", 200).body
    api = Api(World(tmp_path, guest=lambda _machine: None)).with_network()
    web = f"{COMPUTE}/virtualMachines/web"
    status = api.call("PUT", web, machine_body("web", api.nic("nic"))).headers["azure-asyncoperation"]
    api.world.drive()

    ours = api.get(status)

    assert ours["status"] == azures["status"] == "Failed"
    assert members(ours) == members(azures)
    assert members(ours["error"]) == members(azures["error"])
    assert ours["error"]["code"] == "OSProvisioningTimedOut"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", azures["startTime"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", ours["startTime"])
    assert api.get(web)["properties"]["provisioningState"] == "Failed"


def test_a_missing_resource_is_told_as_the_gateway_tells_it(lab: Api) -> None:
    document = json.loads(recording("java-vm-404-ResourceNotFound.json").read_text())
    record = next(
        each["Response"]
        for each in document["networkCallRecords"]
        if each["Response"]["StatusCode"] == "404" and "ResourceNotFound" in each["Response"]["Body"]
    )
    kind, name, group = re.findall(r"'Microsoft.Compute/(\w+)/(.*?)' under resource group '(.*?)'", record["Body"])[0]
    lab.put(f"{SUB}/resourceGroups/{group}", {"location": "eastus"})

    ours = lab.call("GET", f"{SUB}/resourceGroups/{group}/providers/Microsoft.Compute/{kind}/{name}")

    assert (ours.status_code, ours.json()) == (404, json.loads(record["Body"]))
    assert ours.headers["x-ms-failure-cause"] == record["x-ms-failure-cause"] == "gateway"


def test_a_bad_group_name_is_told_as_azure_tells_it(api: Api) -> None:
    text = " ".join(recording("ruby-rg-name-errors.yml").read_text().split())
    azures = re.findall(r"string: '(\{\"error\":\{\"code\":\"InvalidResourceGroup\".*?\}\})'", text)[0]

    ours = api.call("GET", f"{SUB}/resourceGroups/%7E%60123")

    assert (ours.status_code, ours.json()) == (400, json.loads(azures.replace("''", "'")))


@pytest.mark.parametrize(
    ("name", "method", "url", "path"),
    [
        ("xplat-image-delete", "DELETE", "/images/", "images/golden"),
        ("xplat-vm-deallocate-generalize", "POST", "/deallocate", "virtualMachines/web/deallocate"),
        ("xplat-vm-deallocate-generalize", "POST", "/generalize", "virtualMachines/web/generalize"),
        ("net-image-from-generalized-vm-unmanaged", "DELETE", "/images/", "images/golden"),
    ],
    ids=["DELETE image, 2017", "deallocate", "generalize", "DELETE image, 2019"],
)
def test_an_act_is_answered_with_azures_status_and_links(lab: Api, name: str, method: str, url: str, path: str) -> None:
    azures = next(each for each in exchanges(name) if each.method == method and url in each.url)
    lab.image("golden", lab.generalized("web"))

    ours = lab.call(method, f"{COMPUTE}/{path}")

    assert (ours.status_code, ours.content) == (azures.status, b"")
    for header in ("azure-asyncoperation", "location"):
        assert (header in ours.headers) == (header in azures.headers)
        if header in azures.headers:
            assert _link(ours.headers[header]) == _link(azures.headers[header])


def _link(url: str) -> str:
    """A link without what is particular: host, ids, place, version."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{guid}", re.sub("https://[^/]+", "", url))
    return re.sub(r"api-version=[\d-]+", "api-version", re.sub(r"locations/\w+", "locations/{place}", path))


def test_lists_of_a_subscription_shout_the_groups_name_as_azures_do(lab: Api) -> None:
    azures = one("xplat-image-show-list", "GET", r"subscriptions/[^/]+/providers/Microsoft.Compute/images", 200).body
    lab.image("golden", lab.generalized("web"))

    ours = lab.get(f"{SUB}/providers/Microsoft.Compute/images")

    for body in (azures, ours):
        for each in body["value"]:
            group = re.findall("/resourceGroups/([^/]+)/", each["id"])[0]
            assert group == group.upper()
    assert members(ours) == members(azures) == ["value"]
    assert LAB.replace("/lab", "/LAB") in ours["value"][0]["id"]
    assert NETWORK not in ours["value"][0]["id"]
