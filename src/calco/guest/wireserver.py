"""Azure's wireserver (168.63.129.16, port 80), as a function from a guest's request to its answer.

cloud-init fetches the goal state and reports Ready; waagent fetches it again and again, with three more documents it
names, and reports too. Everything a guest is called here is derived from its vmId, so that a machine keeps its names
over restarts and a clone has its own.
Sources: cloud-init 22.4.2, sources/helpers/azure.py; WALinuxAgent 2.7.3, protocol/goal_state.py and protocol/wire.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote
from uuid import UUID, uuid5
from xml.sax.saxutils import escape, quoteattr

from calco.guest.exchange import Answer, Reply, Request, not_allowed, not_found, xml_answer
from calco.guest.reports import MAX_REPORT_BYTES, read_health
from calco.model.document import text_at
from calco.model.guest import Guest
from calco.model.subnet import WIRESERVER

_NAMES: Final = UUID("c0a5a7f8-3c0f-5f5e-9f0e-6a2f2f1f7c11")
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_SCHEMAS: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'


@dataclass(frozen=True)
class Place:
    """What the fabric calls a guest. ``instance`` is ``{deployment}._{machine name}``, as Azure composes it."""

    container: str
    deployment: str
    name: str

    @property
    def instance(self) -> str:
        return f"{self.deployment}._{self.name}"


def place(guest: Guest) -> Place:
    """The guest's names in the fabric: functions of its vmId and its machine's name."""
    container, deployment = (str(uuid5(_NAMES, f"{kind} {guest.vm_id}")) for kind in ("container", "deployment"))
    return Place(container, deployment, text_at(guest.compute, "name") or guest.vm_id)


def answer(request: Request, guest: Guest) -> Reply:
    """What the wireserver says to ``guest``, and the health it reported, if it did."""
    method, reply = CALLS.get(_call(request), (request.method, _unknown))
    return reply(request, guest) if request.method == method else Reply(not_allowed(method))


def _call(request: Request) -> tuple[str, str]:
    """The call's name in the table: its path, with the part that names the guest left out, and its ``comp``."""
    segments, parameters = request.segments, request.parameters
    if segments is None or parameters is None:
        return "", ""
    match segments:
        case ["machine", _, _]:
            route = "machine/.."
        case _:
            route = "/".join(segments)
    return route, parameters.get("comp", "").lower()


def _unknown(_request: Request, _guest: Guest) -> Reply:
    return Reply(not_found())


def _versions(_request: Request, _guest: Guest) -> Reply:
    return Reply(xml_answer(VERSIONS))


def _goal_state(_request: Request, guest: Guest) -> Reply:
    return Reply(xml_answer(goal_state(guest)))


def _config(request: Request, guest: Guest) -> Reply:
    """One of the documents the goal state names."""
    config = CONFIGS.get((request.parameters or {}).get("type", ""))
    return Reply(not_found() if config is None else xml_answer(config(guest)))


def _health(request: Request, _guest: Guest) -> Reply:
    if len(request.body) > MAX_REPORT_BYTES:
        return Reply(Answer(413))
    try:
        return Reply(Answer(200), read_health(request.body, request.headers.get("user-agent", "")))
    except ValueError:
        return Reply(Answer(400))


def _role_properties(_request: Request, _guest: Guest) -> Reply:
    """The SSH host key's thumbprint: nobody reads it. waagent takes 202 and nothing else for success."""
    return Reply(Answer(202))


def _dropped(_request: Request, _guest: Guest) -> Reply:
    """Telemetry, and what the agent thinks of its host: taken, so that the agent stays calm, and not kept."""
    return Reply(Answer(200))


# Both: waagent and cloud-init speak the older one, cloudbase-init the newer.
VERSIONS: Final = (
    _HEAD + f"<Versions {_SCHEMAS}>"
    "<Preferred><Version>2015-04-05</Version></Preferred>"
    "<Supported><Version>2015-04-05</Version><Version>2012-11-30</Version></Supported>"
    "</Versions>"
)


