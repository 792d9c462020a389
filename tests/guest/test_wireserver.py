"""The wireserver and the host plugin give each agent what it reads, and hear what it reports."""

import json
from base64 import b64encode
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.guest import hostplugin, wireserver
from calco.guest.exchange import Reply, Request
from calco.guest.reports import read_health, speaker
from calco.model.guest import Agent, Guest, Health, Report, Subject
from tests.guest.guests import VM_ID, WEB1, health

CLOUD_INIT = "Cloud-Init/22.4.2-1+deb12u4"
WAAGENT = "WALinuxAgent/2.7.3.0"


def get(target: str, guest: Guest = WEB1) -> Reply:
    path, _, query = target.partition("?")
    return wireserver.answer(Request("GET", path, query), guest)


def post(comp: str, body: bytes, agent: str = CLOUD_INIT) -> Reply:
    request = Request(
        "POST", "/machine", f"comp={comp}", {"user-agent": agent, "x-ms-agent-name": "WALinuxAgent"}, body
    )
    return wireserver.answer(request, WEB1)


def xml(target: str, guest: Guest = WEB1) -> ElementTree.Element:
    answer = get(target, guest).answer
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    return ElementTree.fromstring(answer.body)  # noqa: S314


def config(type: str, guest: Guest = WEB1) -> ElementTree.Element:
    """A document by the link that the goal state gives."""
    link = xml("/machine/?comp=goalstate", guest).findtext(f".//Configuration/{type}")
    assert link is not None
    host = "http://168.63.129.16:80"
    assert link.startswith(f"{host}/machine/")
    return xml(link.removeprefix(host), guest)


def test_both_protocol_versions_are_offered() -> None:
    versions = xml("/?comp=versions")

    assert versions.findtext("Preferred/Version") == "2015-04-05"
    assert [each.text for each in versions.findall("Supported/Version")] == ["2015-04-05", "2012-11-30"]


def test_the_goal_state_has_what_cloud_init_and_waagent_read() -> None:
    state = xml("/machine/?comp=goalstate")

    assert state.findtext("Incarnation") == "1"
    assert state.findtext("Machine/ExpectedState") == "Started"
    here = wireserver.place(WEB1)
    assert state.findtext("Container/ContainerId") == here.container
    role = "Container/RoleInstanceList/RoleInstance"
    assert state.findtext(f"{role}/InstanceId") == f"{here.deployment}._web1"
    assert (state.findtext(f"{role}/Configuration/ConfigName") or "").startswith(f"{here.deployment}.1.")
    assert state.find(f"{role}/Configuration/Certificates") is None


def test_a_machine_keeps_its_names_and_a_clone_has_others() -> None:
    clone = replace(WEB1, vm_id="7d1b4f0e-0b0e-4a55-9d3c-3f7b6a1c2e02")

    assert wireserver.place(replace(WEB1, incarnation=7)) == wireserver.place(WEB1)
    assert wireserver.place(clone).container != wireserver.place(WEB1).container
    assert wireserver.place(clone).deployment != wireserver.place(WEB1).deployment


def test_the_documents_name_machine_and_role_as_waagent_reads_them() -> None:
    environment = config("HostingEnvironmentConfig")
    assert environment.find("Incarnation[@instance='web1']") is not None
    assert environment.find("Role[@name='web1']") is not None
    assert environment.find(f"Deployment[@name='{wireserver.place(WEB1).deployment}']") is not None
    assert config("SharedConfig").find("Instances/Instance[@address='10.0.0.4']") is not None


def test_there_are_no_extensions_and_a_place_for_the_agents_status() -> None:
    extensions = config("ExtensionsConfig")

    assert extensions.findall("Plugins/Plugin") == []
    assert extensions.findall(".//GAFamily") == []
    blob = extensions.find("StatusUploadBlob[@statusBlobType='BlockBlob']")
    assert blob is not None
    assert ".invalid/" in (blob.text or "")  # reachable by nobody: the host plugin takes the status


