"""``calco image``: managed images."""

from typing import Annotated

import typer

from calco.cli.common import DataDirOption, Form, FormOption, GroupOption, data_dir, show, show_one
from calco.cli.find import group_of, named
from calco.model.document import Document, Json, number_at, object_at, objects_at, text_at

TYPE = "Microsoft.Compute/images"

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
    """Show one image."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    image = named(client, TYPE, "image", name, group)
    show_one(form, {**summary(image), **_disks(image), "id": text_at(image, "id")}, image)


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
        "source": source.rpartition("/")[2] if source else None,
    }


def _disks(image: Document) -> dict[str, Json]:
    storage = object_at(image, "properties", "storageProfile")
    system = object_at(storage, "osDisk")
    shown: dict[str, Json] = {"os disk": f"{text_at(system, 'osType')}, {_size(system)}, {text_at(system, 'osState')}"}
    for disk in objects_at(storage, "dataDisks"):
        shown[f"lun {number_at(disk, 'lun')}"] = _size(disk)
    return shown


def _size(disk: Document) -> str:
    size = number_at(disk, "diskSizeGB")
    return "size not known yet" if size is None else f"{size} GB"
