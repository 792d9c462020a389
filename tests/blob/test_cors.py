"""Which pages in a browser may use the endpoint. Shapes: Azure, "Preflight Blob Request"."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from calco.model.access import Access
from tests.blob.endpoint import NAME, Endpoint, code, sas
from tests.blob.test_access import PAGE, WRITE, granted, upload_disk
from tests.world import World

OURS = ("https://localhost:8443", "https://127.0.0.1:8443", "https://[::1]:8443")
OTHERS = (
    "https://evil.test", "https://localhost", "http://localhost:8443", "https://localhost:84430",
    "https://localhost:8443.evil.test", "HTTPS://LOCALHOST:8443", "https://localhost:8443/", "null", "*",
)  # fmt: skip
UPLOAD = "x-ms-version,x-ms-page-write,x-ms-range,Content-Type,content-length"


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    world = World(tmp_path)
    world.cloud = replace(world.cloud, rules=replace(world.rules, origins=OURS))
    return Endpoint(world)


def preflight(
    endpoint: Endpoint,
    origin: str | None,
    method: str | None = "PUT",
    wanted: str | None = UPLOAD,
    path: str = "/vhds/b",
) -> httpx.Response:
    names = ("origin", "access-control-request-method", "access-control-request-headers")
    given = {name: value for name, value in zip(names, (origin, method, wanted), strict=True) if value is not None}
    return endpoint.raw("OPTIONS", f"/{NAME}{path}", headers=given)


def cors_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, code(answer)


# --- preflight -------------------------------------------------------------------------------------------------------


def test_a_page_of_ours_may_read_and_write(endpoint: Endpoint) -> None:
    for origin, method in product(OURS, ("GET", "HEAD", "PUT")):
        answer = preflight(endpoint, origin, method)

        assert (answer.status_code, answer.content, answer.headers["vary"]) == (200, b"", "Origin")
        told = cors_of(answer)
        assert told.pop("access-control-expose-headers").startswith("x-ms-")
        assert told == {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": method,
            "access-control-allow-headers": UPLOAD.lower(),
            "access-control-max-age": "3600",
        }


def test_a_page_of_anybody_elses_may_nothing(endpoint: Endpoint) -> None:
    for origin in OTHERS:
        answer = preflight(endpoint, origin)

        assert refusal(answer) == (403, "CorsPreflightFailure"), origin
        assert cors_of(answer) == {}


def test_no_other_method_is_for_pages(endpoint: Endpoint) -> None:
    for method in ("DELETE", "POST", "PATCH", "OPTIONS", "put"):
        answer = preflight(endpoint, OURS[0], method)

        assert refusal(answer) == (403, "CorsPreflightFailure"), method
        assert "access-control-allow-methods" not in answer.headers


def test_no_other_header_is_for_pages(endpoint: Endpoint) -> None:
    for wanted in ("authorization", "x-ms-range, Authorization", "cookie", "x-ms", "xx-ms-range", "*"):
        answer = preflight(endpoint, OURS[0], wanted=wanted)

        assert refusal(answer) == (403, "CorsPreflightFailure"), wanted
        assert "access-control-allow-headers" not in answer.headers


def test_a_preflight_that_does_not_say_what_it_asks_for_is_none(endpoint: Endpoint) -> None:
    for origin, method in ((None, "PUT"), ("", "PUT"), (OURS[0], None), (None, None)):
        assert refusal(preflight(endpoint, origin, method)) == (400, "InvalidHeaderValue")


def test_a_preflight_tells_nothing_of_what_there_is(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()

    there, absent = preflight(endpoint, OURS[0], path=path), preflight(endpoint, OURS[0], path="/none/none")

    assert (there.status_code, cors_of(there)) == (absent.status_code, cors_of(absent))


def test_without_headers_of_its_own_a_page_asks_for_none(endpoint: Endpoint) -> None:
    answer = preflight(endpoint, OURS[0], "GET", wanted=None)

    assert answer.status_code == 200
    assert "access-control-allow-headers" not in answer.headers


# --- the requests themselves -----------------------------------------------------------------------------------------


def test_a_page_of_ours_reads_what_its_signed_url_opens_and_sees_the_headers(endpoint: Endpoint) -> None:
    path = endpoint.page_blob(length=4096)
    endpoint.write(path, 0, PAGE)
    url = f"/{NAME}{path}?{sas(endpoint.key, 'b', path, sp='r', se='2030-01-01T00:00:00Z')}"

    answer = endpoint.raw("GET", url, headers={"origin": OURS[0], "x-ms-range": "bytes=0-511"})

    assert (answer.status_code, answer.content) == (206, PAGE)
    assert (answer.headers["access-control-allow-origin"], answer.headers["vary"]) == (OURS[0], "Origin")
    exposed = {each.lower() for each in answer.headers["access-control-expose-headers"].split(",")}
    assert {"etag", "content-length", "content-range", "x-ms-blob-type", "x-ms-request-id"} <= exposed
    assert exposed <= set(answer.headers), "nothing is promised that is not there"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_page_of_ours_uploads_a_disk_by_its_signed_url(endpoint: Endpoint) -> None:
    url = _path(granted(endpoint.world, upload_disk(endpoint.world), Access.WRITE))

    answer = endpoint.raw("PUT", f"{url}&comp=page", content=PAGE, headers={**WRITE, "origin": OURS[1]})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (201, OURS[1])


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_a_page_of_anybody_elses_is_shown_no_answer(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    url = f"/{NAME}{path}?{sas(endpoint.key, 'b', path, sp='r', se='2030-01-01T00:00:00Z')}"

    for origin in OTHERS:
        answer = endpoint.raw("GET", url, headers={"origin": origin})

        assert answer.status_code == 200, "as for who is no browser: the URL is signed"
        assert cors_of(answer) == {}, origin


def test_what_is_no_browser_is_told_nothing_of_it(endpoint: Endpoint) -> None:
    answer = endpoint.call("GET", "/?comp=list")

    assert answer.status_code == 200
    assert cors_of(answer) == {}
    assert "vary" not in answer.headers


def test_a_page_of_ours_needs_a_signature_with_the_right_as_anybody_does_and_may_read_the_refusal(
    endpoint: Endpoint,
) -> None:
    path = endpoint.page_blob()
    upload = upload_disk(endpoint.world)
    reads = f"/{NAME}{path}?comp=page&{sas(endpoint.key, 'b', path, sp='r', se='2030-01-01T00:00:00Z')}"
    written = _path(granted(endpoint.world, upload, Access.WRITE))
    given = {"origin": OURS[0]}

    unsigned = endpoint.raw("GET", f"/{NAME}{path}", headers=given)
    beyond = endpoint.raw("PUT", reads, content=PAGE, headers={**WRITE, **given})
    forged = endpoint.raw("PUT", f"{written[:-4]}AAAA&comp=page", content=PAGE, headers={**WRITE, **given})

    assert refusal(unsigned) == (401, "NoAuthenticationInformation")
    assert refusal(beyond) == (403, "AuthorizationPermissionMismatch")
    assert forged.status_code == 403
    for answer in (unsigned, beyond, forged):
        assert answer.headers["access-control-allow-origin"] == OURS[0]
        assert "x-ms-error-code" in answer.headers["access-control-expose-headers"]


def test_where_there_is_no_portal_there_is_no_page_of_ours(tmp_path: Path) -> None:
    endpoint = Endpoint(World(tmp_path))

    assert preflight(endpoint, OURS[0]).status_code == 403
