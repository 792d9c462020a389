"""View as: an action of the portal as az, PowerShell, REST and Terraform, ready to copy.

An action is a value (``action.py``). Each tool has one file, in it a table from kinds of action to the text it takes,
made of nothing but quoted names and fixed words. No text holds a secret: where one is needed the tool asks for it, or
a placeholder stands. What needs saying beside the text is a key of the catalogue (``Note``), not a comment in the code.
"""

from calco.portal.view_as.action import Action, Place
from calco.portal.view_as.az import show as show_az
from calco.portal.view_as.powershell import show as show_powershell
from calco.portal.view_as.rest import show as show_rest
from calco.portal.view_as.shown import Block
from calco.portal.view_as.terraform import show as show_terraform

_TOOLS = (
    ("az", "Azure CLI", "bash", show_az),
    ("powershell", "PowerShell", "powershell", show_powershell),
    ("rest", "REST", "http", show_rest),
    ("terraform", "Terraform", "hcl", show_terraform),
)


def blocks(action: Action, place: Place) -> tuple[Block, ...]:
    """The action in every tool's words, in the order they are shown in. Pure; costs microseconds."""
    return tuple(
        Block(tool, title, language, shown.text, shown.notes)
        for tool, title, language, show in _TOOLS
        for shown in (show(action, place),)
    )
