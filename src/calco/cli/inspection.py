"""``calco vm|image|disk|snapshot check``: what is on a disk, looked at by the service; whatever anybody has flagged."""

import json
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, GroupOption, data_dir
from calco.cli.find import group_of, named
from calco.cli.inspection_text import Next, Steps, show_report
from calco.model.document import Document, text_at
from calco.model.inspection import Report, Severity, Verdict, document, full_document, report_from

if TYPE_CHECKING:
    from calco.cli.client import Client

MACHINES = "Microsoft.Compute/virtualMachines"
IMAGES = "Microsoft.Compute/images"
DISKS = "Microsoft.Compute/disks"
SNAPSHOTS = "Microsoft.Compute/snapshots"
LOOK = "providers/Calco/inspect"
LOOK_AT_BLOB = "providers/Calco/inspectBlob"

STATUSES = (
    "\b\n"  # click: as it stands
    "Exit status:\n"
    "  0  a verdict, and nothing worse than advice\n"
    "  3  it leaks identity or secrets\n"
    "  4  it blocks boot\n"
    "  5  the verdict is unknown, and nothing worse is known\n"
    "  1  it could not be looked at\n"
    "  2  a mistake in the command"
)
DEPROVISION = "sudo waagent -deprovision+user -force"
SYSPREP = r"C:\Windows\System32\Sysprep\sysprep.exe /generalize /oobe /mode:vm /shutdown"

