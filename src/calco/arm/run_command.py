"""Commands that a machine's guest runs: ``runCommand``, and the list of what there is to run."""

import re

from msgspec import Struct

from calco.arm import operations, reading
from calco.arm.call import Answer, Call, listed, ok
from calco.model import errors
from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.run_command import ARGUMENT_BYTES_MAX, ARGUMENTS_MAX, SCRIPT_BYTES_MAX, SHELL_SCRIPT
from calco.work import run_command as work

SCHEMA = "https://schema.management.azure.com/schemas/2016-11-17/runcommands.json"
WHAT = "Executes a Linux shell script"


class Parameter(Struct, rename="camel"):
    name: str | None = None
    value: str | None = None


class Body(Struct, rename="camel"):
    """Source: azure-mgmt-compute, RunCommandInput."""

    command_id: str | None = None
    script: list[str] | None = None
    parameters: list[Parameter] | None = None


def invoke(call: Call) -> Answer:
    """Accepted at once; what the script printed is the operation's output."""
    body, _ = reading.fit(call.body, Body)
    _check_command(body.command_id)
    if not body.script:
        raise errors.missing("script")
    # Scripts are written on all systems and run on this one.
    text = re.sub("\r\n?", "\n", "\n".join(body.script))
    if len(text.encode()) > SCRIPT_BYTES_MAX:
        raise errors.invalid("script", f"A script has at most {SCRIPT_BYTES_MAX} bytes.")
    accepted = work.run(call.cloud, work.Wish(call.id, text, _arguments(body.parameters or [])))
    assert accepted.operation is not None
    return operations.started(call, operations.Kind.MACHINE_COMMAND, accepted.operation, None)


def _check_command(id: str | None) -> None:
    if not id:
        raise errors.missing("commandId")
    if id.lower() == SHELL_SCRIPT.lower():
        return
    why = f"Send '{SHELL_SCRIPT}' with what is to be run as its script."
    if id.lower() == "runpowershellscript":
        why = f"PowerShell scripts are for Windows guests, in which nobody here takes commands yet. {why}"
    raise errors.invalid("commandId", f"'{id[:100]}' is no command of calco's. {why}")


def _arguments(sent: list[Parameter]) -> tuple[tuple[str, str], ...]:
    if len(sent) > ARGUMENTS_MAX:
        raise errors.invalid("parameters", f"A script takes at most {ARGUMENTS_MAX} parameters.")
    for number, each in enumerate(sent):
        if each.name is None:
            raise errors.missing(f"parameters[{number}].name")
        value = each.value or ""
        if "\0" in value or "\0" in each.name or len(value.encode()) > ARGUMENT_BYTES_MAX:
            raise errors.invalid(
                f"parameters[{number}].value", f"A value has at most {ARGUMENT_BYTES_MAX} bytes, none of them zero."
            )
    return tuple((each.name or "", each.value or "") for each in sent)


def list_all(call: Call) -> Answer:
    del call
    return listed([_summary()])


def get(call: Call) -> Answer:
    """Source: Azure, "Virtual Machine Run Commands - Get", its sample."""
    if call.variables["command"].lower() != SHELL_SCRIPT.lower():
        raise not_found(call.variables["command"])
    script: list[Json] = ["echo $1 $2"]
    parameters: list[Json] = [
        {"name": "arg1", "type": "string", "defaultValue": "hello", "required": False},
        {"name": "arg2", "type": "string", "defaultValue": "world", "required": False},
    ]
    return ok({**_summary(), "script": script, "parameters": parameters})


def not_found(id: str) -> ApiError:
    """Ours."""
    return ApiError(404, "NotFound", f"There is no run command '{id[:100]}'. {SHELL_SCRIPT} is the one there is.")


def _summary() -> Document:
    return {"$schema": SCHEMA, "id": SHELL_SCRIPT, "osType": "Linux", "label": WHAT, "description": WHAT}
