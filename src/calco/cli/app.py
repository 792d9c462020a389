"""The command line's tree of commands."""

import sys

import typer

from calco import __version__
from calco.cli import (
    az,
    demo,
    doctor,
    environment,
    image,
    image_transfer,
    inspection,
    log,
    portal,
    service,
    service_principal,
    shell,
    user,
    vhd,
    virtual_machine,
)
from calco.cli.common import Failure, note

EXAMPLES = """
Examples:

  calco up --detach                      start the service in the background

  eval "$(calco env)"                    let Azure's clients in this shell find it

  calco az -- vm list -d -o table        run az against it, in a profile of its own

  calco open                             the portal, in your browser

  calco shell                            the Cloud Shell: Azure PowerShell's cmdlets

  calco vm list                          machines and their states

  calco vm ssh web1 -- uname -a          run a command in a guest

  calco down                             stop the service; guests go on
"""

app = typer.Typer(
    help="Managed images of generalized virtual machines, captured and deployed on this machine.",
    epilog=EXAMPLES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"calco {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _show: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, expose_value=False, help="Show the version."
    ),
) -> None:
    """Managed images of generalized virtual machines, captured and deployed on this machine."""


for command in (service.up, service.down, service.status):
    app.command(epilog=service.EXAMPLES[command.__name__])(command)
app.command("env", epilog=environment.EXAMPLES)(environment.env)
app.command("az", epilog=az.EXAMPLES)(az.az)
app.command("shell", epilog=shell.EXAMPLES, context_settings=shell.CONTEXT)(shell.shell)
app.command("open", epilog=portal.EXAMPLES)(portal.open_portal)
app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
app.command("log", epilog=log.EXAMPLES)(log.log)
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
virtual_machine.app.command("check", epilog=inspection.examples("calco vm check web1"))(inspection.check_machine)
app.add_typer(virtual_machine.app, name="vm")
image.app.command("import", epilog=image_transfer.IMPORT_EXAMPLES)(image_transfer.import_image)
image.app.command("export", epilog=image_transfer.EXPORT_EXAMPLES)(image_transfer.export_image)
image.app.command("check", epilog=inspection.examples("calco image check golden"))(inspection.check_image)
app.add_typer(image.app, name="image")
app.add_typer(inspection.disk_app, name="disk")
app.add_typer(inspection.snapshot_app, name="snapshot")
app.add_typer(vhd.app, name="vhd")
app.add_typer(user.app, name="user")
app.add_typer(service_principal.app, name="sp")


def run() -> None:
    """Run what the command line says; a failure is told in words, never as a traceback."""
    try:
        app()
    except Failure as failed:
        note(f"calco: {failed.message}")
        if failed.hint:
            note(f"  {failed.hint}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        sys.exit(141)
