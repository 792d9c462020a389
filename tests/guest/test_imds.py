"""The metadata service answers as Azure's does."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.guest import imds
from calco.guest.exchange import Answer, Request
from calco.model.document import Json, at, leaves
from calco.model.guest import Guest, GuestNic
from tests.guest.guests import VM_ID, WEB1

NEWEST = imds.VERSIONS[-1]


def ask(target: str, guest: Guest = WEB1, method: str = "GET", **headers: str) -> Answer:
    path, _, query = target.partition("?")
    return imds.answer(Request(method, path, query, {"metadata": "true", **headers}), guest)


def document(target: str, guest: Guest = WEB1) -> Json:
    answer = ask(target, guest)
    assert answer.status == 200, answer.body
    assert answer.content_type.startswith("application/json")
    value: Json = json.loads(answer.body)
    return value


def test_cloud_inits_question_gets_all_it_reads() -> None:
    # when: the one request cloud-init 22.4.2 makes
    found = document("/metadata/instance?api-version=2021-08-01&extended=true")

    # then
    assert at(found, "compute", "osProfile") == {
        "adminUsername": "azureuser",
        "computerName": "web1",
        "disablePasswordAuthentication": "true",
    }
    assert at(found, "compute", "publicKeys") == [
        {"keyData": "ssh-ed25519 AAAA me", "path": "/home/azureuser/.ssh/authorized_keys"}
    ]
    assert at(found, "compute", "customData") == ""
    assert at(found, "extended") == {"compute": {"hasCustomData": True, "ppsType": "None"}}
    assert at(found, "network") == {
        "interface": [
            {
                "ipv4": {
                    "ipAddress": [{"privateIpAddress": "10.0.0.4", "publicIpAddress": ""}],
                    "subnet": [{"address": "10.0.0.0", "prefix": "24"}],
                },
                "ipv6": {"ipAddress": []},
                "macAddress": "000D3A010203",
            }
        ]
    }


@pytest.mark.parametrize("query", ["api-version=2021-08-01", "api-version=2021-02-01&extended=true"])
def test_the_extended_part_is_there_only_when_asked_for_in_a_version_that_has_it(query: str) -> None:
    assert at(document(f"/metadata/instance?{query}"), "extended") is None


def test_each_nic_has_its_own_mac_and_public_address() -> None:
    guest = Guest(
        VM_ID,
        1,
        {},
        (
            GuestNic("000D3A010203", "10.0.0.4", "127.1.0.4", "10.0.0.0/24"),
            GuestNic("000D3A010204", "10.0.1.4", None, "10.0.1.0/26"),
        ),
    )

    assert ask("/metadata/instance/network/interface/1/macAddress?api-version=2017-08-01&format=text", guest).body == (
        b"000D3A010204"
    )
    public = "/metadata/instance/network/interface/0/ipv4/ipAddress/0/publicIpAddress"
    assert ask(f"{public}?api-version=2017-08-01&format=text", guest).body == b"127.1.0.4"
    subnet = "/metadata/instance/network/interface/1/ipv4/subnet/0"
    assert document(f"{subnet}?api-version=2017-08-01", guest) == {"address": "10.0.1.0", "prefix": "26"}


@pytest.mark.parametrize("version", [each for each in imds.VERSIONS if each >= "2017-04-02"])
def test_a_version_shows_the_keys_it_has_and_no_later_one(version: str) -> None:
    shown = document(f"/metadata/instance/compute?api-version={version}")

    assert isinstance(shown, dict)
    assert set(shown) == {key for key, since in imds.SINCE.items() if "." not in key and since <= version}
    deeper = {".".join(path) for path, _ in leaves(shown) if len(path) > 1}
    assert not {key for key, since in imds.SINCE.items() if since > version} & deeper


@pytest.mark.parametrize("key", sorted(imds.SINCE))
def test_every_key_of_the_table_begins_with_a_version_there_is(key: str) -> None:
    assert imds.SINCE[key] in imds.VERSIONS
    assert imds.SINCE[key] >= imds.SINCE[key.partition(".")[0]]


def test_a_key_inside_the_elements_of_an_array_has_its_version_too() -> None:
    disks = "/metadata/instance/compute/storageProfile/dataDisks"

    assert document(f"{disks}?api-version=2021-03-01") == [{"lun": "0", "name": "data"}]
    assert document(f"{disks}?api-version=2021-05-01") == [{"isUltraDisk": "false", "lun": "0", "name": "data"}]


def test_every_primitive_is_a_string_and_nothing_is_missing() -> None:
    # given a machine of which the service was told little, in types Azure does not use
    guest = Guest(VM_ID, 1, {"priority": None, "platformFaultDomain": 0, "unheardOf": "x", "plan": {"name": "p"}}, ())

    shown = document(f"/metadata/instance/compute?api-version={NEWEST}", guest)

    assert isinstance(shown, dict)
    assert "unheardOf" not in shown
    assert shown["platformFaultDomain"] == "0"
    assert shown["priority"] == shown["zone"] == ""
    assert shown["plan"] == {"name": "p", "product": "", "publisher": ""}
    assert all(isinstance(value, str | list) for _, value in leaves(shown))


def test_a_leaf_has_no_json_and_plain_text_when_asked() -> None:
    leaf = "/metadata/instance/compute/vmId?api-version=2017-08-01"

    assert ask(leaf).status == 400
    assert ask(f"{leaf}&format=json").status == 400
    answer = ask(f"{leaf}&format=text")
    assert (answer.status, answer.body, answer.content_type) == (200, VM_ID.encode(), "text/plain; charset=utf-8")


def test_text_of_what_has_parts_is_their_names() -> None:
    assert ask("/metadata/instance?api-version=2017-08-01&format=text").body == b"compute/\nnetwork/"
    assert ask("/metadata/instance/network/interface?api-version=2017-08-01&format=text").body == b"0/"
    assert ask("/metadata/instance?api-version=2017-08-01&format=yaml").status == 400


@pytest.mark.parametrize(
    "route",
    [
        "nothing",
        "compute/nothing",
        "compute/vmId/0",
        "compute/name/x",
        "network/interface/1",
        "network/interface/-1",
        "network/interface/00000000000000",
        "network/interface/²",
        "extended",
    ],
)
def test_what_is_not_there_is_not_found(route: str) -> None:
    assert ask(f"/metadata/instance/{route}?api-version=2021-08-01&format=text").status == 404


def test_the_versions_need_no_version_but_the_header() -> None:
    assert document("/metadata/versions") == {"apiVersions": list(imds.VERSIONS)}
    assert imds.answer(Request("GET", "/metadata/versions"), WEB1).status == 400


@pytest.mark.parametrize("query", ["", "?api-version=", "?api-version=2021-08-02", "?api-version=latest"])
def test_a_version_azure_does_not_know_is_answered_with_the_newest(query: str) -> None:
    answer = ask(f"/metadata/instance{query}")

    assert answer.status == 400
    assert json.loads(answer.body) == {
        "error": "Bad request. api-version is invalid or was not specified in the request. "
        "For more information refer to aka.ms/azureimds",
        "newest-versions": ["2025-04-07", "2024-07-17", "2024-03-15"],
    }


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "/metadata/instance?api-version=2021-08-01", {"metadata": ""}, 400),
        ("GET", "/metadata/instance?api-version=2021-08-01", {"metadata": "true, true"}, 400),
        ("GET", "/metadata/instance?api-version=2021-08-01", {"x-forwarded-for": "10.0.0.9"}, 400),
        ("GET", "/metadata/instance?api-version=2021-08-01&api-version=2021-08-01", {}, 400),
        ("GET", "/metadata/instance?api-version=2021-08-01&API-Version=2019-06-01", {}, 400),
        ("GET", "/metadata/instance?" + "&".join(f"a{n}=1" for n in range(100)), {}, 400),
        ("POST", "/metadata/instance?api-version=2021-08-01", {}, 405),
        ("HEAD", "/metadata/instance?api-version=2021-08-01", {}, 405),
        ("GET", "/metadata/instance?api-version=2017-03-01", {}, 404),
        ("GET", "/metadata", {}, 404),
        ("GET", "/metadata/reprovisiondata?api-version=2019-06-01", {}, 404),
        ("GET", "/latest/meta-data", {}, 404),
        ("GET", "*", {}, 404),
        ("GET", "http://169.254.169.254/metadata/versions", {}, 404),
        ("GET", "/metadata/%ff?api-version=2021-08-01", {}, 404),
    ],
)
def test_a_request_azure_refuses_is_refused(method: str, target: str, headers: dict[str, str], status: int) -> None:
    assert ask(target, WEB1, method, **headers).status == status


def test_the_header_may_be_written_in_any_case() -> None:
    assert ask("/metadata/versions", metadata="True").status == 200


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/metadata/scheduledevents?api-version=2020-07-01", 200, {"DocumentIncarnation": 1, "Events": []}),
        (
            "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net",
            400,
            {"error": "invalid_request", "error_description": "Identity not found"},
        ),
        ("/metadata/attested/document?api-version=2020-09-01", 404, {"error": "Not found"}),
        ("/metadata/loadbalancer?api-version=2020-10-01", 404, {"error": "No load balancer metadata is found"}),
        ("/metadata/loadbalancer?api-version=2019-06-01", 404, {"error": "Not found"}),
    ],
)
def test_what_a_machine_does_not_have_here_is_said_honestly(target: str, status: int, body: Json) -> None:
    answer = ask(target)

    assert (answer.status, json.loads(answer.body)) == (status, body)


words = st.sampled_from(
    ["metadata", "instance", "compute", "network", "interface", "0", "ipv4", "tagsList", "..", "%2e", "%00", "", "é"]
)
routes = st.lists(words | st.text(max_size=8), max_size=8).map("/".join)
queries = st.lists(
    st.tuples(
        st.sampled_from(["api-version", "format", "extended", "a"]) | st.text(max_size=5),
        st.sampled_from([*imds.VERSIONS, "json", "text", "true"]) | st.text(max_size=5),
    ).map("=".join),
    max_size=4,
).map("&".join)
header_sets = st.dictionaries(st.sampled_from(["metadata", "x-forwarded-for", "a"]), st.text(max_size=6), max_size=3)


@settings(deadline=None)
@given(st.sampled_from(["GET", "POST", "BREW"]), st.sampled_from(["/", "/metadata/", ""]), routes, queries, header_sets)
def test_whatever_is_asked_the_answer_is_one_azure_gives(
    method: str, start: str, route: str, query: str, headers: dict[str, str]
) -> None:
    answer = imds.answer(Request(method, start + route, query, {"metadata": "true", **headers}), WEB1)

    assert answer.status in {200, 400, 404, 405}
    if answer.content_type.startswith("application/json"):
        json.loads(answer.body)
