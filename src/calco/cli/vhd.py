"""``calco vhd``: disk files of one's own, looked at without a service; and blobs of a service, looked at by it."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.checklist_words import WORDS, Language, Words
from calco.cli.common import DataDirOption, Failure, Form, FormOption, data_dir, note
from calco.cli.image_transfer import Format
from calco.cli.inspection import AllOption, answer, examples, generalizing, help_foot, look_at_blob, status
from calco.cli.inspection_text import Next, Paper, Steps, show_verdict
from calco.model.inspection import Report

if TYPE_CHECKING:
    from calco.offline import Look

app = typer.Typer(
    help="Disk files: look at what is on them, without a service.", no_args_is_help=True, rich_markup_mode=None
)

FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="What the file is; vpc is a VHD. Needed for a file: it is never guessed."),
]


@app.command(
    "check",
    short_help="Is it generalized? What does it leak?",
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
        answer(report, _blob_steps(file, report), every=every, form=form)
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
    type = seen.report.os.type
    return Steps(
        Next(
            "mend this in the machine it came from, generalize that, make the file anew, and look again:",
            [*generalizing(seen.report), f"calco vhd check {file} --format {format}"],
        ),
        Next(
            "make an image of it (V1: it boots by BIOS, V2: by UEFI):",
            [f"calco image import {file} --name IMAGE --os-type {type} --generation GENERATION --format {format}"],
        ),
    )


def _blob_steps(url: str, report: Report) -> Steps:
    shown = shlex.quote(url.partition("?")[0])
    of = f"--os-type {report.os.type} --source {shown}"
    return Steps(
        Next(
            "mend this in the machine it came from, generalize that, upload its disk anew, and look again:",
            [*generalizing(report), f"calco vhd check {shown}"],
        ),
        Next("make an image of it:", [f"calco az -- image create -g GROUP -n IMAGE {of}"]),
    )


# --- the checklist ---------------------------------------------------------------------------------------------------


@app.command(
    "prepare-report",
    short_help="A checklist to hand to the machine's owner.",
    epilog=help_foot(
        "calco vhd prepare-report disk.vhd --format vpc",
        "calco vhd prepare-report disk.vhd --format vpc --html report.html --language es",
        "calco vhd prepare-report disk.vhd --format vpc -o json",
    ),
)
def prepare_report(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A disk file; it is only read.")],
    format: FormatOption = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="PAGE", help="Write a page to hand over, one file for any browser.")
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="Of the checklist; checks are in English.")] = (
        Language.EN
    ),
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Make a checklist of everything a disk needs before Azure takes it, to hand to whoever owns the machine.

    Every check is on it: what is expected, what was found, and the command that mends it. No service has to run.
    """
    from calco.cli.checklist import checklist_document, print_checklist

    del data_dir_given  # every command takes it
    if file.startswith(("https://", "http://")):
        raise Failure("a checklist is made of a file", "Download the blob, or look at it: calco vhd check URL")
    if html is not None:
        _check_page(html)
    words, seen = WORDS[language], look_at_file(file, format)
    if html is not None:
        _write_page(html, seen, words)
    if form is Form.JSON:
        print(json.dumps(checklist_document(seen), indent=2))
    elif html is None:
        print_checklist(seen, words)
    else:
        paper = Paper()
        show_verdict(paper, seen.report)
    raise typer.Exit(status(seen.report))


def _check_page(html: Path) -> None:
    """A page may be replaced by a newer one; nothing else is. Raises Failure."""
    from calco.cli.checklist_page import BEGINNING

    try:
        if not html.is_file():
            if html.exists():
                raise Failure(f"{html} is there and no file")
            return
        with html.open("rb") as there:
            is_ours = there.read(len(BEGINNING)) == BEGINNING.encode()
    except OSError as unreadable:
        raise Failure(f"{html} cannot be read: {unreadable.strerror}") from unreadable
    if not is_ours:
        raise Failure(f"{html} is there already, and no checklist", "Choose another name for the page.")


def _write_page(html: Path, seen: "Look", words: Words) -> None:
    from calco.cli.checklist_page import page

    try:
        html.write_text(page(seen, words), encoding="utf-8")
    except OSError as refused:
        raise Failure(f"{html} cannot be written: {refused.strerror}") from refused
    note(f"wrote {html}")
