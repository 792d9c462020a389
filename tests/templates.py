"""The templates that tests deploy: files in `tests/contract/templates`, from one machine as az writes it to three tiers
in copy loops."""

import json
from pathlib import Path

from calco.model.document import Document

FOLDER = Path(__file__).parent / "contract/templates"
NAMES = sorted(file.stem for file in FOLDER.glob("[0-9]*.json"))
PASSWORD = "Correct-horse-9"


def read(name: str, subscription: str, group: str) -> Document:
    """A template, whose literal ids lie in that group."""
    text = (FOLDER / f"{name}.json").read_text()
    found: Document = json.loads(text.replace("@subscription@", subscription).replace("@group@", group))
    return found


def parameters(name: str, group: str) -> Document:
    """What the template must be given. ``group`` is a group's id that has the machine and network of template 6."""
    needed: dict[str, Document] = {
        "02-password": {"adminPassword": {"value": PASSWORD}},
        "12-three-tiers": {"password": {"value": PASSWORD}},
        "06-image": {
            "source": {"value": f"{group}/providers/Microsoft.Compute/virtualMachines/source"},
            "subnet": {"value": f"{group}/providers/Microsoft.Network/virtualNetworks/source-net/subnets/default"},
        },
    }
    return needed.get(name, {})
