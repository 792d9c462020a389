"""/metadata/endpoints in the shapes its clients insist on. Source: clients-az-sdk 1, clients-iac 1.3 and 4."""

import pytest
from starlette.applications import Starlette

from calco.identity.metadata import routes
from tests.asgi import AsgiClient

BASE = "https://box.example:8443"
CLIENT = AsgiClient(Starlette(routes=routes("https://localhost:10000", lambda: {"outputs": {}})), BASE)


def ask(version: str | None) -> tuple[int, object]:
    answer = CLIENT.request("GET", "/metadata/endpoints", params={} if version is None else {"api-version": version})
    return answer.status_code, answer.json()


def test_az_and_terraform_read_one_cloud() -> None:
    status, cloud = ask("2022-09-01")

    assert status == 200
    assert isinstance(cloud, dict)
    for name in ("name", "resourceManager", "microsoftGraphResourceId", "portal", "gallery", "graphAudience", "media"):
        assert cloud[name], f"az ends with a KeyError, Terraform with an error, without {name}"
    assert cloud["authentication"]["loginEndpoint"] == f"{BASE}/adfs"
    assert cloud["authentication"]["audiences"][0] == BASE
    assert cloud["suffixes"]["storage"] == "localhost:10000"
    assert cloud["vmImageAliasDoc"].startswith(BASE)


@pytest.mark.parametrize("version", ["2018-05-01", "2019-05-01", "2020-06-01", "2021-01-01-preview"])
def test_older_versions_read_a_list_of_the_same(version: str) -> None:
    assert ask(version) == (200, [ask("2022-09-01")[1]])


def test_powershell_reads_the_oldest_shape_and_none_of_its_parts_is_empty() -> None:
    status, environment = ask("1.0")

    assert status == 200
    assert isinstance(environment, dict)
    assert all(environment[name] for name in ("galleryEndpoint", "graphEndpoint", "portalEndpoint"))
    assert environment["authentication"] == {"loginEndpoint": f"{BASE}/adfs", "audiences": [BASE]}


@pytest.mark.parametrize("version", [None, "", "latest", "2022", "2022-09-01/..", "1"])
def test_what_is_no_version_is_refused_with_those_there_are(version: str | None) -> None:
    status, said = ask(version)

    assert status == 400
    assert "2022-09-01" in str(said)


def test_links_lead_back_the_way_the_caller_came() -> None:
    answer = CLIENT.request(
        "GET", "/metadata/endpoints", params={"api-version": "2022-09-01"}, headers={"host": "127.0.0.1:9"}
    )

    assert answer.json()["resourceManager"] == "https://127.0.0.1:9"


def test_short_names_of_images_are_there_for_whoever_has_no_token_yet() -> None:
    path = CLIENT.request("GET", "/metadata/endpoints", params={"api-version": "2022-09-01"}).json()["vmImageAliasDoc"]

    assert CLIENT.request("GET", path).json() == {"outputs": {}}
