"""A change, followed to its end with its progress shown; and the object by which Az says how it ended."""

from calco.cloudshell.api import Ended
from calco.cloudshell.az.declaration import columns
from calco.cloudshell.az.record import parse_time
from calco.cloudshell.cmdlet import Call, View
from calco.cloudshell.values import Record, Value
from calco.model.document import Json

LONG_RUNNING = "Microsoft.Azure.Commands.Compute.Models.PSComputeLongRunningOperation"
RESPONSE = "Microsoft.Azure.Commands.Compute.Models.PSAzureOperationResponse"
_CODES = (*columns("RequestId"), *columns("IsSuccessStatusCode StatusCode", right=True), *columns("ReasonPhrase"))
ANSWERS = (
    View(LONG_RUNNING, columns("OperationId Status StartTime EndTime Error")),
    View(RESPONSE, _CODES, table=True),
)


def change(
    call: Call,
    activity: str,
    method: str,
    path: str,
    body: Json = None,
    *,
    query: dict[str, str] | None = None,
    wait: bool = True,
) -> Ended:
    """Ask for a change and follow it to its end, telling the host ``activity`` and how far it is. What it warns of
    becomes warnings. Raises Refused and Unreachable."""
    host = call.shell.host

    def step(status: str, percent: int | None) -> None:
        host.progress(activity, status, percent)

    step("", None)  # polls are held open: the first answer may be seconds away
    try:
        ended = call.shell.api.change(method, path, body, query=query, wait=wait, step=step)
    finally:
        host.done(activity)
    for warning in ended.warnings:
        call.warn(warning)
    return ended


def long_running(ended: Ended) -> Record:
    """PSComputeLongRunningOperation. Source: Azure/azure-powershell, Compute/Models."""
    members: dict[str, Value] = {
        "OperationId": ended.operation_id or None,
        "Status": ended.status,
        "StartTime": parse_time(ended.started),
        "EndTime": parse_time(ended.ended),
        "Error": None,
        "Name": None,
    }
    return Record.of(LONG_RUNNING, members)


def response(status: str = "OK", reason: str = "OK") -> Record:
    """PSAzureOperationResponse. Source: Azure/azure-powershell, Compute/Models."""
    members: dict[str, Value] = {
        "RequestId": None,
        "IsSuccessStatusCode": True,
        "StatusCode": status,
        "ReasonPhrase": reason,
    }
    return Record.of(RESPONSE, members)
