"""Run by az's own Python: what az's parser makes of command lines, without carrying any out.

Reads a JSON list of argument lists (without ``az``), writes a JSON list: the values az would go on with, or under
``refused`` that it would not. Files that az reads for ``@`` are read: the caller's folder has what it may find.
"""

import contextlib
import io
import json
import sys
from typing import Any

from azure.cli.core import get_default_cli  # type: ignore[import-not-found]
from azure.cli.core.commands import _pre_command_table_create  # type: ignore[import-not-found]
from azure.cli.core.commands.events import EVENT_INVOKER_POST_LOAD_ARGUMENTS, EVENT_INVOKER_PRE_LOAD_ARGUMENTS  # type: ignore[import-not-found]
from knack.events import EVENT_INVOKER_POST_CMD_TBL_CREATE  # type: ignore[import-not-found]

WANTED = ("tags", "body", "url", "resource_group_name", "admin_username", "source", "image", "subnet", "ids")


def parsed(cli: Any, argv: list[str]) -> dict[str, Any]:
    invocation = cli.invocation_cls(
        cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls
    )
    cli.invocation = invocation
    args = _pre_command_table_create(cli, argv)
    invocation.commands_loader.load_command_table(args)
    command = invocation._rudimentary_get_command(args)
    invocation.data["command_string"] = command
    loader = invocation.commands_loader
    loader.command_table = {command: loader.command_table[command]}
    loader.command_name = command
    cli.raise_event(EVENT_INVOKER_PRE_LOAD_ARGUMENTS, commands_loader=loader)
    loader.load_arguments(command)
    cli.raise_event(EVENT_INVOKER_POST_LOAD_ARGUMENTS, commands_loader=loader)  # --ids
    cli.raise_event(EVENT_INVOKER_POST_CMD_TBL_CREATE, commands_loader=loader)  # --query, --yes
    invocation.parser.cli_ctx = cli
    invocation.parser.load_command_table(loader)
    found = vars(invocation.parser.parse_args(args))
    return {"command": command} | {
        name: found[name] for name in WANTED if isinstance(found.get(name), str | list | dict)
    }


def main() -> None:
    cli = get_default_cli()
    answers = []
    for argv in json.load(sys.stdin):
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                answers.append(parsed(cli, argv))
        except (SystemExit, Exception) as refused:
            answers.append({"refused": f"{type(refused).__name__} {refused} {said.getvalue()[-500:]}"})
    json.dump(answers, sys.stdout)


main()
