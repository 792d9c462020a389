"""Commands that people's scripts have and this shell has not, and what to write in their place.

Only what scripts for machines and images were seen to use: a misspelt name gets PowerShell's own sentence and no more.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

_AZURERM = re.compile(r"([a-z]+)-AzureRm([a-z]+)", re.IGNORECASE)
_NOUNS: Mapping[str, str] = MappingProxyType(
    {
        "AzVmss(?!h)": "calco has no scale sets: make machines one by one, in a loop.",
        "AzGallery": "calco has no galleries: New-AzImage and New-AzVM -Image work with managed images.",
        "Automation": "There is no Automation here: give the value as a parameter of the script.",
    }
)
"""By how the part after the verb begins, as a regular expression: AzVMSsh... is of one machine."""
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "az": "This shell has the Az cmdlets. The az command works with calco beside it, not in it.",
        "azcopy": "Programs are not run here: Start-AzStorageBlobCopy copies, Get-AzStorageBlobContent downloads.",
        "invoke-expression": "Text is not run here: write the command itself.",
        "set-item": "Nothing but variables can be set here: $env:NAME = 'value'.",
        "remove-item": "Nothing but variables can be removed here: $env:NAME = $null.",
        "set-executionpolicy": "Nothing keeps scripts from running here: leave it out.",
        "install-module": "The cmdlets are built in: leave it out.",
        "start-job": "Cmdlets that take long have -AsJob.",
        "out-gridview": "Format-Table shows it, Where-Object and Read-Host choose.",
        "start-transcript": "Keep what is shown with '>' in the shell that you ran calco in.",
    }
)
"""By the whole name, in lower case."""


def instead(name: str) -> str:
    """What to write in its place; empty if that is not known."""
    if old := _AZURERM.fullmatch(name):
        return f"AzureRM is now Az: try {old[1]}-Az{old[2]}."
    noun = name.partition("-")[2]
    for begins, says in _NOUNS.items():
        if re.match(begins, noun, re.IGNORECASE):
            return says
    return _NAMES.get(name.lower(), "")
