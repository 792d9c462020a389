"""What can be wrong with a template, in Azure's words: values with a name, as everywhere.

Inside an expression it is a ``Fault``, a sentence alone; whoever evaluates says where it was and makes an ApiError.
Sources: answers of Azure quoted in public issues (azure-quickstart-templates, azure-cli 6677, vscode-azurearmtools
493 and 531, contoso-chat 80, fabric-toolbox 398, and the tests of ArmLinter); sentences marked "ours" have no known
original. Azure's lines and columns count in the request; ours count in the template written without blanks.
"""

import json

from calco.model.document import Document, Json
from calco.model.errors import ApiError

USAGE = "Please see https://aka.ms/arm-template-expressions for usage details."
SHOWN = 300
"""Characters of a foreign text that are shown in a message."""


class Fault(Exception):
    """An expression that has no value: one sentence of Azure's, without saying where."""


class Unreadable(Fault):
    """A text that is no expression of the language."""


class Postponed(Exception):
    """The value will be known when the resource is there: ``reference()`` and ``list*()`` before anything is made."""


def short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def invalid(sentence: str, path: str = "") -> ApiError:
    """``path`` within the request, ``properties.template.resources[0]``, as Azure's additionalInfo has it."""
    return ApiError(400, "InvalidTemplate", f"Deployment template validation failed: '{sentence}'.", path or None)


def incomplete(name: str, path: str) -> ApiError:
    """A member that Azure's own reader demands, before it looks at the template at all."""
    return ApiError(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: "
        f"'Required property '{name}' not found in JSON. Path '{path}'.'.",
        path,
    )


def wrong_shape(path: str, wanted: str) -> ApiError:
    """Ours, after the sentence of Azure's reader."""
    return ApiError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{wanted} is expected. Path '{path}'.'.",
        path,
    )


def too_much(what: str, limit: int, there: int) -> ApiError:
    """Azure's limits, in a sentence of ours."""
    return invalid(
        f"The template has too many {what}: the number of {what} must not be more than '{limit}', and it is '{there}'. "
        "Please see https://aka.ms/arm-template for usage details."
    )


def at(template: Json, *path: str | int) -> str:
    """``at line '1' and column '702'``: where ``path`` lies in the template written without blanks."""
    return f"at line '1' and column '{_column(template, path)}'"


def _column(value: Json, path: tuple[str | int, ...]) -> int:
    column = 1
    for wanted in path:
        pairs: list[tuple[str | int, Json]]
        if isinstance(value, dict):
            pairs = list(value.items())
        elif isinstance(value, list):
            pairs = list(enumerate(value))
        else:
            return column
        column += 1
        for name, each in pairs:
            column += len(compact(name)) + 1 if isinstance(name, str) else 0
            if name == wanted:
                value = each
                break
            column += len(compact(each)) + 1
        else:
            return column
    return column


def compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def unreadable(why: str) -> ApiError:
    """Source: mspnp/microservices-reference-implementation issue 217."""
    return ApiError(
        400,
        "InvalidTemplate",
        f"Deployment template language expression evaluation failed: '{why}.'. {USAGE}",
    )


def resource_fault(name: str, where: str, why: str) -> ApiError:
    return invalid(f"The template resource '{short(name)}' {where} is not valid: {why}. {USAGE}")


def variable_fault(name: str, why: str) -> ApiError:
    return invalid(f"The template variable '{short(name)}' is not valid: {why}. {USAGE}")


def parameter_fault(name: str, where: str, why: str) -> ApiError:
    return invalid(f"The template parameter '{short(name)}' {where} is not valid: {why}. {USAGE}")


def output_fault(name: str, where: str, why: str) -> ApiError:
    return invalid(f"The template output '{short(name)}' {where} is not valid: {why}. {USAGE}")


def unprocessable(resource: str, where: str, why: str) -> ApiError:
    """An expression in a resource's body. Source: F5Networks/f5-azure-arm-templates issue 238."""
    return ApiError(
        400,
        "InvalidTemplate",
        f"Unable to process template language expressions for resource '{resource}' {where}. '{why}'",
    )


def outputs_failed(names: list[str], details: tuple[ApiError, ...]) -> ApiError:
    return ApiError(
        400,
        "DeploymentOutputEvaluationFailed",
        f"Unable to evaluate template outputs: '{short(','.join(names))}'. Please see error details and deployment "
        "operations. Please see https://aka.ms/arm-common-errors for usage details.",
        details=details,
    )


def output_failed(name: str, why: str) -> ApiError:
    return ApiError(
        400, "DeploymentOutputEvaluationFailed", f"The template output '{short(name)}' is not valid: {why}.", name
    )


def has_members(value: Json) -> Document:
    """``value`` as an object; an empty one when it is none."""
    return value if isinstance(value, dict) else {}
