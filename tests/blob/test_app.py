"""The endpoint's manners: styles of address, signatures, answers, and what a hostile client may not do."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calco.blob.routes import ROUTES
from calco.model import blob as model
from calco.model.storage_account import KeyName
from calco.work import blob, storage_account
from tests.blob.claims import claim
from tests.blob.endpoint import ACCOUNT, NAME, Endpoint, code, sas, sign
from tests.world import World

MIB = 1024 * 1024


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    return Endpoint(World(tmp_path))


# --- who may ---------------------------------------------------------------------------------------------------------


def test_a_signed_request_is_answered_with_azures_headers(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()

    answer = endpoint.call("HEAD", path, headers={"x-ms-client-request-id": "mine"})

    assert answer.status_code == 200
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert answer.headers["x-ms-version"] == "2025-01-05"
    assert answer.headers["Content-Length"] == str(MIB)
    assert {"x-ms-request-id", "etag", "last-modified", "x-ms-blob-type", "x-ms-lease-state"} <= set(answer.headers)


def test_a_host_that_names_the_account_leads_to_the_same_blob(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    endpoint.base = f"https://{NAME}.blob.localhost:10000"
    date = {"x-ms-date": endpoint.call("HEAD", "/").request.headers["x-ms-date"], "x-ms-version": "2025-01-05"}
    text = "HEAD\n" + "\n" * 11 + "".join(f"{name}:{date[name]}\n" for name in sorted(date)) + f"/{NAME}{path}"

    answer = endpoint.raw(
        "HEAD", path, headers={**date, "authorization": f"SharedKey {NAME}:{sign(endpoint.key, text)}"}
    )

    assert (answer.status_code, answer.headers["x-ms-blob-type"]) == (200, "PageBlob")


def test_a_wrong_key_is_refused_and_nothing_happens(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    before = endpoint.call("HEAD", path).headers["etag"]

    answer = endpoint.call("DELETE", path, key="d3Jvbmc=")

    assert (answer.status_code, code(answer)) == (403, "AuthenticationFailed")
    assert endpoint.call("HEAD", path).headers["etag"] == before


def test_an_old_key_is_refused_once_it_is_made_anew_and_the_other_goes_on(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    old = endpoint.key
    second = storage_account.keys(endpoint.world.cloud, ACCOUNT)[1].value
    storage_account.regenerate(endpoint.world.cloud, ACCOUNT, KeyName.KEY1)

    assert endpoint.call("HEAD", path, key=old).status_code == 403
    assert endpoint.call("HEAD", path, key=second).status_code == 200


def test_a_request_signed_long_ago_is_refused(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    signed = endpoint.call("HEAD", path).request.headers
    endpoint.world.clock.move(timedelta(minutes=16))

    answer = endpoint.raw("HEAD", f"/{NAME}{path}", headers=signed)

    assert (answer.status_code, code(answer)) == (403, "AuthenticationFailed")


def test_a_signature_is_good_for_what_it_was_made_for_alone(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    signed = dict(endpoint.call("HEAD", path).request.headers)

    for method, url in (("GET", path), ("HEAD", "/vhds/other.vhd"), ("HEAD", f"{path}?comp=metadata")):
        assert endpoint.raw(method, f"/{NAME}{url}", headers=signed).status_code == 403
    assert endpoint.raw("HEAD", f"/{NAME}{path}", headers=signed | {"x-ms-meta-a": "b"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status", "refusal"),
    [
        ({}, 401, "NoAuthenticationInformation"),
        ({"authorization": "Bearer token"}, 403, "AuthenticationFailed"),
        ({"authorization": "SharedKey"}, 403, "AuthenticationFailed"),
        ({"authorization": "SharedKey other:c2ln"}, 403, "AuthenticationFailed"),
        ({"authorization": f"SharedKey {NAME}:???"}, 403, "AuthenticationFailed"),
    ],
)
def test_who_shows_no_good_signature_is_refused(
    endpoint: Endpoint, headers: dict[str, str], status: int, refusal: str
) -> None:
    answer = endpoint.raw("GET", f"/{NAME}/?comp=list", headers=headers)

    assert (answer.status_code, code(answer)) == (status, refusal)


HOURS = {"st": "2026-11-22T13:00:00Z", "se": "2026-11-22T14:00:00Z"}
"""The test's clock stands at 13:05:09 that day."""


