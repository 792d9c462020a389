"""What guests report, read strictly: a guest may send anything, and only what it must mean is taken from it.

Two calls carry reports: the health document, which every provisioning agent posts to the wireserver, and the status
that waagent puts through the host plugin while it runs. Both become ``model.guest.Report``.
"""

import re
from base64 import b64decode
from typing import Final

# Only after everything that can declare an entity was refused, and never more than MAX_REPORT_BYTES of it.
from xml.etree import ElementTree

import msgspec

from calco.model.guest import Agent, Health, Report, Subject

MAX_REPORT_BYTES: Final = 64 * 1024
MAX_DESCRIPTION: Final = 512

_AGENTS: Final = {"cloud-init": Agent.CLOUD_INIT, "walinuxagent": Agent.WAAGENT}
_USER_AGENT: Final = re.compile(r"([A-Za-z-]{1,32})/([0-9A-Za-z.+~-]{1,64})")


def speaker(user_agent: str) -> tuple[Agent, str]:
    """Which agent calls itself so, and its version (empty when it is another one).

    Sources: cloud-init, url_helper.readurl (``Cloud-Init/22.4.2...``); WALinuxAgent, utils/restutil.HTTP_USER_AGENT
    (``WALinuxAgent/2.7.3.0``). Both send ``x-ms-agent-name: WALinuxAgent``, so that one tells nothing.
    """
    match = _USER_AGENT.match(user_agent)
    agent = _AGENTS.get(match[1].lower()) if match else None
    return (agent, match[2]) if match and agent else (Agent.OTHER, "")


def read_health(body: bytes, user_agent: str) -> Report:
    """The health document of a provisioning agent. Raises ValueError on any other shape.

    Sources: cloud-init, sources/helpers/azure.py, HEALTH_REPORT_XML_TEMPLATE; WALinuxAgent, protocol/wire.py,
    _build_health_report. Incarnation, container and instance in it are not compared with ours: who speaks is known by
    address, and Azure's own sample scripts fill them in as they like.
    """
    root = _xml(body)
    if root.tag != "Health":
        raise ValueError("no health document")
    roles = root.findall("Container/RoleInstanceList/Role")
    if len(roles) != 1 or len(states := roles[0].findall("Health/State")) != 1:
        raise ValueError("not the health of one role instance")
    agent, version = speaker(user_agent)
    return Report(
        agent,
        Health((states[0].text or "").strip()),
        substatus=_short(roles[0].findtext("Health/Details/SubStatus"), 64),
        description=_short(roles[0].findtext("Health/Details/Description"), MAX_DESCRIPTION),
        agent_version=version,
    )


def _xml(body: bytes) -> ElementTree.Element:
    """The root element of a small document without declarations. Raises ValueError.

    ``<!`` opens a DTD, an entity, a comment or a CDATA section: agents send none of them, attackers do. The text is
    decoded here, so that no encoding named in the document can hide one.
    """
    if len(body) > MAX_REPORT_BYTES:
        raise ValueError("too long")
    text = body.decode("utf-8-sig")
    if "<!" in text:
        raise ValueError("declarations are not accepted")
    try:
        return ElementTree.fromstring(text)  # noqa: S314
    except (ElementTree.ParseError, LookupError) as malformed:
        raise ValueError("not well-formed") from malformed


class _Message(msgspec.Struct):
    message: str = ""


class _AgentStatus(msgspec.Struct):
    version: str
    status: str
    formatted_message: _Message = msgspec.field(name="formattedMessage", default_factory=_Message)


class _Aggregate(msgspec.Struct):
    agent: _AgentStatus = msgspec.field(name="guestAgentStatus")


class _System(msgspec.Struct, rename="camel"):
    computer_name: str | None = None
    os_name: str | None = None
    os_version: str | None = None


class _Status(msgspec.Struct):
    aggregate: _Aggregate = msgspec.field(name="aggregateStatus")
    system: _System = msgspec.field(name="guestOSInfo", default_factory=_System)


class _Upload(msgspec.Struct):
    """What the host plugin is asked to store; the blob's address and headers are of no use here."""

    content: str


def read_status(body: bytes, user_agent: str) -> Report:
    """The agent's own status, as waagent puts it every few seconds. Raises ValueError on any other shape.

    Sources: WALinuxAgent, protocol/hostplugin.py, _build_status_data (base64 inside JSON); protocol/wire.py,
    vm_status_to_v1.
    """
    try:
        upload = msgspec.json.decode(body, type=_Upload)
        status = msgspec.json.decode(b64decode(upload.content, validate=True), type=_Status)
    except (msgspec.MsgspecError, ValueError, RecursionError) as malformed:
        raise ValueError("not an agent's status") from malformed
    said, system = status.aggregate.agent, status.system
    return Report(
        speaker(user_agent)[0],
        Health.READY if said.status == "Ready" else Health.NOT_READY,
        description=_short(said.formatted_message.message, MAX_DESCRIPTION),
        agent_version=_short(said.version, 64),
        subject=Subject.AGENT,
        computer_name=_short(system.computer_name, 64),
        os_name=_short(system.os_name, 64),
        os_version=_short(system.os_version, 64),
    )


def _short(text: str | None, limit: int) -> str:
    return (text or "").strip()[:limit]
