"""The names by which a person finds their way: the document's own in Spanish, the English portal's in English.

The Spanish ones that the document has are read out of it, so that neither it nor the portal can drift away unnoticed.
"""

import re
from dataclasses import dataclass

from tests.shared import SHARED

DOCUMENT = SHARED / "document/capture-image-resource.es-ES.md"
_SECTION = re.compile(r"^## .*administrada en el portal\s*$(.*?)^## ", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^(\d+)\. ", re.MULTILINE)
_STRONG = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Steps:
    """What the document's eight steps, and the sentence behind them, have in bold; in that order."""

    machines: str
    machine: str
    capture: str
    create_image: str
    name: str
    group: str
    new: str
    delete: str
    on: str
    zone_resiliency: str
    create: str
    kind: str
    """Of what is then in the resource group's list."""


@dataclass(frozen=True)
class Terms:
    """Names that the document does not have: they stand behind and beside its steps."""

    new_group: str
    confirm: str
    off: str
    done: str
    under_way: str
    to_group: str
    capturing: str
    to_image: str
    create_machine: str
    machine_name: str
    review: str
    download: str
    downloaded: str
    deployment: str
    machine_is_there: str
    running: str


ENGLISH = Steps(
    machines="Virtual machines",
    machine="Virtual machine",
    capture="Capture",
    create_image="Create an image",
    name="Name",
    group="Resource group",
    new="Create new",
    delete="Automatically delete this virtual machine after creating the image",
    on="On",
    zone_resiliency="Zone resiliency",
    create="Create",
    kind="Image",
)
SPANISH = Steps(
    machines="Máquinas virtuales",
    machine="Máquina virtual",
    capture="Capturar",
    create_image="Crear imagen",
    name="Nombre",
    group="Grupo de recursos",
    new="Crear nuevo",
    delete="Eliminar automáticamente esta máquina virtual después de crear la imagen",
    on="Activar",
    zone_resiliency="Resistencia de zona",
    create="Crear",
    kind="Imagen",
)
"""As the document has them, where the document is not at hand."""
STEPS = {"en": ENGLISH, "es": SPANISH}
TERMS = {
    "en": Terms(
        new_group="Name of the new resource group",
        confirm="Name of the virtual machine",
        off="Off",
        done="Succeeded",
        under_way="In progress",
        to_group="To its resource group",
        capturing="Creating an image",
        to_image="Go to the image",
        create_machine="Create VM",
        machine_name="Virtual machine name",
        review="Review + create",
        download="Download the private key",
        downloaded="I have downloaded the private key",
        deployment="Deployment",
        machine_is_there="The virtual machine {name} is there.",
        running="Running",
    ),
    "es": Terms(
        new_group="Nombre del nuevo grupo de recursos",
        confirm="Nombre de la máquina virtual",
        off="Desactivar",
        done="Correcto",
        under_way="En curso",
        to_group="A su grupo de recursos",
        capturing="Creación de una imagen",
        to_image="Ir a la imagen",
        create_machine="Crear máquina virtual",
        machine_name="Nombre de la máquina virtual",
        review="Revisar y crear",
        download="Descargar la clave privada",
        downloaded="He descargado la clave privada",
        deployment="Implementación",
        machine_is_there="La máquina virtual {name} ya está creada.",
        running="En ejecución",
    ),
}


def documents_steps() -> Steps:
    """The bold words of the document's eight steps. An AssertionError when they are not what they were."""
    section = _SECTION.search(DOCUMENT.read_text())
    assert section is not None, "the document has no section about the portal"
    text = section[1]
    assert _STEP.findall(text) == [str(number) for number in range(1, 9)], "the document's steps are not eight"
    return Steps(*_STRONG.findall(text))
