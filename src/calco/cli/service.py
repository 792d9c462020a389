"""``calco up``, ``down``, ``status``: the service itself."""

import inspect
import os
import select
import sys
from collections.abc import Callable
from typing import Annotated, Any, cast

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, data_dir, note, show_one
from calco.data_dir import DataDir, DataDirTaken, DataDirUnfit, Running, log_tail
from calco.model.document import Document
from calco.settings import Row, Settings, SettingsError, load, rows

START_SECONDS = 120
"""How long a detached service may take to answer; finding out what its machines do is part of it."""

EXAMPLES = {
    "up": "Examples:\n\n  calco up --detach\n\n  calco up --hypervisor simulated --data-dir lab --port 9443",
    "down": "Examples:\n\n  calco down             guests go on\n\n  calco down --guests    nothing goes on",
    "status": "Examples:\n\n  calco status\n\n  calco status -o json",
}


def _run_up(*, detach: bool, **flags: str | None) -> None:
    try:
        settings = load(flags)
    except SettingsError as wrong:
        raise Failure(str(wrong)) from wrong
    if detach:
        _start_detached(settings, flags)
    else:
        _serve(settings)


def _serve(settings: Settings) -> None:
    from calco.background import CannotServe, serve

    data = DataDir(settings.data_dir)

    def ready(running: Running) -> None:
        note(f"calco answers at {running.url}; data in {data.root}. Ctrl-C stops it, guests go on.")
        note(f'In another shell: eval "$(calco env{_same(data)})", or for the portal: calco open{_same(data)}')

    try:
        serve(settings, ready, also_stderr=True)
    except CannotServe as why:
        raise Failure(str(why)) from why


def _start_detached(settings: Settings, flags: dict[str, str | None]) -> None:
    """Start the service anew in the background and wait until it answers."""
    from calco import process

    data = DataDir(settings.data_dir)
    try:
        data.prepare()
    except DataDirUnfit as why:
        raise Failure(str(why)) from why
    if (running := data.running()) is not None:
        note(f"calco already runs: {running.url}, process {running.process.pid}")
        return
    given = {**flags, "data_dir": str(data.root)}
    words = [word for row in rows() if (text := given.get(row.name)) is not None for word in (row.flag, text)]
    said = data.logs / "service.out"
    said.unlink(missing_ok=True)
    read_end, write_end = os.pipe()
    try:
        argv = [sys.executable, "-m", "calco.background", *words, "--ready-fd", str(write_end)]
        started = process.spawn(argv, log=said, pass_fds=[write_end])
    finally:
        os.close(write_end)
    readable, _, _ = select.select([read_end], [], [], START_SECONDS)
    answers = bool(readable) and os.read(read_end, 1) == b"1"
    os.close(read_end)
    running = data.running()
    if answers and running is not None:
        note(f"calco answers at {running.url}; process {running.process.pid}, data in {data.root}, log in {data.logs}")
        note(f'Next: eval "$(calco env{_same(data)})", or for the portal: calco open{_same(data)}')
        return
    if not readable:
        process.end(started, grace_seconds=5)
    reason = log_tail(said) or "it said nothing"
    raise Failure(f"the service did not start:\n{reason}", f"Its log: {data.logs / 'service.log'}")


def _same(data: DataDir) -> str:
    """The flag that names this data directory, empty when the next command finds it anyway."""
    return "" if load({}).data_dir == data.root else f" --data-dir {data.root}"


def _up_signature() -> inspect.Signature:
    """``calco up`` has a flag for every row of the settings' table; all are texts, read by the table's own rules."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(
            row.name,
            keyword,
            default=None,
            annotation=Annotated[str | None, typer.Option(row.flag, metavar=_metavar(row), help=_help(row))],
        )
        for row in rows()
    ]
    detach = Annotated[bool, typer.Option("--detach", "-d", help="Go to the background once the API answers.")]
    parameters.append(inspect.Parameter("detach", keyword, default=False, annotation=detach))
    return inspect.Signature(parameters)


def _metavar(row: Row) -> str:
    return "|".join(row.choices) or {bool: "on|off", int: "N", float: "SECONDS", tuple: "A,B"}.get(
        row.type, row.name.upper()
    )


def _help(row: Row) -> str:
    default = getattr(Settings(), row.name)
    long_or_none = default is None or isinstance(default, tuple) or row.name == "data_dir"
    if isinstance(default, bool):
        default = "on" if default else "off"
    shown = "" if long_or_none else f" [default: {default:g}]" if row.type is float else f" [default: {default}]"
    return f"{row.help}{shown} [env: {row.variable}]"


def _make_up() -> Callable[..., None]:
    def up(**options: Any) -> None:
        """Start the service; it stays in the foreground unless --detach.

        Every flag may also be set by its environment variable, or by its name in settings.toml in the data directory.
        """
        _run_up(**options)

    cast("Any", up).__signature__ = _up_signature()
    return up


up = _make_up()


def down(
    guests: Annotated[bool, typer.Option("--guests", help="End its machines and networks too.")] = False,
    data_dir_given: DataDirOption = None,
) -> None:
    """Stop the service. Its machines go on, unless --guests."""
    from calco import service

    data = data_dir(data_dir_given)
    stopped = service.stop(data)
    note(f"stopped {stopped.url}" if stopped else f"no calco runs on {data.root}")
    if not guests or not data.root.is_dir():
        return
    try:
        machines, networks = service.end_everything(data)
    except (DataDirTaken, DataDirUnfit) as why:
        raise Failure(str(why)) from why
    note(f"ended {machines} machines and {networks} networks")


def status(data_dir_given: DataDirOption = None, form: FormOption = Form.TABLE) -> None:
    """Show whether the service runs, where it answers and what it runs. Exit status 3 when it does not run."""
    data = data_dir(data_dir_given)
    running = data.running()
    facts: Document = {"state": "running" if running else "stopped", "data": str(data.root)}
    if running is not None:
        from calco.cli.client import connect

        client = connect(data)
        machines = client.list(f"{client.subscription}/providers/Microsoft.Compute/virtualMachines")
        images = client.list(f"{client.subscription}/providers/Microsoft.Compute/images")
        facts |= {
            "url": running.url,
            "blobs": running.blob_url,
            "process": running.process.pid,
            "version": running.version,
            "hypervisor": running.hypervisor,
            "machines": len(machines),
            "images": len(images),
            "log": str(data.logs / "service.log"),
        }
    show_one(form, facts, facts)
    if running is None:
        raise typer.Exit(3)
