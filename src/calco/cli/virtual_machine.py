"""``calco vm``: machines, and ways into them."""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, GroupOption, data_dir, note, show, show_one
from calco.cli.find import group_of, named
from calco.data_dir import DataDir
from calco.model.document import Document, Json, number_at, object_at, objects_at, text_at
from calco.model.ids import is_guid

if TYPE_CHECKING:
    from calco.cli.client import Client

TYPE = "Microsoft.Compute/virtualMachines"

app = typer.Typer(help="Virtual machines, and ways into them.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The machine's name.")]


@app.command("list", epilog="Examples:\n\n  calco vm list\n\n  calco vm list -g lab -o json")
def list_machines(
    group: GroupOption = None, form: FormOption = Form.TABLE, data_dir_given: DataDirOption = None
) -> None:
    """List machines with their states and addresses."""
    from calco.cli.addresses import Addresses
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    scope = f"{client.subscription}/resourceGroups/{group}" if group else client.subscription
    machines = [_with_view(client, each) for each in client.list(f"{scope}/providers/{TYPE}")]
    columns = {
        "name": "NAME", "group": "RESOURCE GROUP", "power": "POWER", "state": "STATE", "size": "SIZE",
        "private": "PRIVATE ADDRESS", "public": "PUBLIC ADDRESS",
    }  # fmt: skip
    addresses = Addresses(client)
    rows = [{**summary(each), **addresses.row(each)} for each in machines]
    show(form, columns, rows, list(machines))


@app.command("show", epilog="Examples:\n\n  calco vm show web1\n\n  calco vm show web1 -o json")
def show_machine(
    name: Name, group: GroupOption = None, form: FormOption = Form.TABLE, data_dir_given: DataDirOption = None
) -> None:
    """Show one machine: its state, disks and addresses."""
    from calco.cli.addresses import Addresses
    from calco.cli.client import connect

    data = data_dir(data_dir_given)
    client = connect(data)
    machine = _with_view(client, named(client, TYPE, "machine", name, group))
    agent = text_at(machine, "properties", "instanceView", "vmAgent", "vmAgentVersion")
    facts: dict[str, Json] = {
        **summary(machine),
        **Addresses(client).row(machine),
        **_disks(machine),
        "user": text_at(machine, "properties", "osProfile", "adminUsername"),
        "agent": agent,
        "vm id": text_at(machine, "properties", "vmId"),
        "ssh": f"calco vm ssh {text_at(machine, 'name')}",
        "id": text_at(machine, "id"),
    }
    show_one(form, facts, machine)


@app.command(
    "ssh",
    context_settings={"ignore_unknown_options": True},
    epilog="Examples:\n\n  calco vm ssh web1\n\n  calco vm ssh web1 -- uname -a\n\n  calco vm ssh -i key web1",
)
def ssh(
    name: Name,
    command: Annotated[list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="Run this instead.")] = None,
    user: Annotated[str | None, typer.Option("--user", "-l", help="Log in as; default: the admin user.")] = None,
    identity: Annotated[Path | None, typer.Option("--identity", "-i", help="The private key to use.")] = None,
    group: GroupOption = None,
    data_dir_given: DataDirOption = None,
) -> None:
    """Log in to a machine by SSH, whatever its network looks like from here."""
    from calco.cli.client import connect

    data = data_dir(data_dir_given)
    running = data.running()
    if running is not None and running.hypervisor == "simulated":
        raise Failure(
            "machines are simulated here: there is none to log in to", "For real ones: calco up --data-dir ANOTHER"
        )
    machine = named(connect(data), TYPE, "machine", name, group)
    account = user or text_at(machine, "properties", "osProfile", "adminUsername")
    if account is None:
        raise Failure(f"{name} was made from a specialized disk: its users are not known here", "Say one with -l.")
    argv = ssh_argv(data, name, _vm_id(machine), account, identity, command or [])
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - ssh takes this process's place and terminal
    except OSError as missing:
        raise Failure(f"ssh cannot be run: {missing}", "Install it: apt-get install openssh-client") from missing


