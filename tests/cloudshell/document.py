"""The PowerShell of the document that calco is about, as it stands in its file."""

import re
from functools import cache

from tests.shared import SHARED

DOCUMENT = SHARED / "document" / "capture-image-resource.es-ES.md"
MACHINE, DISK, SNAPSHOT, BLOB = (
    "create-an-image-of-a-vm-using-powershell",
    "create-an-image-from-a-managed-disk-using-powershell",
    "create-an-image-from-a-snapshot-using-powershell",
    "create-an-image-from-a-vm-that-uses-a-storage-account",
)


@cache
def blocks() -> dict[str, list[str]]:
    """The document's PowerShell, each block as it stands, by the anchor of the section it is in."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE):
        anchor = re.match(r'<a name="([^"]+)">', section)
        code = re.findall(r"^ *```azurepowershell-interactive\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
        if anchor and code:
            found[anchor[1]] = code
    return found
