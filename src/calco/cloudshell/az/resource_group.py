"""Resource groups. Source: Azure/azure-powershell, Az.Resources' reference of each cmdlet."""

from collections.abc import Iterable
from dataclasses import replace

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import FORCE, LOCATION, TAG, cmdlet, columns, mandatory, of
from calco.cloudshell.az.given import tag_table
from calco.cloudshell.az.record import blank, read, write
from calco.cloudshell.az.shapes import RESOURCES
from calco.cloudshell.az.tag_text import tag_lines, tags_match
from calco.cloudshell.az.target import argument, group_path, matches, region, subscription
from calco.cloudshell.cmdlet import Call, Column, Module, View
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Value
from calco.model.document import Document, text_at
from calco.model.ids import ResourceId

GROUP = RESOURCES["PSResourceGroup"]


def _where(call: Call) -> str:
    """The address of the group that name or id mean. Raises Terminating."""
    if not call.text("Id"):
        return group_path(call.shell.api, call.text("Name"))
    try:
        known = ResourceId.parse(call.text("Id"))
    except ValueError:
        raise argument(f"'{call.text('Id')[:200]}' is not the id of a resource group.") from None
    return str(known.group_id)


def get(call: Call) -> Iterable[Value]:
    api, name = call.shell.api, call.text("Name")
    if call.text("Id") or (name and not has_wildcard(name)):
        yield read(GROUP, api.get(_where(call)))
        return
    wanted = region(call.text("Location"))
    for each in api.list(f"{subscription(api)}/resourceGroups"):
        fits = matches(text_at(each, "name") or "", name) and wanted in ("", region(text_at(each, "location") or ""))
        if fits and (not call.given("Tag") or tags_match(each, call.table("Tag"))):
            yield read(GROUP, each)


def new(call: Call) -> Iterable[Value]:
    name, where = call.text("Name"), group_path(call.shell.api, call.text("Name"))
    if not call.should(name, "Replacing resource group ..."):
        return
    there = call.shell.api.find(where)
    if there is not None and not call.agreed(
        "Provided resource group already exists. Are you sure you want to update it?"
    ):
        return
    body = write(blank(GROUP, {"Location": call.text("Location"), "Tags": tag_table(call)}))
    yield read(GROUP, change(call, f"New-AzResourceGroup {name}", "PUT", where, body).document)


def set_tags(call: Call) -> Iterable[Value]:
    where = _where(call)
    body: Document = write(blank(GROUP, {"Tags": tag_table(call)}))
    body.setdefault("tags", {})
    yield read(GROUP, change(call, f"Set-AzResourceGroup {where.rpartition('/')[2]}", "PATCH", where, body).document)


def remove(call: Call) -> Iterable[Value]:
    where = _where(call)
    name = where.rpartition("/")[2]
    question = f"Are you sure you want to remove resource group '{name}'"
    if call.should(name, "Removing resource group ...") and call.agreed(question):
        change(call, f"Remove-AzResourceGroup {name}", "DELETE", where)
        yield True


_COLUMNS = (*columns("ResourceGroupName Location ProvisioningState"), Column("Tags", tag_lines), *columns("ResourceId"))
_NAME = mandatory("Name", "The name of the group.", 0, aliases="ResourceGroupName", completes="resourceGroups")
_ONE = (
    replace(_NAME, sets=("ByName",)),
    mandatory("Id", "The id of the group.", sets="ById", aliases="ResourceGroupId ResourceId"),
)


MODULE = Module(
    of(
        "Az.Resources",
        cmdlet(
            "Get-AzResourceGroup",
            "Gets resource groups.",
            get,
            replace(_ONE[0], mandatory=False, help="The name of the group, or a pattern."),
            _ONE[1],
            replace(LOCATION, position=1),
            TAG,
            default_set="ByName",
            output=GROUP.type,
            examples={"Those whose names begin with web.": "Get-AzResourceGroup -Name web*"},
        ),
        cmdlet(
            "New-AzResourceGroup",
            "Makes a resource group.",
            new,
            _NAME,
            replace(LOCATION, position=1, mandatory=True),
            TAG,
            FORCE,
            output=GROUP.type,
            confirms=True,
            examples={"Make one.": "New-AzResourceGroup -Name lab -Location eastus"},
        ),
        cmdlet(
            "Set-AzResourceGroup",
            "Replaces the tags of a resource group.",
            set_tags,
            *_ONE,
            replace(TAG, mandatory=True, position=1, from_name=False),
            default_set="ByName",
            output=GROUP.type,
            examples={"Tag one.": 'Set-AzResourceGroup -Name lab -Tag @{team="lab"}'},
        ),
        cmdlet(
            "Remove-AzResourceGroup",
            "Removes a resource group and all that is in it.",
            remove,
            *_ONE,
            FORCE,
            default_set="ByName",
            output="System.Boolean",
            confirms=True,
            as_job=True,
            examples={"Remove one without being asked.": "Remove-AzResourceGroup -Name lab -Force"},
        ),
    ),
    (View(GROUP.type, _COLUMNS),),
)
