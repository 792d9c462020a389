"""If-Match and If-None-Match: of two who read the same, one is told that it was too late."""

from dataclasses import replace
from typing import Any

import pytest

from calco.arm.preconditions import Conditional
from tests.arm.api import COMPUTE, LAB, NETWORK, Api, machine_body, network_body
from tests.world import LOCATION

NET = f"{NETWORK}/virtualNetworks/net"
VERSION = "2024-07-01"
STALE = '"11111111-2222-3333-4444-555555555555"'


def sent(api: Api, method: str, id: str, body: object = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.call(method, id, body, headers=named)


@pytest.fixture
def net(api: Api) -> Api:
    return api.with_network()


def machine(api: Api) -> str:
    return api.with_network().machine("web1")


# --- networks --------------------------------------------------------------------------------------------------------


def test_a_change_with_the_etag_that_was_read_is_done_and_the_etag_is_another_then(net: Api) -> None:
    before = net.get(NET)["etag"]
    answer = sent(net, "PUT", NET, network_body() | {"tags": {"a": "b"}}, If_Match=before)

    assert answer.status_code == 200
    net.world.drive()
    after = net.get(NET)
    assert after["tags"] == {"a": "b"}
    assert after["etag"] != before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_with_an_old_etag_is_refused_and_nothing_changed(net: Api, method: str) -> None:
    before = net.get(NET)
    body = None if method == "DELETE" else network_body() | {"tags": {"late": "yes"}}

    answer = sent(net, method, NET, body, If_Match=f"W/{STALE}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "PreconditionFailed")
    assert before["etag"] in answer.json()["error"]["message"]
    assert net.get(NET) == before


@pytest.mark.parametrize("match", ["*", "{etag}", 'W/"x", {etag}', '"{bare}"', "{bare}"])
def test_an_etag_is_known_in_every_way_clients_spell_it(net: Api, match: str) -> None:
    etag = net.get(NET)["etag"]
    header = match.replace("{etag}", etag).replace("{bare}", etag.removeprefix("W/").strip('"'))

    assert sent(net, "PUT", NET, network_body(), If_Match=header).status_code == 200


def test_what_must_not_be_there_is_made_once(net: Api) -> None:
    address = f"{NETWORK}/publicIPAddresses/a"
    body = {"location": LOCATION, "properties": {}}

    first = sent(net, "PUT", address, body, If_None_Match="*")
    net.world.drive()
    second = sent(net, "PUT", address, body, If_None_Match="*")

    assert (first.status_code, second.status_code) == (201, 412)


def test_what_must_be_there_is_not_made(net: Api) -> None:
    address = f"{NETWORK}/publicIPAddresses/a"

    answer = sent(net, "PUT", address, {"location": LOCATION, "properties": {}}, If_Match="*")

    assert answer.status_code == 412
    assert net.call("GET", address).status_code == 404


def test_a_subnet_has_its_networks_etag_and_may_be_made_if_absent(net: Api) -> None:
    etag = net.get(NET)["etag"]
    subnet, body = f"{NET}/subnets/more", {"properties": {"addressPrefix": "10.0.1.0/24"}}

    assert sent(net, "PUT", f"{NET}/subnets/default", body, If_None_Match="*").status_code == 412
    assert sent(net, "PUT", subnet, body, If_Match="*").status_code == 412
    assert sent(net, "PUT", subnet, body, If_None_Match="*").status_code == 201
    net.world.drive()
    assert sent(net, "DELETE", subnet, If_Match=etag).status_code == 412
    assert sent(net, "DELETE", subnet, If_Match=net.get(NET)["etag"]).status_code == 202


# --- machines --------------------------------------------------------------------------------------------------------


def test_a_machine_shows_an_etag_from_2023_09_on_that_changes_with_it_alone(api: Api) -> None:
    id = machine(api)
    etag = api.get(id)["etag"]

    assert "etag" not in api.get(id, version="2023-07-01")
    api.post(f"{id}/deallocate")
    assert api.get(id)["etag"] == etag
    api.call("PATCH", id, {"tags": {"a": "b"}})
    api.world.drive()
    assert api.get(id)["etag"] != etag


def test_a_machine_is_changed_only_by_who_has_seen_it_last(api: Api) -> None:
    id = machine(api)
    etag = api.get(id)["etag"]

    assert sent(api, "PATCH", id, {"tags": {"a": "1"}}, If_Match=etag).status_code == 200
    api.world.drive()
    late = sent(api, "PATCH", id, {"tags": {"a": "2"}}, If_Match=etag)

    assert late.status_code == 412
    assert api.get(id)["tags"] == {"a": "1"}


def test_older_versions_and_types_without_an_etag_heed_no_condition(api: Api) -> None:
    id = machine(api)
    older = api.call("PATCH", id, {"tags": {"a": "1"}}, version="2023-07-01", headers={"If-Match": STALE})
    api.world.drive()
    disk = {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}}

    assert older.status_code == 200
    assert sent(api, "PUT", f"{COMPUTE}/disks/d", disk, If_Match=STALE).status_code == 202
    assert sent(api, "PUT", LAB, {"location": LOCATION}, If_Match=STALE).status_code == 200
    lock = f"{NET}/providers/Microsoft.Authorization/locks/keep"
    level = {"properties": {"level": "CanNotDelete"}}
    assert sent(api, "PUT", lock, level, If_Match=STALE).status_code != 412


def test_a_new_machine_may_be_asked_for_only_if_there_is_none(api: Api) -> None:
    body = machine_body("web1", api.with_network().nic("n"))
    id = f"{COMPUTE}/virtualMachines/web1"

    assert sent(api, "PUT", id, body, If_None_Match="*").status_code == 201
    api.world.drive()
    assert sent(api, "PUT", id, body, If_None_Match="*").status_code == 412


def test_the_refusal_is_in_the_activity_log(net: Api) -> None:
    sent(net, "DELETE", NET, If_Match=STALE)

    path = NET.partition("/resourceGroups")[0] + "/providers/Microsoft.Insights/eventtypes/management/values"
    latest = net.get(path, version="2015-04-01")["value"][0]
    assert latest["subStatus"]["value"] == "PreconditionFailed"


# --- between the look and the change ---------------------------------------------------------------------------------


def test_the_condition_is_looked_at_again_in_the_transaction_that_changes_things(net: Api) -> None:
    etag = net.get(NET)["etag"]
    records = net.world.records
    looks = 0

    class Meddling:
        """Somebody else changes the network when the handler has been let in."""

        def read(self) -> Any:
            return records.read()

        def write(self) -> Any:
            nonlocal looks
            looks += 1
            if looks == 1:
                assert sent(net, "PATCH", NET, {"tags": {"first": "me"}}, If_Match=etag).status_code == 200
            return records.write()

    net.world.cloud = replace(net.world.cloud, records=Meddling())
    meddled = Api(net.world)
    answer = sent(meddled, "PATCH", NET, {"tags": {"second": "me"}}, If_Match=etag)

    assert answer.status_code == 412
    assert net.get(NET)["tags"] == {"first": "me"}


def test_only_the_first_write_is_checked(net: Api) -> None:
    looked: list[object] = []
    records = Conditional(net.world.records, looked.append)

    for _ in range(2):
        with records.write() as change:
            change.put_note("a", "b")

    assert len(looked) == 1