@pytest.mark.parametrize(
    ("given", "status", "refusal"),
    [
        ({"sp": "r", **HOURS}, 200, None),
        ({"sp": "r", "se": "2026-11-23"}, 200, None),
        ({"sp": "w", **HOURS}, 403, "AuthorizationPermissionMismatch"),
        ({"sp": "r", "se": "2026-11-22T13:05:09Z"}, 403, "AuthenticationFailed"),
        ({"sp": "r", "st": "2026-11-22T13:05:10Z", "se": "2026-11-23"}, 403, "AuthenticationFailed"),
        ({"sp": "r"}, 403, "AuthenticationFailed"),
        ({"sp": "r", "se": "tomorrow"}, 403, "AuthenticationFailed"),
        ({"sp": "r", "si": "policy", **HOURS}, 403, "AuthenticationFailed"),
        ({"sp": "r", "sip": "10.0.0.1", **HOURS}, 403, "AuthorizationSourceIPMismatch"),
        ({"sp": "r", "sip": "127.0.0.1-127.0.0.9", **HOURS}, 200, None),
        ({"sp": "r", "spr": "http", **HOURS}, 403, "AuthorizationProtocolMismatch"),
    ],
)
def test_a_sas_allows_what_it_says_while_it_says_so(
    endpoint: Endpoint, given: dict[str, str], status: int, refusal: str | None
) -> None:
    path = endpoint.page_blob()

    answer = endpoint.raw("GET", f"/{NAME}{path}?{sas(endpoint.key, 'b', path, **given)}")

    assert answer.status_code == status
    assert refusal is None or code(answer) == refusal


def test_a_sas_of_one_blob_opens_no_other_and_no_changed_one_opens_any(endpoint: Endpoint) -> None:
    one, other = endpoint.page_blob(), endpoint.page_blob("other.vhd")
    query = sas(endpoint.key, "b", one, sp="r", **HOURS)

    assert endpoint.raw("GET", f"/{NAME}{other}?{query}").status_code == 403
    assert endpoint.raw("GET", f"/{NAME}{one}?{query.replace('sp=r', 'sp=rw')}").status_code == 403
    assert endpoint.raw("GET", f"/{NAME}/vhds?restype=container&comp=list&{query}").status_code == 403