AllOption = Annotated[bool, typer.Option("--all", help="Show every check: how advice is mended, and what is in order.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]

disk_app = typer.Typer(help="Managed disks.", no_args_is_help=True, rich_markup_mode=None)
snapshot_app = typer.Typer(help="Snapshots of disks.", no_args_is_help=True, rich_markup_mode=None)


def examples(command: str, *more: str) -> str:
    """The foot of a check's help."""
    return help_foot(command, f"{command} --all", f"{command} -o json", *more)


def help_foot(*lines: str) -> str:
    """What the exit status means, and examples."""
    return "\n\n".join([STATUSES, "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])])


def check_machine(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The machine's name. It must not run.")],
    group: GroupOption = None,
    every: AllOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at a stopped machine's OS disk: is it generalized, what does it leak, what keeps it from booting?"""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    machine = named(client, MACHINES, "machine", name, group)
    report = look_at_machine(client, machine)
    answer(report, machine_steps(machine, report), every=every, form=form)


def check_image(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The image's name.")],
    group: GroupOption = None,
    every: AllOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at an image's OS disk: is it generalized, what does it leak, what keeps it from booting?"""
    _check(IMAGES, "image", name, group, every, form, data_dir_given)


@disk_app.command("check", epilog=examples("calco disk check web1-os", "calco disk check web1-os -g lab"))
def check_disk(
    name: Name,
    group: GroupOption = None,
    every: AllOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at a disk that nobody writes to: is it generalized, what does it leak, what keeps it from booting?"""
    _check(DISKS, "disk", name, group, every, form, data_dir_given)


@snapshot_app.command("check", epilog=examples("calco snapshot check before", "calco snapshot check before -g lab"))
def check_snapshot(
    name: Name,
    group: GroupOption = None,
    every: AllOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at a snapshot, also of a running machine's disk: is it generalized, what does it leak?"""
    _check(SNAPSHOTS, "snapshot", name, group, every, form, data_dir_given)


def _check(
    type: str, what: str, name: str, group: str | None, every: bool, form: Form, data_dir_given: str | None
) -> None:
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    resource = named(client, type, what, name, group)
    report = look(client, _id(resource))
    answer(report, resource_steps(what, resource, report), every=every, form=form)


def look_at_machine(client: "Client", machine: Document) -> Report:
    """The service's look at a machine's OS disk, now. Raises Failure."""
    from calco.cli.client import ApiFailure

    try:
        return look(client, _id(machine))
    except ApiFailure as refused:
        if refused.status != 409:
            raise
        deallocate = f"calco az -- vm deallocate {_by_name(machine)}"
        raise Failure(
            refused.message, f"Stop it: {deallocate}; or look at a snapshot of its disk: calco snapshot check NAME"
        ) from refused


def look(client: "Client", id: str) -> Report:
    """The service's look at the resource, now. Raises Failure."""
    return _asked(client, f"{id}/{LOOK}", None, id.rpartition("/")[2])


def look_at_blob(client: "Client", url: str) -> Report:
    """The service's look at a VHD among its blobs. Raises Failure."""
    shown = url.partition("?")[0].rpartition("/")[2]  # behind the question mark may be a signature
    return _asked(client, f"{client.subscription}/{LOOK_AT_BLOB}", {"blobUri": url}, shown)


def _asked(client: "Client", path: str, body: Document | None, shown: str) -> Report:
    from calco.cli.progress import patient

    with patient(f"Looking at {shown}"):
        said = client.send("POST", path, body)
    try:
        return report_from(said.json())
    except ValueError as foreign:
        raise Failure("what the service answers is no report", "Is it of this version? calco status") from foreign


def answer(report: Report, steps: Steps, *, every: bool, form: Form) -> None:
    """Show the report, and end with its status."""
    if form is Form.JSON:
        print(json.dumps(full_document(report) if every else document(report), indent=2))
    else:
        show_report(report, steps, every=every)
    raise typer.Exit(status(report))


def status(report: Report) -> int:
    """The command's exit status: what a pipeline stops at."""
    match report.worst:
        case Severity.BLOCKS_BOOT:
            return 4
        case Severity.LEAKS:
            return 3
        case _:
            return 5 if report.verdict is Verdict.UNKNOWN else 0


# --- what next -------------------------------------------------------------------------------------------------------


def machine_steps(machine: Document, report: Report) -> Steps:
    """Mending is done in the machine, which therefore has to be generalized anew."""
    name, by_name = shlex.quote(text_at(machine, "name") or ""), _by_name(machine)
    sign_in = [f"calco vm ssh {name} {_in_group(machine)}"] if report.os.type == "Linux" else []
    return Steps(
        Next(
            "start it, mend this in it, generalize it as the last thing, and look again:",
            [
                f"calco az -- vm start {by_name}",
                *sign_in,
                *generalizing(report),
                f"calco az -- vm deallocate {by_name}",
                f"calco vm check {name} {_in_group(machine)}",
            ],
        ),
        Next(
            "mark it as generalized, which is Azure's flag, and capture it:",
            [
                f"calco az -- vm generalize {by_name}",
                f"calco az -- image create {_in_group(machine)} -n IMAGE --source {name}",
            ],
        ),
    )


def resource_steps(what: str, resource: Document, report: Report) -> Steps:
    """Of an image, a disk or a snapshot."""
    name, group = shlex.quote(text_at(resource, "name") or ""), _in_group(resource)
    if what == "image":
        go_on = Next("make machines of it:", [f"calco az -- vm create {group} -n NAME --image {name}"])
    else:
        of = f"--os-type {report.os.type} --source {name}"
        go_on = Next("make an image of it:", [f"calco az -- image create {group} -n IMAGE {of}"])
    again = [*generalizing(report), f"calco {what} check {name} {group}"]
    return Steps(Next("mend this in the machine it came from, generalize that, and make it anew:", again), go_on)


def generalizing(report: Report) -> list[str]:
    """What is run last in the machine."""
    return {"Linux": [DEPROVISION], "Windows": [SYSPREP]}.get(report.os.type, [])


def _by_name(resource: Document) -> str:
    return f"{_in_group(resource)} -n {shlex.quote(text_at(resource, 'name') or '')}"


def _in_group(resource: Document) -> str:
    return f"-g {shlex.quote(group_of(resource) or '')}"


def _id(resource: Document) -> str:
    return text_at(resource, "id") or ""