def test_a_name_cannot_break_out_of_the_documents() -> None:
    guest = replace(WEB1, compute={"name": "<a b='\"&/?>"})

    assert (xml("/machine?comp=goalstate", guest).findtext(".//InstanceId") or "").endswith("._<a b='\"&/?>")
    for type in ("HostingEnvironmentConfig", "SharedConfig", "ExtensionsConfig"):
        config(type, guest)


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        (CLOUD_INIT, (Agent.CLOUD_INIT, "22.4.2-1+deb12u4")),
        (WAAGENT, (Agent.WAAGENT, "2.7.3.0")),
        ("WALinuxAgent", (Agent.OTHER, "")),
        ("curl/8.5.0", (Agent.OTHER, "")),
        ("", (Agent.OTHER, "")),
        ("WALinuxAgent/" + "9" * 500, (Agent.WAAGENT, "9" * 64)),
    ],
)
def test_the_user_agent_tells_who_reports(user_agent: str, told: tuple[Agent, str]) -> None:
    assert speaker(user_agent) == told


def test_cloud_init_reports_ready() -> None:
    reply = post("health", health())

    assert reply.answer.status == 200
    assert reply.report == Report(Agent.CLOUD_INIT, Health.READY, agent_version="22.4.2-1+deb12u4")


def test_waagent_reports_that_it_is_provisioning() -> None:
    body = health(
        "NotReady", "<Details><SubStatus>Provisioning</SubStatus><Description>Starting</Description></Details>"
    )

    assert post("health", body, WAAGENT).report == Report(
        Agent.WAAGENT, Health.NOT_READY, "Provisioning", "Starting", "2.7.3.0"
    )


def test_a_failures_description_is_kept_up_to_512_characters() -> None:
    text = "result=error|reason=" + "&lt;x&gt;" * 400
    details = f"<Details><SubStatus>ProvisioningFailed</SubStatus><Description>{text}</Description></Details>"

    report = post("health", health("NotReady", details)).report

    assert report is not None
    assert report.substatus == "ProvisioningFailed"
    assert report.description.startswith("result=error|reason=<x>")
    assert len(report.description) == 512


DECLARED = health("&ready;").replace(b"?>\n", b'?>\n<!DOCTYPE Health [<!ENTITY ready "Ready">]>\n')
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Health>&b;</Health>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Ready",
        b"<Health>",
        b"<Health/>",
        health("Happy"),
        health(""),
        health().replace(b"Health", b"Sickness"),
        health("Ready</State><State>Ready"),
        BOMB,
        BOMB.decode().encode("utf-16"),
        BOMB.replace(b"<!DOCTYPE", b'<?xml version="1.0" encoding="utf-7"?><!DOCTYPE'),
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-' + health(),
        DECLARED,
        health().replace(b"?>\n", b'?>\n<!DOCTYPE Health SYSTEM "file:///etc/passwd">\n'),
        health("<![CDATA[Ready]]>"),
        health("Ready<!-- really -->"),
        health("NotReady", "<Details><Description>X</Description></Details>").replace(b"X", b"\xff"),
        b"<a>" * 20000,
        b"\xff\xfe\x00",
        health("Ready\x00"),
        health("x:Ready").replace(b"<State>", b"<x:State>"),
    ],
)
def test_what_is_no_health_report_is_refused_and_reports_nothing(body: bytes) -> None:
    reply = post("health", body)

    assert (reply.answer.status, reply.report) == (400, None)


def test_a_health_report_of_a_megabyte_is_refused() -> None:
    reply = post("health", health() + b" " * 1024 * 1024)

    assert (reply.answer.status, reply.report) == (413, None)


def test_role_properties_are_accepted_as_waagent_wants_it_and_telemetry_is_taken() -> None:
    assert post("roleProperties", b"<RoleProperties/>").answer.status == 202
    assert post("telemetrydata", b"\x00anything").answer.status == 200
    assert wireserver.answer(Request("POST", "/HealthService", body=b"{}"), WEB1) == Reply(
        post("telemetrydata", b"").answer
    )


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/machine", 404),
        ("GET", "/machine/a/b?comp=config&type=fullConfig", 404),
        ("GET", "/machine/a/b?comp=config", 404),
        ("GET", "/machine/a/b/c?comp=config&type=sharedConfig", 404),
        ("GET", "/machine?comp=goalstate&comp=health", 404),
        ("GET", "/machine?comp=health", 405),
        ("POST", "/machine?comp=goalstate", 405),
        ("GET", "/metadata/instance?api-version=2018-02-01", 404),
    ],
)
def test_what_the_wireserver_does_not_have_is_refused(method: str, target: str, status: int) -> None:
    path, _, query = target.partition("?")

    assert wireserver.answer(Request(method, path, query), WEB1).answer.status == status