def goal_state(guest: Guest) -> str:
    """Where the guest stands and where its documents are. No Certificates: a key is given by value, so none are needed
    and neither agent asks for any."""
    here = place(guest)
    path = f"http://{WIRESERVER}:80/machine/{here.container}/{quote(here.instance, safe='')}"
    links = "".join(
        f"<{name}>{escape(f'{path}?comp=config&type={type}&incarnation={guest.incarnation}')}</{name}>"
        for name, type in (
            ("HostingEnvironmentConfig", "hostingEnvironmentConfig"),
            ("SharedConfig", "sharedConfig"),
            ("ExtensionsConfig", "extensionsConfig"),
        )
    )
    config = f"{here.deployment}.{guest.incarnation}.{here.deployment}.0.{here.name}.1.xml"
    return (
        f"{_HEAD}<GoalState {_SCHEMAS}>"
        "<Version>2012-11-30</Version>"
        f"<Incarnation>{guest.incarnation}</Incarnation>"
        "<Machine><ExpectedState>Started</ExpectedState><StopRolesDeadlineHint>300000</StopRolesDeadlineHint>"
        "<LBProbePorts><Port>16001</Port></LBProbePorts><ExpectHealthReport>FALSE</ExpectHealthReport></Machine>"
        f"<Container><ContainerId>{here.container}</ContainerId><RoleInstanceList><RoleInstance>"
        f"<InstanceId>{escape(here.instance)}</InstanceId><State>Started</State>"
        f"<Configuration>{links}<ConfigName>{escape(config)}</ConfigName></Configuration>"
        "</RoleInstance></RoleInstanceList></Container>"
        "</GoalState>"
    )


def hosting_environment(guest: Guest) -> str:
    """What waagent takes its machine's, role's and deployment's names from."""
    here = place(guest)
    return (
        f'{_HEAD}<HostingEnvironmentConfig version="1.0.0.0" goalStateIncarnation="{guest.incarnation}">'
        f"<Deployment name={quoteattr(here.deployment)} guid={quoteattr('{' + here.deployment + '}')} "
        f'incarnation="0" isNonCancellableTopologyChangeEnabled="false"/>'
        f'<Incarnation number="1" instance={quoteattr(here.name)} guid={quoteattr("{" + here.container + "}")}/>'
        f'<Role guid={quoteattr("{" + here.container + "}")} name={quoteattr(here.name)} settleTimeSeconds="0"/>'
        "</HostingEnvironmentConfig>"
    )


def shared_config(guest: Guest) -> str:
    """Who else is in the deployment: nobody."""
    here = place(guest)
    address = guest.nics[0].private_address if guest.nics else ""
    return (
        f'{_HEAD}<SharedConfig version="1.0.0.0" goalStateIncarnation="{guest.incarnation}">'
        f"<Deployment name={quoteattr(here.deployment)} guid={quoteattr('{' + here.deployment + '}')} "
        'incarnation="0" isNonCancellableTopologyChangeEnabled="false"/>'
        f'<Incarnation number="1" instance={quoteattr(here.name)} guid={quoteattr("{" + here.container + "}")}/>'
        f'<Role guid={quoteattr("{" + here.container + "}")} name={quoteattr(here.name)} settleTimeSeconds="0"/>'
        '<LoadBalancerSettings timeoutSeconds="0" waitLoadBalancerProbeCount="8"><Probes/></LoadBalancerSettings>'
        f"<OutputEndpoints/><Instances><Instance id={quoteattr(here.name)} address={quoteattr(address)}/></Instances>"
        "</SharedConfig>"
    )


def extensions_config(guest: Guest) -> str:
    """No extensions, no agent updates; and where to put the agent's status.

    Without a StatusUploadBlob waagent never tells its status. It puts it through the host plugin, which reads it (see
    ``hostplugin``); the blob itself does not exist, and its address can be reached by nobody.
    """
    blob = f"https://{guest.vm_id}.status.blob.invalid/$system/{quote(place(guest).name, safe='')}.status"
    return (
        f'{_HEAD}<Extensions version="1.0.0.0" goalStateIncarnation="{guest.incarnation}">'
        '<GuestAgentExtension xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><GAFamilies/><Location/>'
        "</GuestAgentExtension>"
        f'<Plugins/><PluginSettings/><StatusUploadBlob statusBlobType="BlockBlob">{escape(blob)}</StatusUploadBlob>'
        "</Extensions>"
    )


CONFIGS: Final[Mapping[str, Callable[[Guest], str]]] = MappingProxyType({
    "hostingEnvironmentConfig": hosting_environment,
    "sharedConfig": shared_config,
    "extensionsConfig": extensions_config,
})  # fmt: skip

CALLS: Final[Mapping[tuple[str, str], tuple[str, Callable[[Request, Guest], Reply]]]] = MappingProxyType({
    ("", "versions"): ("GET", _versions),
    ("machine", "goalstate"): ("GET", _goal_state),
    ("machine/..", "config"): ("GET", _config),
    ("machine", "health"): ("POST", _health),
    ("machine", "roleproperties"): ("POST", _role_properties),
    ("machine", "telemetrydata"): ("POST", _dropped),
    ("HealthService", ""): ("POST", _dropped),
})  # fmt: skip
"""Every call there is: path and ``comp`` lead to the method and who answers."""
