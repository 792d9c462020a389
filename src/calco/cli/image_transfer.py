"""``calco image import`` and ``calco image export``: a disk file of one's own becomes a managed image, and back.

Both go by the public API alone, the way a script would: a disk, a signed URL on it, pages, an image. Whatever happens,
the disk on the way is gone at the end, and so is a group or a file that was made for nothing.
"""

import os
import secrets
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, GroupOption, data_dir, show_one
from calco.cli.find import named
from calco.cli.image import TYPE, Name, spell_bytes
from calco.data_dir import DataDir
from calco.model.document import Document, Json, text_at

if TYPE_CHECKING:
    from calco.cli.client import Client
    from calco.disk_file import Content
    from calco.page_transfer import PageBlob

DISKS = "Microsoft.Compute/disks"
DEFAULT_GROUP = "images"
ACCESS_SECONDS = 24 * 3600
MIB = 1024 * 1024
MIN_GUEST_BYTES = 20 * MIB
"""Azure takes no smaller upload; a smaller disk gets zeros behind it."""
FOOTER_BYTES = 512


class Format(StrEnum):
    """As qemu-img calls them; ``vpc`` is a VHD."""

    VPC = "vpc"
    VHDX = "vhdx"
    QCOW2 = "qcow2"
    RAW = "raw"


class OsType(StrEnum):
    LINUX = "Linux"
    WINDOWS = "Windows"


class OsState(StrEnum):
    GENERALIZED = "Generalized"
    SPECIALIZED = "Specialized"


class Generation(StrEnum):
    V1 = "V1"
    V2 = "V2"


FormatOption = Annotated[Format, typer.Option("--format", help="What the file is. Never guessed.")]

IMPORT_EXAMPLES = """
Examples:

  calco image import disk.vhd --name golden --os-type Linux --generation V1 --format vpc

  calco image import disk.qcow2 --name golden --os-type Linux --generation V2 --format qcow2 -g lab -o json
"""
EXPORT_EXAMPLES = """
Examples:

  calco image export golden golden.vhd --format vpc

  calco image export golden data.qcow2 --lun 0 --format qcow2 -o json
"""


