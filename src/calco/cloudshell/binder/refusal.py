"""What the API refused, as the Az cmdlets say it.

Source: azure-powershell, src/Compute/Compute/Common/ComputeCloudException.cs (the lines of the message);
src/Common, AzurePSCmdlet.WriteExceptionError (the category; that it ends nothing).
"""

from http import HTTPStatus

from calco.cloudshell.api import Refused, Unreachable
from calco.cloudshell.errors import Fault


def fault_of(refused: Refused | Unreachable) -> Fault:
    """The error record's fault, not yet placed."""
    if isinstance(refused, Unreachable):
        return Fault(
            str(refused), "Unreachable", category="CloseError", exception="System.Net.Http.HttpRequestException"
        )
    return Fault(
        "\n".join(_lines(refused)),
        refused.code,
        category="CloseError",
        exception="Microsoft.Azure.Commands.Compute.Common.ComputeCloudException",
        code=refused.code,
        status=refused.status,
    )


def _lines(refused: Refused) -> list[str]:
    failed = refused.status == HTTPStatus.OK  # the operation did, after it had been accepted
    return [
        f"Long running operation failed with status 'Failed'. Additional Info:'{refused.message}'"
        if failed
        else refused.message,
        f"ErrorCode: {refused.code}",
        f"ErrorMessage: {refused.message}",
        "ErrorTarget: ",
        *(
            ["Status: Failed"]
            if failed
            else [f"StatusCode: {refused.status}", f"ReasonPhrase: {_phrase(refused.status)}"]
        ),
    ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