def plugin(method: str, path: str, body: bytes = b"") -> Reply:
    return hostplugin.answer(Request(method, path, "", {"user-agent": WAAGENT}, body), WEB1)


def upload(status: object) -> bytes:
    """What waagent puts: its status in base64 inside what the blob's request would be."""
    content = b64encode(json.dumps(status).encode()).decode()
    return json.dumps({"requestUri": "https://x.invalid", "headers": [], "content": content}).encode()


STATUS = {
    "version": "1.1",
    "timestampUTC": "2026-03-14T12:00:00Z",
    "aggregateStatus": {
        "guestAgentStatus": {
            "version": "2.7.3.0",
            "status": "Ready",
            "formattedMessage": {"lang": "en-US", "message": "Guest Agent is running"},
        },
        "handlerAggregateStatus": [],
    },
    "guestOSInfo": {"computerName": "web1", "osName": "debian", "osVersion": "12.7", "version": "2.7.3.0"},
    "supportedFeatures": [],
}


def test_the_agents_status_is_read_on_its_way_to_the_blob() -> None:
    reply = plugin("PUT", "/status", upload(STATUS))

    assert reply.answer.status == 200
    assert reply.report == Report(
        Agent.WAAGENT,
        Health.READY,
        description="Guest Agent is running",
        agent_version="2.7.3.0",
        subject=Subject.AGENT,
        computer_name="web1",
        os_name="debian",
        os_version="12.7",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"content": 1}',
        b'{"content": "%%%"}',
        upload([]),
        upload({"aggregateStatus": {"guestAgentStatus": {"version": 1, "status": "Ready"}}}),
        b'{"content":' * 50000,
        b'{"x":' + b"[" * 100000,
        json.dumps({"content": b64encode(b"[" * 100000).decode()}).encode(),
        json.dumps({"content": b64encode(b"\xff\xfe").decode()}).encode(),
        '{"content":"é"}'.encode(),
    ],
)
def test_what_is_no_status_is_refused_and_reports_nothing(body: bytes) -> None:
    reply = plugin("PUT", "/status", body)

    assert (reply.answer.status, reply.report) == (400, None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/versions", 200),
        ("GET", "/health", 200),
        ("GET", "/vmSettings", 404),
        ("GET", "/extensionArtifact", 404),
        ("PUT", "/vmAgentLog", 404),
        ("PUT", "/versions", 405),
        ("GET", "/status", 405),
        ("POST", "/health", 405),
    ],
)
def test_the_host_plugin_refuses_politely(method: str, path: str, status: int) -> None:
    assert plugin(method, path).answer.status == status


def test_waagent_finds_its_version_of_the_host_plugin() -> None:
    assert b"2015-09-01" in plugin("GET", "/versions").answer.body


pieces = st.sampled_from(
    ["<Health>", "</Health>", "<State>", "Ready", "</State>", "<!", "<![CDATA[", "&amp;", "&x;", "<?xml", "?>", "\x00"]
)


@settings(deadline=None)
@given(st.lists(pieces | st.text(max_size=6), max_size=12).map("".join).map(str.encode) | st.binary(max_size=200))
def test_no_body_gets_anything_but_a_clean_answer(body: bytes) -> None:
    for reply in (post("health", body), plugin("PUT", "/status", body), plugin("PUT", "/status", upload(list(body)))):
        assert (reply.answer.status, reply.report) == (400, None)


@settings(deadline=None)
@given(
    st.binary(max_size=400).flatmap(
        lambda noise: st.integers(0, len(health())).map(lambda at: health()[:at] + noise + health()[at + 3 :])
    )
)
def test_a_damaged_report_is_read_or_refused(body: bytes) -> None:
    try:
        report = read_health(body, WAAGENT)
    except ValueError:
        return
    assert isinstance(report.health, Health)
    assert len(report.description) <= 512


@settings(deadline=None)
@given(st.sampled_from(["GET", "POST", "PUT", "BREW"]), st.text(max_size=20), st.text(max_size=20), st.text(max_size=9))
def test_whatever_is_asked_the_answer_is_clean(method: str, path: str, comp: str, type: str) -> None:
    for start in ("/", "/machine/", f"/machine/{VM_ID}/"):
        request = Request(method, start + path, f"comp={comp}&type={type}")
        assert wireserver.answer(request, WEB1).answer.status in {200, 202, 400, 404, 405}
        assert hostplugin.answer(request, WEB1).answer.status in {200, 400, 404, 405}