def import_image(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The disk file.")],
    name: Annotated[str, typer.Option("--name", help="What to call the image.")],
    os_type: Annotated[OsType, typer.Option("--os-type", help="What is on the disk.")],
    generation: Annotated[Generation, typer.Option("--generation", help="V1: it boots by BIOS; V2: by UEFI.")],
    format: FormatOption,
    os_state: Annotated[OsState, typer.Option("--os-state", help="How it was left.")] = OsState.GENERALIZED,
    group: Annotated[
        str, typer.Option("--resource-group", "-g", metavar="GROUP", help="Where; made when it is not there.")
    ] = DEFAULT_GROUP,
    location: Annotated[
        str | None, typer.Option("--location", help="In which region; the group's, if it has one.")
    ] = None,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Make a managed image of a disk file: a VHD, VHDX, qcow2 or raw disk with one operating system on it."""
    data = data_dir(data_dir_given)
    _check_name(name)
    with _reading(file, format) as content, _group(data, group, location) as (client, where, scope):
        id = f"{scope}/providers/{TYPE}/{name}"
        _check_new(client, scope, name)
        disk = f"{scope}/providers/{DISKS}/{name[:60]}-import-{secrets.token_hex(4)}"
        wanted = Wanted(id, disk, where, os_type, generation, os_state)
        image, facts = _import(data, client, wanted, content)
    facts = {"name": name, "group": group, **facts}
    show_one(form, facts, {"image": image, **{key: facts[key] for key in ("sha256", "sentBytes", "virtualBytes")}})


@dataclass(frozen=True)
class Wanted:
    """An image to be made of the file, by way of a disk."""

    id: str
    disk: str
    location: str
    os_type: OsType
    generation: Generation
    os_state: OsState


def _import(data: DataDir, client: "Client", wanted: Wanted, content: "Content") -> tuple[Document, dict[str, Json]]:
    from calco.model.vhd import footer
    from calco.page_transfer import upload

    guest_bytes = max(-(-content.size_bytes // MIB) * MIB, MIN_GUEST_BYTES)
    creation: Document = {"createOption": "Upload", "uploadSizeBytes": guest_bytes + FOOTER_BYTES}
    system: Document = {"osType": wanted.os_type.value, "hyperVGeneration": wanted.generation.value}
    body = _disk_body(wanted.location, creation, system)
    with _disk(client, wanted.disk, body) as disk:
        with _blob(data, client, wanted.disk, "Write") as blob, _bar(client, "upload", guest_bytes) as said:
            digest = upload(blob, content, said)
            blob.put(guest_bytes, footer(guest_bytes, text_at(disk, "properties", "uniqueId") or "", _created(disk)))
        _check_arrived(data, client, wanted.disk, guest_bytes, digest.hex())
        image = client.change("PUT", wanted.id, _image_body(wanted), label="make the image")
    facts: dict[str, Json] = {
        "virtualBytes": guest_bytes,
        "sentBytes": digest.sent_bytes,
        "sha256": digest.hex(),
        "id": text_at(image, "id"),
    }
    return image, facts


def _check_arrived(data: DataDir, client: "Client", disk: str, guest_bytes: int, sent: str) -> None:
    """Read back what lies there now, and compare."""
    from calco.page_transfer import download

    with _blob(data, client, disk, "Read") as blob, _bar(client, "compare", guest_bytes) as said:
        found = download(blob, guest_bytes, lambda _offset, _data: None, said)
    if found.hex() != sent:
        raise Failure(f"what arrived is not what was sent: SHA-256 {found.hex()}, not {sent}", "Import it again.")


def _image_body(wanted: Wanted) -> Document:
    os_disk: Document = {
        "osType": wanted.os_type.value,
        "osState": wanted.os_state.value,
        "managedDisk": {"id": wanted.disk},
    }
    return {
        "location": wanted.location,
        "properties": {"hyperVGeneration": wanted.generation.value, "storageProfile": {"osDisk": os_disk}},
    }


def export_image(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The disk file to write; it must not be there.")],
    format: FormatOption,
    lun: Annotated[int | None, typer.Option("--lun", help="A data disk of the image instead of its OS disk.")] = None,
    group: GroupOption = None,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Write a managed image's OS disk into a file: a fixed VHD as Azure takes it, a VHDX, a qcow2 or a raw disk."""
    from calco.cli.client import connect

    data = data_dir(data_dir_given)
    if file.exists() or file.is_symlink():
        raise Failure(f"{file} is there already", "Name another file, or remove that one.")
    client = connect(data)
    image = named(client, TYPE, "image", name, group)
    reference: Document = {"id": text_at(image, "id")}
    if lun is not None:
        reference["lun"] = lun
    scope = (text_at(image, "id") or "").partition("/providers/")[0]
    disk = f"{scope}/providers/{DISKS}/{name[:60]}-export-{secrets.token_hex(4)}"
    body = _disk_body(text_at(image, "location") or "", {"createOption": "FromImage", "imageReference": reference}, {})
    with _disk(client, disk, body), _part(file) as part:
        facts = _export(data, client, disk, part, format)
        _put_in_place(part, file)
    facts = {"file": str(file), "format": format.value, **facts}
    show_one(form, facts, facts)


def _put_in_place(part: Path, file: Path) -> None:
    try:
        os.link(part, file)  # unlike a rename, it never replaces what somebody put there meanwhile
    except FileExistsError as taken:
        raise Failure(f"{file} has come to be there meanwhile", "Name another file.") from taken
    except OSError:  # a file system without hard links
        part.rename(file)


def _export(data: DataDir, client: "Client", disk: str, part: Path, format: Format) -> dict[str, Json]:
    from calco.page_transfer import download

    with _blob(data, client, disk, "Read") as blob, part.open("r+b") as out:
        length = blob.length()
        guest_bytes = length - FOOTER_BYTES
        out.truncate(length if format is Format.VPC else guest_bytes)

        def keep(offset: int, data: bytes) -> None:
            out.seek(offset)
            out.write(data)

        with _bar(client, "download", guest_bytes) as said:
            digest = download(blob, guest_bytes, keep, said)
        if format is Format.VPC:
            keep(guest_bytes, blob.get(guest_bytes, FOOTER_BYTES))
        out.flush()
        os.fsync(out.fileno())
    if format in (Format.QCOW2, Format.VHDX):
        _convert(client, part, format, guest_bytes)
    _check_written(part, format, digest.hex())
    return {"virtualBytes": guest_bytes, "readBytes": digest.sent_bytes, "sha256": digest.hex()}


def _convert(client: "Client", part: Path, format: Format, guest_bytes: int) -> None:
    from calco.disk_file import DiskFormat, WrongDiskFile, convert

    other = part.with_name(f"{part.name}.{format}")
    try:
        with _bar(client, f"write {format}", guest_bytes) as said:
            convert(part, other, DiskFormat(format), lambda done, total: said(guest_bytes * done // max(total, 1)))
        other.replace(part)
    except WrongDiskFile as failed:
        raise Failure(str(failed)) from failed
    finally:
        other.unlink(missing_ok=True)


def _check_written(part: Path, format: Format, read: str) -> None:
    """Read the file as whoever gets it will, and compare."""
    from calco.page_transfer import digest_of

    with _reading(part, format) as content:
        found = digest_of(content)
    if found != read:
        raise Failure(f"what was written is not what was read: SHA-256 {found}, not {read}", "Export it again.")


# --- on the way ------------------------------------------------------------------------------------------------------


@contextmanager
def _reading(file: Path, format: Format) -> Iterator["Content"]:
    """The file, as it was said to be. Raises Failure."""
    from calco.disk_file import DiskFormat, WrongDiskFile, opened

    known: DiskFormat = DiskFormat(format)
    try:
        with opened(file, known) as content:
            yield content
    except WrongDiskFile as wrong:
        raise Failure(str(wrong)) from wrong
    except OSError as unreadable:
        raise Failure(f"{file} cannot be read: {unreadable.strerror or unreadable}") from unreadable


@contextmanager
def _group(data: DataDir, name: str, location: str | None) -> Iterator[tuple["Client", str, str]]:
    """A client, the region to be in, and the group's id; a group that was made for nothing goes again."""
    from calco.cli.client import connect

    client = connect(data)
    id = f"{client.subscription}/resourceGroups/{name}"
    there = [each for each in client.list(f"{client.subscription}/resourceGroups") if _is_named(each, name)]
    if there:
        yield client, location or text_at(there[0], "location") or "", id
        return
    places = client.list(f"{client.subscription}/locations")
    where = location or (text_at(places[0], "name") if places else "") or ""
    client.send("PUT", id, {"location": where})
    try:
        yield client, where, id
    except BaseException:
        with suppress(Failure):
            client.change("DELETE", id, label=f"delete group {name}")
        raise


def _is_named(resource: Document, name: str) -> bool:
    return (text_at(resource, "name") or "").lower() == name.lower()


def _check_name(name: str) -> None:
    from calco.model import names
    from calco.model.errors import ApiError
    from calco.model.ids import ResourceId

    try:
        names.check(ResourceId("s", "g").sibling("Microsoft.Compute", "images", name))
    except ApiError as wrong:
        raise Failure(wrong.message) from wrong


def _check_new(client: "Client", scope: str, name: str) -> None:
    if any(_is_named(each, name) for each in client.list(f"{scope}/providers/{TYPE}")):
        raise Failure(f"there is an image {name!r} already", "Choose another name, or another --resource-group.")


def _disk_body(location: str, creation: Document, more: Document) -> Document:
    return {"location": location, "sku": {"name": "Standard_LRS"}, "properties": {"creationData": creation, **more}}


@contextmanager
def _disk(client: "Client", id: str, body: Document) -> Iterator[Document]:
    """A disk for as long as the block takes; a signed URL on it ends before it goes."""
    try:
        yield client.change("PUT", id, body, label="make a disk")
    finally:
        with suppress(Failure):
            client.change("POST", f"{id}/endGetAccess", label="end access")
        client.change("DELETE", id, label="delete the disk")


@contextmanager
def _blob(data: DataDir, client: "Client", disk: str, access: str) -> Iterator["PageBlob"]:
    """The disk's bytes behind a signed URL. Raises Failure, also when an upload turns out to be no VHD."""
    from calco.page_transfer import PageBlob
    from calco.signed_url import BlobFailure, SignedUrl

    asked: Document = {"access": access, "durationInSeconds": ACCESS_SECONDS}
    url = text_at(client.change("POST", f"{disk}/beginGetAccess", asked, label=f"ask to {access.lower()}"), "accessSAS")
    if url is None:
        raise Failure("the service gives no URL to the disk's bytes")
    blob = PageBlob(SignedUrl(url, ssl.create_default_context(cafile=data.certificates / "ca.pem")))
    try:
        yield blob
    except BlobFailure as failed:
        raise Failure(failed.message) from failed
    finally:
        blob.close()
    client.change("POST", f"{disk}/endGetAccess", label="end access")


def _created(disk: Document) -> datetime:
    return datetime.fromisoformat(text_at(disk, "properties", "timeCreated") or "2000-01-01T00:00:00+00:00")


@contextmanager
def _bar(client: "Client", label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows how far along the disk we are."""
    whole = spell_bytes(total)
    with client.watch(label) as step:

        def moved(done: int) -> None:
            percent = 100 * done // max(total, 1)
            step(f"{percent} % of {whole}", percent)

        yield moved


@contextmanager
def _part(file: Path) -> Iterator[Path]:
    """A file beside the one that is wanted, for what is not whole yet."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    except OSError as refused:
        raise Failure(f"{file} cannot be written: {refused.strerror}") from refused
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