def test_what_a_sas_puts_into_headers_stays_one_line(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    query = sas(endpoint.key, "b", path, sp="r", rsct="text/plain\r\nSet-Cookie: a=b", **HOURS)

    answer = endpoint.raw("GET", f"/{NAME}{path}?{query}")

    assert answer.headers["content-type"] == "text/plainSet-Cookie: a=b"
    assert "set-cookie" not in answer.headers


def test_an_account_that_is_not_here_is_404(endpoint: Endpoint) -> None:
    assert code(endpoint.raw("GET", "/nobody/?comp=list")) == "ResourceNotFound"
    assert endpoint.raw("GET", f"/{NAME}.queue/?comp=list").status_code == 404


# --- pages -----------------------------------------------------------------------------------------------------------


def test_a_page_changes_the_blob_and_no_record(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    with endpoint.world.records.read() as view:
        before = view.children(ACCOUNT)

    assert endpoint.write(path, 512, b"x" * 1024).status_code == 201

    with endpoint.world.records.read() as view:
        assert view.children(ACCOUNT) == before
    answer = endpoint.call("GET", path, headers={"x-ms-range": "bytes=0-2047"})
    assert (answer.status_code, answer.content) == (206, bytes(512) + b"x" * 1024 + bytes(512))
    assert answer.headers["content-range"] == f"bytes 0-2047/{MIB}"


@pytest.mark.parametrize(
    ("offset", "length", "status"),
    [(0, 512, 201), (MIB - 512, 512, 201), (MIB, 512, 416), (0, 100, 416), (100, 512, 416), (MIB - 512, 1024, 416)],
)
def test_pages_are_whole_and_inside(endpoint: Endpoint, offset: int, length: int, status: int) -> None:
    path = endpoint.page_blob()

    answer = endpoint.write(path, offset, b"x" * length)

    assert answer.status_code == status
    if status != 201:
        assert endpoint.call("GET", path).content == bytes(MIB)


def test_more_than_four_mib_at_once_is_refused_before_it_is_read(endpoint: Endpoint) -> None:
    path = endpoint.page_blob(length=8 * MIB)

    answer = endpoint.write(path, 0, bytes(4 * MIB + 512))

    assert (answer.status_code, code(answer)) == (413, "RequestBodyTooLarge")


def test_a_body_that_was_changed_on_its_way_is_refused(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()

    answer = endpoint.write(path, 0, b"x" * 512, content_md5="AAAAAAAAAAAAAAAAAAAAAA==")

    assert (answer.status_code, code(answer)) == (400, "Md5Mismatch")
    assert endpoint.call("GET", path).content == bytes(MIB)


@pytest.mark.parametrize(
    ("rule", "status"),
    [("le", 201), ("lt", 412), ("eq", 201)],
)
def test_a_write_may_depend_on_the_sequence_number(endpoint: Endpoint, rule: str, status: int) -> None:
    path = endpoint.page_blob()
    endpoint.call(
        "PUT",
        f"{path}?comp=properties",
        headers={"x-ms-sequence-number-action": "update", "x-ms-blob-sequence-number": "5"},
    )

    assert endpoint.write(path, 0, b"x" * 512, **{f"x_ms_if_sequence_number_{rule}": "5"}).status_code == status


def test_conditions_are_azures(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    etag = endpoint.call("HEAD", path).headers["etag"]

    assert endpoint.call("GET", path, headers={"If-None-Match": etag}).status_code == 304
    assert endpoint.call("GET", path, headers={"If-Match": '"0x0"'}).status_code == 412
    assert endpoint.write(path, 0, b"x" * 512, if_match='"0x0"').status_code == 412
    assert endpoint.call("DELETE", path, headers={"If-None-Match": etag}).status_code == 412
    assert endpoint.call("PUT", path, headers=PAGE | {"If-None-Match": "*"}).status_code == 409
    assert endpoint.call("GET", path).content == bytes(MIB)


PAGE = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512"}


def test_a_blob_that_an_operation_is_at_is_busy(endpoint: Endpoint) -> None:
    """What an image is being made from neither changes nor goes."""
    path = endpoint.page_blob()
    with endpoint.world.records.write() as tx:
        found = blob.find(tx, endpoint.world.cloud, f"https://{NAME}.blob.core.windows.net{path}")
        assert found is not None
        claim(endpoint.world, tx, found.id)
        endpoint.world.disks.freeze(found.volume)

    answers = [
        endpoint.write(path, 0, b"x" * 512),
        endpoint.call("PUT", path, headers=PAGE),
        endpoint.call("DELETE", path),
        endpoint.call("DELETE", "/vhds?restype=container"),
    ]

    assert [(each.status_code, code(each)) for each in answers] == [(503, "ServerBusy")] * 4
    assert endpoint.call("GET", path).content == bytes(MIB)


def test_a_machines_disk_is_nobody_elses_to_write_or_delete(endpoint: Endpoint) -> None:
    path = endpoint.page_blob()
    machine = endpoint.world.id("virtualMachines", "vm")
    with endpoint.world.records.write() as tx:
        found = blob.find(tx, endpoint.world.cloud, f"https://localhost:10000/{NAME}{path}")
        assert found is not None
        blob.lease_to(endpoint.world.cloud, tx, found.id, machine)

    assert code(endpoint.write(path, 0, b"x" * 512)) == "LeaseIdMissing"
    for act in (
        endpoint.call("DELETE", path),
        endpoint.call("DELETE", "/vhds?restype=container"),
        endpoint.call("PUT", f"{path}?comp=lease", headers={"x-ms-lease-action": "break"}),
    ):
        assert (act.status_code, code(act)) == (409, "LeaseAlreadyPresent")
        assert "vm" in act.text
    with endpoint.world.records.write() as tx:
        blob.release_from(tx, found.id, machine)
    assert endpoint.call("DELETE", path).status_code == 202
    assert endpoint.world.leftovers() == []


# --- hostile clients -------------------------------------------------------------------------------------------------

METHODS = sorted({key.method for key in ROUTES} | {"POST", "PATCH"})
WORDS = st.sampled_from(
    ["", "0", "-1", "1", "512", "99999999999999999999", "bytes=0-511", "bytes=5-1", "bytes=-5", "bytes=0-", "*", "abc",
     "PageBlob", "BlockBlob", "AppendBlob", "update", "clear", "acquire", "break", "true", "YQ==", "é", "Mon, 99 Foo",
     "https://localhost:10000/labstore/vhds/disk.vhd", "https://[", "11111111-1111-4111-8111-111111111111", "\t x"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["x-ms-range", "range", "x-ms-blob-type", "x-ms-blob-content-length", "x-ms-page-write", "x-ms-lease-action",
     "x-ms-lease-duration", "x-ms-lease-id", "x-ms-proposed-lease-id", "x-ms-lease-break-period", "x-ms-copy-source",
     "if-match", "if-none-match", "if-modified-since", "x-ms-blob-sequence-number", "x-ms-sequence-number-action",
     "content-md5", "x-ms-blob-content-md5", "x-ms-meta-a", "x-ms-meta-1-", "x-ms-if-sequence-number-le",
     "x-ms-version", "x-ms-client-request-id", "x-ms-range-get-content-md5", "x-ms-blob-public-access"]
)  # fmt: skip
EXTRAS = st.lists(
    st.tuples(
        st.sampled_from(["prefix", "marker", "maxresults", "delimiter", "blockid", "include", "si", "blocklisttype",
                         "snapshot", "prevsnapshot", "copyid", "sig", "sv", "sr", "timeout", "comp", "restype"]),
        WORDS,
    ),
    max_size=2,
)  # fmt: skip
PATHS = {
    "service": st.sampled_from(["/"]),
    "container": st.sampled_from(["/vhds", "/vhds", "/new", "/nowhere", "/v", "/%ff"]),
    "blob": st.sampled_from(["/vhds/disk.vhd", "/vhds/disk.vhd", "/vhds/log", "/nowhere/x", "/vhds/%ff", "/vhds/%00"]),
}
STRANGE = st.text(st.characters(codec="ascii", exclude_characters="?#\\"), max_size=20).map(lambda text: f"/{text}")


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str]:
    """Mostly something the endpoint has; sometimes another method, another path."""
    key = draw(st.sampled_from(sorted(ROUTES, key=str)))
    query = [("restype", key.restype)] * bool(key.restype) + [("comp", key.comp)] * bool(key.comp) + draw(EXTRAS)
    method = draw(st.sampled_from([key.method] * 9 + METHODS))
    path = draw(st.one_of(*[PATHS[key.level]] * 9, STRANGE))
    text = urlencode(query, quote_via=quote)
    return method, f"{quote(path, safe='/%')}{'?' if text else ''}{text}"


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=requests(), headers=st.dictionaries(NAMES, WORDS, max_size=5), content=st.binary(max_size=1024))
def test_whatever_is_asked_is_answered_and_never_by_a_fault(
    shared: Endpoint, asked: tuple[str, str], headers: dict[str, str], content: bytes
) -> None:
    method, url = asked
    shared.call("PUT", "/vhds?restype=container")  # an earlier one may have deleted them
    shared.call("PUT", "/vhds/disk.vhd", headers=PAGE)

    answer = shared.call(method, url, content=content, headers={name: _ascii(each) for name, each in headers.items()})

    assert answer.status_code < 500, (answer.status_code, answer.text, url, headers)
    assert answer.headers["x-ms-request-id"]
    assert shared.world.leftovers() == []


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Endpoint:
    made = Endpoint(World(tmp_path_factory.mktemp("hostile")))
    made.page_blob()
    return made


def test_names_keep_what_a_listing_can_show(endpoint: Endpoint) -> None:
    endpoint.container()
    for name in ("a%20b", "%C3%B1", "%26%3C%3E%22", "dir/file", "UPPER", "upper"):
        assert endpoint.call("PUT", f"/vhds/{name}", headers=PAGE).status_code == 201
    assert code(endpoint.call("PUT", "/vhds/%01", headers=PAGE)) == "InvalidResourceName"
    assert code(endpoint.call("PUT", f"/vhds/{'x' * 1025}", headers=PAGE)) == "InvalidResourceName"

    listed = endpoint.call("GET", "/vhds?restype=container&comp=list").text

    assert listed.count("<Blob>") == 6
    assert '<Name>&amp;&lt;&gt;"</Name>' in listed
    assert model.is_blob_name("dir/file")
