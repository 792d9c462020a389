"""What a tool is here: a module that has a function for each kind of action."""

from typing import Protocol, assert_never

from calco.portal.view_as import action as actions
from calco.portal.view_as.action import Action, Place
from calco.portal.view_as.shown import Shown


class Tool(Protocol):
    """Each function answers what the tool takes for that action there. A module is one when it has them all."""

    def act(self, action: actions.ActOnMachines, place: Place, /) -> Shown: ...

    def delete(self, action: actions.Delete, place: Place, /) -> Shown: ...

    def capture_image(self, action: actions.CaptureImage, place: Place, /) -> Shown: ...

    def create_image(self, action: actions.CreateImage, place: Place, /) -> Shown: ...

    def create_group(self, action: actions.CreateGroup, place: Place, /) -> Shown: ...

    def create_snapshot(self, action: actions.CreateSnapshot, place: Place, /) -> Shown: ...

    def create_machines(self, action: actions.CreateMachines, place: Place, /) -> Shown: ...

    def export_disk(self, action: actions.ExportDisk, place: Place, /) -> Shown: ...

    def import_disk(self, action: actions.ImportDisk, place: Place, /) -> Shown: ...

    def set_tags(self, action: actions.SetTags, place: Place, /) -> Shown: ...


def show(tool: Tool, action: Action, place: Place) -> Shown:
    """The action in this tool's words."""
    match action:
        case actions.ActOnMachines():
            shown = tool.act(action, place)
        case actions.Delete():
            shown = tool.delete(action, place)
        case actions.ExportDisk():
            shown = tool.export_disk(action, place)
        case actions.SetTags():
            shown = tool.set_tags(action, place)
        case _:
            shown = _made(tool, action, place)
    return shown


Making = (
    actions.CaptureImage
    | actions.CreateImage
    | actions.CreateGroup
    | actions.CreateSnapshot
    | actions.CreateMachines
    | actions.ImportDisk
)


def _made(tool: Tool, action: Making, place: Place) -> Shown:
    """Those that something new comes of."""
    match action:
        case actions.CaptureImage():
            shown = tool.capture_image(action, place)
        case actions.CreateImage():
            shown = tool.create_image(action, place)
        case actions.CreateGroup():
            shown = tool.create_group(action, place)
        case actions.CreateSnapshot():
            shown = tool.create_snapshot(action, place)
        case actions.CreateMachines():
            shown = tool.create_machines(action, place)
        case actions.ImportDisk():
            shown = tool.import_disk(action, place)
        case unknown:
            assert_never(unknown)
    return shown
