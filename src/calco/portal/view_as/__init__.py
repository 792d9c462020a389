"""View as: an action of the portal as az, PowerShell, REST and Terraform, ready to copy.

An action is a value (``action.py``). Each tool is a module, in it a function for each kind of action (``tool.py``),
whose text is made of nothing but quoted names and fixed words. No text holds a secret: where one is needed the tool
asks for it, or a placeholder stands. What needs saying beside the text is a key of the catalogue (``Note``), not a
comment in the code.
"""

from calco.portal.view_as import az, powershell, rest, terraform
from calco.portal.view_as.action import Action, Place
from calco.portal.view_as.shown import Block
from calco.portal.view_as.tool import Tool, show

_TOOLS: tuple[tuple[str, str, str, Tool], ...] = (
    ("az", "Azure CLI", "bash", az),
    ("powershell", "PowerShell", "powershell", powershell),
    ("rest", "REST", "http", rest),
    ("terraform", "Terraform", "hcl", terraform),
)


def blocks(action: Action, place: Place) -> tuple[Block, ...]:
    """The action in every tool's words, in the order they are shown in. Pure; costs microseconds."""
    return tuple(
        Block(name, title, language, shown.text, shown.notes)
        for name, title, language, tool in _TOOLS
        for shown in (show(tool, action, place),)
    )
