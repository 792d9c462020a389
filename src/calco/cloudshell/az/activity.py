"""The activity log: who changed what, and how it went. Source: Microsoft Learn, Get-AzActivityLog."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from calco.cloudshell.az.declaration import Takes, cmdlet, of, optional, plain, switch
from calco.cloudshell.az.given import given, moment
from calco.cloudshell.az.noun import later, list_view, utc
from calco.cloudshell.az.record import Family, Shape, read
from calco.cloudshell.az.target import subscription
from calco.cloudshell.cmdlet import Call, Module
from calco.cloudshell.values import Value

_FAMILY = Family(
    "Microsoft.Azure.Commands.Insights.OutputClasses.",
    {
        "PSEventData": Shape(
            "Authorization:PSEventDataAuthorization Caller Category=category.value CorrelationId Description "
            "EventDataId EventName=eventName.value EventTimestamp~ Id Level OperationId "
            "OperationName=operationName.value Properties{} ResourceGroupName=resourceGroupName ResourceId "
            "ResourceProviderName=resourceProviderName.value ResourceType=resourceType.value Status=status.value "
            "SubStatus=subStatus.value SubmissionTimestamp~ SubscriptionId"
        ),
        "PSEventDataAuthorization": Shape("Action Scope"),
    },
)
EVENT = _FAMILY["PSEventData"]
_DAYS, _MOST = 7, 1000
"""Source: Microsoft Learn, Get-AzActivityLog, -StartTime and -MaxRecord."""
_FILTERS = (
    "resourceGroupName=ResourceGroupName resourceUri=ResourceId resourceProvider=ResourceProvider "
    "correlationId=CorrelationId status=Status caller=Caller"
)


def _get(call: Call) -> Iterable[Value]:
    until = moment(call, "EndTime") or call.shell.clock.now()
    since = moment(call, "StartTime") or later(until, timedelta(days=-_DAYS))
    terms = [f"eventTimestamp ge '{_text(since)}'", f"eventTimestamp le '{_text(until)}'"]
    terms += [f"{name} eq '{_quoted(str(value))}'" for name, value in given(call, _FILTERS).items()]
    api = call.shell.api
    where = f"{subscription(api)}/providers/Microsoft.Insights/eventtypes/management/values"
    asked = {"api-version": "2015-04-01", "$filter": " and ".join(terms)}
    most = call.number("MaxRecord")
    for each in islice(api.list(where, asked), _MOST if most is None else max(most, 0)):
        yield read(EVENT, each)


def _text(moment: datetime) -> str:
    return f"{utc(moment).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


MODULE = Module(
    of(
        "Az.Monitor",
        cmdlet(
            "Get-AzActivityLog",
            "Gets what was done in the subscription, newest first.",
            _get,
            optional(
                "ResourceGroupName", "Only in this resource group.", aliases="ResourceGroup", completes="resourceGroups"
            ),
            optional("ResourceId", "Only with this resource."),
            optional("ResourceProvider", "Only with resources of this provider."),
            optional("CorrelationId", "Only what was one request's doing."),
            plain("StartTime", f"From when on; {_DAYS} days before the end unless told.", kind=Takes.DATE),
            plain("EndTime", "Until when; now unless told.", kind=Takes.DATE),
            plain("Status", "Only what went so: Succeeded, Failed, Started."),
            plain("Caller", "Only what this user or principal did."),
            plain(
                "MaxRecord", f"How many at most; {_MOST} unless told.", kind=Takes.INT, aliases="MaxRecords MaxEvents"
            ),
            switch("DetailedOutput", "Taken; all there is, is shown either way."),
            aliases="Get-AzLog",
            output=EVENT.type,
            examples={
                "What failed today.": "Get-AzActivityLog -StartTime (Get-Date).AddDays(-1) -Status Failed",
                "Who did what in a group.": "Get-AzActivityLog -ResourceGroupName lab "
                "| Select-Object EventTimestamp, Caller, OperationName, Status",
            },
        ),
    ),
    (list_view(EVENT),),
)