def ssh_argv(
    data: DataDir, name: str, vm_id: str, account: str, identity: Path | None, command: list[str]
) -> list[str]:
    """The ssh command. Its host is a name that no entry of the user's own configuration stands for. Each machine's host
    key is kept in a file of its own, by vmId: a new machine of an old name is another machine, and no key of it gets
    into the user's own known_hosts."""
    proxy = [sys.executable, "-m", "calco", "vm", "connect", "--data-dir", os.fspath(data.root), vm_id, "22"]
    options = {
        # ssh reads percent signs in it as tokens and gives it to a shell.
        "ProxyCommand": shlex.join(proxy).replace("%", "%%"),
        "HostKeyAlias": vm_id,
        "UserKnownHostsFile": shlex.quote(os.fspath(data.known_hosts / vm_id)).replace("%", "%%"),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "accept-new",
        "UpdateHostKeys": "no",
        "LogLevel": "ERROR",
    }
    argv = ["ssh"]
    for option, value in options.items():
        argv += ["-o", f"{option}={value}"]
    if identity is not None:
        argv += ["-i", os.fspath(identity), "-o", "IdentitiesOnly=yes"]
    else:
        # Keys that calco itself made, beside the user's own.
        argv += [
            word for key in sorted((data.root / "keys").glob("*.pub")) for word in ("-i", str(key.with_suffix("")))
        ]
    return [*argv, "-l", account, "--", f"{name}.calco", *command]


@app.command("connect", hidden=True)
def connect_port(
    name: Annotated[str, typer.Argument(metavar="NAME|VMID")],
    port: Annotated[int, typer.Argument(min=1, max=65535)],
    group: GroupOption = None,
    data_dir_given: DataDirOption = None,
) -> None:
    """Join standard input and output to a TCP port of a machine (what ssh calls a ProxyCommand)."""
    from calco.cli import door

    data = data_dir(data_dir_given)
    caller, first = door.knock(data.door, {"want": "port", "machine": _find_vm_id(data, name, group), "port": port})
    door.join(caller, first, sys.stdin.fileno(), sys.stdout.fileno())
    # What still waits for standard input must not keep the process: the far side is gone.
    sys.stdout.flush()
    os._exit(0)


@app.command("console", epilog="Examples:\n\n  calco vm console web1\n\n  calco vm console web1 --screenshot web1.png")
def console(
    name: Name,
    screenshot: Annotated[Path | None, typer.Option("--screenshot", help="Save its screen as PNG instead.")] = None,
    group: GroupOption = None,
    data_dir_given: DataDirOption = None,
) -> None:
    """Print what a machine's serial console has shown so far, or save its screen."""
    from calco.cli import door

    data = data_dir(data_dir_given)
    vm_id = _find_vm_id(data, name, group)
    if screenshot is not None:
        screenshot.write_bytes(door.fetch(data.door, {"want": "screenshot", "machine": vm_id}))
        note(f"saved {screenshot}")
        return
    said = door.fetch(data.door, {"want": "console", "machine": vm_id})
    if sys.stdout.isatty():
        # A guest could send sequences that reprogram this terminal.
        text = said.decode(errors="replace")
        sys.stdout.write("".join(each for each in text if each.isprintable() or each in "\n\t"))
    else:
        sys.stdout.buffer.write(said)
    sys.stdout.flush()


def summary(machine: Document) -> dict[str, Json]:
    """A machine's row."""

    power = [
        code.partition("/")[2]
        for each in objects_at(machine, "properties", "instanceView", "statuses")
        if (code := text_at(each, "code") or "").startswith("PowerState/")
    ]
    return {
        "name": text_at(machine, "name"),
        "group": group_of(machine),
        "power": power[0] if power else None,
        "state": text_at(machine, "properties", "provisioningState"),
        "size": text_at(machine, "properties", "hardwareProfile", "vmSize"),
    }


def _with_view(client: "Client", machine: Document) -> Document:
    """The machine with its instance view: lists do not carry it."""
    view = client.get(f"{text_at(machine, 'id')}/instanceView")
    return {**machine, "properties": {**object_at(machine, "properties"), "instanceView": view}}


def _disks(machine: Document) -> dict[str, Json]:
    storage = object_at(machine, "properties", "storageProfile")
    shown: dict[str, Json] = {"os disk": text_at(storage, "osDisk", "name")}
    for disk in objects_at(storage, "dataDisks"):
        shown[f"lun {number_at(disk, 'lun')}"] = text_at(disk, "name")
    return shown


def _vm_id(machine: Document) -> str:
    vm_id = text_at(machine, "properties", "vmId") or ""
    if not is_guid(vm_id):
        raise Failure(f"{text_at(machine, 'name')} has no vmId yet", "Wait until it is created: calco vm list")
    return vm_id.lower()


def _find_vm_id(data: DataDir, name: str, group: str | None) -> str:
    if is_guid(name):
        return name.lower()
    from calco.cli.client import connect

    return _vm_id(named(connect(data), TYPE, "machine", name, group))
