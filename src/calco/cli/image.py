"""``calco image``: managed images."""

from typing import Annotated

import typer

from calco.cli.common import DataDirOption, Form, FormOption, GroupOption, data_dir, show, show_one
from calco.cli.find import group_of, named
from calco.model.document import Document, Json, at, number_at, object_at, objects_at, text_at

TYPE = "Microsoft.Compute/images"
USAGE = "providers/Calco/usages/current"

app = typer.Typer(help="Managed images.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The image's name.")]


@app.command("list", epilog="Examples:\n\n  calco image list\n\n  calco image list -g lab -o json")
def list_images(group: GroupOption = None, form: FormOption = Form.TABLE, data_dir_given: DataDirOption = None) -> None:
    """List images."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    scope = f"{client.subscription}/resourceGroups/{group}" if group else client.subscription
    images = client.list(f"{scope}/providers/{TYPE}")
    columns = {
        "name": "NAME", "group": "RESOURCE GROUP", "location": "LOCATION", "state": "STATE",
        "generation": "GENERATION", "disks": "DISKS", "source": "FROM",
    }  # fmt: skip
    show(form, columns, [summary(each) for each in images], list(images))


@app.command("show", epilog="Examples:\n\n  calco image show golden\n\n  calco image show golden -o json")
def show_image(
    name: Name, group: GroupOption = None, form: FormOption = Form.TABLE, data_dir_given: DataDirOption = None
) -> None:
    """Show one image: its disks and where they come from, the bytes it takes and shares, and what they would cost."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    image = named(client, TYPE, "image", name, group)
    usage = object_at(client.get(f"{text_at(image, 'id')}/{USAGE}"), "properties")
    show_one(form, facts(image, usage), {**image, "usage": usage})


def facts(image: Document, usage: Document) -> dict[str, Json]:
    """What the table of one image says, a line each."""
    zones: list[Json] = [each for each in _list(usage, "zones") if isinstance(each, str)]
    machines: list[Json] = [
        (text_at(each, "id") or "").rpartition("/")[2] for each in objects_at(usage, "virtualMachines")
    ]
    return {
        **summary(image),
        "zones": zones or None,
        **_disks(image, usage),
        "takes": spell_bytes(number_at(usage, "usedBytes")),
        "shares": spell_bytes(number_at(usage, "sharedBytes")),
        "costs": _price(usage),
        "machines": machines or None,
        "id": text_at(image, "id"),
    }


def summary(image: Document) -> dict[str, Json]:
    """An image's row."""
    source = text_at(image, "properties", "sourceVirtualMachine", "id")
    storage = object_at(image, "properties", "storageProfile")
    return {
        "name": text_at(image, "name"),
        "group": group_of(image),
        "location": text_at(image, "location"),
        "state": text_at(image, "properties", "provisioningState"),
        "generation": text_at(image, "properties", "hyperVGeneration"),
        "disks": 1 + len(objects_at(storage, "dataDisks")),
        "source": f"machine {source.rpartition('/')[2]}" if source else _origin(object_at(storage, "osDisk")),
    }


def _disks(image: Document, usage: Document) -> dict[str, Json]:
    storage = object_at(image, "properties", "storageProfile")
    system = object_at(storage, "osDisk")
    of_lun = {number_at(each, "lun"): each for each in objects_at(usage, "disks")}
    first = f"{text_at(system, 'osType')}, {text_at(system, 'osState')}"
    shown: dict[str, Json] = {"os disk": f"{first}, {_disk(system, of_lun.get(None, {}))}"}
    for disk in objects_at(storage, "dataDisks"):
        lun = number_at(disk, "lun")
        shown[f"lun {lun}"] = _disk(disk, of_lun.get(lun, {}))
    return shown


def _disk(disk: Document, usage: Document) -> str:
    """One line: size, storage type, source, and the bytes behind it."""
    origin = _origin(disk)
    parts = [_size(disk), text_at(disk, "storageAccountType"), f"from {origin}" if origin else None]
    used, shared = number_at(usage, "usedBytes"), number_at(usage, "sharedBytes")
    if used is not None and shared is not None:
        parts.append(f"takes {spell_bytes(used)}, shares {spell_bytes(shared)}")
    return ", ".join(part for part in parts if part)


def _origin(disk: Document) -> str | None:
    for member, what in (("managedDisk", "disk"), ("snapshot", "snapshot")):
        id = text_at(disk, member, "id")
        if id is not None:
            return f"{what} {id.rpartition('/')[2]}"
    uri = text_at(disk, "blobUri")
    return None if uri is None else uri.partition("?")[0]


def _price(usage: Document) -> str | None:
    price = at(usage, "estimatedMonthlyPrice")
    if isinstance(price, bool) or not isinstance(price, int | float):
        return None
    return f"{price:.2f} a month in Azure, an estimate by the setting price_per_gib_month"


def _list(document: Document, name: str) -> list[Json]:
    value = document.get(name)
    return value if isinstance(value, list) else []


def spell_bytes(count: int | None) -> str | None:
    """``1.2 GiB``; None stays None."""
    if count is None:
        return None
    size, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"


def _size(disk: Document) -> str:
    size = number_at(disk, "diskSizeGB")
    return "size not known yet" if size is None else f"{size} GB"
