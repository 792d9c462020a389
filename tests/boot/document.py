"""The document's first script on a real machine: it stops, generalizes and captures what is called as it calls it."""

from calco.model.document import Document, text_at
from tests.cloudshell.desk import Desk
from tests.cloudshell.document import DOCUMENT, blocks
from tests.cloudshell.document import MACHINE as OF_A_MACHINE

from .lab import Lab

GROUP, MACHINE, IMAGE = "myResourceGroup", "myVM", "myImage"


def stopped_generalized_and_captured(lab: Lab) -> str:
    """What the script says, pasted block by block into ``calco shell``. Where the document is not at hand the same is
    done over the API, and nothing is said."""
    if DOCUMENT.exists():
        return _run(lab)
    lab.post(MACHINE, "deallocate")
    lab.post(MACHINE, "generalize")
    source: Document = {"sourceVirtualMachine": {"id": lab.path("virtualMachines", MACHINE)}}
    lab.make("images", IMAGE, {"location": "eastus", "properties": source})
    return ""


def _run(lab: Lab) -> str:
    with Desk(lab.service) as desk:
        said = "".join(desk.run(each) for each in blocks()[OF_A_MACHINE])
    image = lab.get("images", IMAGE)
    assert text_at(image, "properties", "sourceVirtualMachine", "id") == lab.path("virtualMachines", MACHINE)
    assert said.count(": Succeeded") == 3, said
    return said
