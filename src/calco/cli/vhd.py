"""``calco vhd``: disk files of one's own, looked at without a service; and blobs of a service, looked at by it."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, data_dir
from calco.cli.image_transfer import Format
from calco.cli.inspection import AllOption, answer, examples, look_at_blob
from calco.cli.inspection_text import Next, Steps

if TYPE_CHECKING:
    from calco.offline import Look

app = typer.Typer(help="Disk files: look at them offline.", no_args_is_help=True, rich_markup_mode=None)

FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="What the file is; vpc is a VHD. Needed for a file: it is never guessed."),
]


@app.command(
    "check",
    epilog=examples(
        "calco vhd check disk.vhd --format vpc",
        "calco vhd check https://ACCOUNT.blob.localhost:PORT/vhds/disk.vhd",
    ),
)
def check(
    file: Annotated[str, typer.Argument(metavar="FILE|URL", help="A disk file, or the URL of a service's blob.")],
    format: FormatOption = None,
    every: AllOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at the disk in a file: is it generalized, what does it leak, what keeps it from booting in Azure?

    No service has to run for a file, which is only read.
    """
    if file.startswith(("https://", "http://")):
        from calco.cli.client import connect

        report = look_at_blob(connect(data_dir(data_dir_given)), file)
        answer(report, _blob_steps(file), every=every, form=form)
        return
    seen = look_at_file(file, format)
    answer(seen.report, file_steps(seen), every=every, form=form)


def look_at_file(file: str, format: Format | None) -> "Look":
    """Raises Failure, and a usage error when the format was not told."""
    from calco.cli.progress import patient

    if format is None:
        choices = ", ".join(each.value for each in Format)
        raise typer.BadParameter(
            f"which format {file} has must be told ({choices}; a VHD is vpc): a guess may be wrong. "
            f"`qemu-img info {shlex.quote(file)}` tells of a file you trust.",
            param_hint="'--format'",
        )
    from calco.disk_file import DiskFormat
    from calco.offline import look

    with _told(file), patient(f"Looking at {file}"):
        return look(Path(file), DiskFormat(format))


@contextmanager
def _told(file: str) -> Iterator[None]:
    """What is wrong with a file, as a Failure."""
    from calco.disk_file import WrongDiskFile

    try:
        yield
    except WrongDiskFile as wrong:
        raise Failure(str(wrong)) from wrong
    except OSError as unreadable:
        raise Failure(f"{file} cannot be read: {unreadable.strerror or unreadable}") from unreadable


def file_steps(seen: "Look") -> Steps:
    file, format = shlex.quote(str(seen.file)), seen.container.format
    type = seen.report.os.type or "TYPE"
    return Steps(
        Next(
            "mend this in the machine it came from, generalize that, make the file anew, and look again:",
            [f"calco vhd check {file} --format {format}"],
        ),
        Next(
            "make an image of it (V1: it boots by BIOS, V2: by UEFI):",
            [f"calco image import {file} --name IMAGE --os-type {type} --generation V1|V2 --format {format}"],
        ),
    )


def _blob_steps(url: str) -> Steps:
    shown = shlex.quote(url.partition("?")[0])
    return Steps(
        Next(
            "mend this in the machine it came from, generalize that, upload its disk anew, and look again:",
            [f"calco vhd check {shown}"],
        ),
        Next("make an image of it:", [f"calco az -- image create -g GROUP -n IMAGE --os-type TYPE --source {shown}"]),
    )
