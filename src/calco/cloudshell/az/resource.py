"""Resources of any type. Source: Azure/azure-powershell, Az.Resources' reference of each cmdlet."""

from collections.abc import Iterable
from functools import partial

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import FORCE, TAG, cmdlet, columns, mandatory, of, plain, switch
from calco.cloudshell.az.given import tags
from calco.cloudshell.az.record import group_of, read
from calco.cloudshell.az.shapes import RESOURCES
from calco.cloudshell.az.tag_text import tag_lines, tags_match
from calco.cloudshell.az.target import argument, group_path, matches, parsed, path, subscription
from calco.cloudshell.cmdlet import Call, Column, Module, Parameter, View
from calco.cloudshell.objects.pattern import has_wildcard
from calco.cloudshell.values import Hashtable, Value
from calco.model.document import Document, object_at, text_at

RESOURCE = RESOURCES["PSResource"]
BY_NAME, BY_ID = "ByTagNameValueParameterSet", "ByResourceId"


def _where(call: Call) -> str:
    """The address of the resource that is named in full. Raises Terminating."""
    if call.text("ResourceId"):
        return str(parsed(call.text("ResourceId")))
    type, names = call.text("ResourceType"), call.text("Name").split("/")
    if type.count("/") != len(names):
        raise argument(f"A resource of type '{type}' has {type.count('/')} names, parted by slashes.")
    return path(call.shell.api, call.text("ResourceGroupName"), type, *names)


def get(call: Call) -> Iterable[Value]:
    if call.text("ResourceId"):
        yield read(RESOURCE, call.shell.api.get(_where(call)))
        return
    api, group = call.shell.api, call.text("ResourceGroupName")
    name, type = call.text("Name"), call.text("ResourceType")
    within = group_path(api, group) if group and not has_wildcard(group) else subscription(api)
    for each in api.list(f"{within}/resources"):
        fits = matches(text_at(each, "name") or "", name) and matches(text_at(each, "type") or "", type)
        if (
            fits
            and matches(group_of(each) or "", group)
            and (not call.given("Tag") or tags_match(each, call.table("Tag")))
            and (not call.given("TagName") or tags_match(each, Hashtable.of({call.text("TagName"): None})))
            and (not call.given("TagValue") or _has_value(call, each))
        ):
            yield _read(call, each)


def _has_value(call: Call, listed: Document) -> bool:
    """Whether a tag, that of -TagName if it is given, has the value of -TagValue."""
    name = call.text("TagName").casefold()
    held = object_at(listed, "tags").items()
    return any(value == call.text("TagValue") for key, value in held if not name or key.casefold() == name)


def _read(call: Call, listed: Document) -> Value:
    """What a list says of a resource; -ExpandProperties asks for it by itself."""
    id = text_at(listed, "id") or ""
    return read(RESOURCE, call.shell.api.get(id) if call.switch("ExpandProperties") else listed)


def set_tags(call: Call) -> Iterable[Value]:
    where = _where(call)
    if call.should(where, "Updating the resource...") and call.agreed(
        f"Are you sure you want to update the following resource: {where}"
    ):
        if call.given("Tag"):
            wanted: Document = {
                "properties": {"tags": {name: str(value) for name, value in (tags(call) or {}).items()}}
            }
            activity = f"Set-AzResource {where.rpartition('/')[2]}"
            change(call, activity, "PUT", f"{where}/providers/Microsoft.Resources/tags/default", wanted)
        yield read(RESOURCE, call.shell.api.get(where))


def remove(call: Call) -> Iterable[Value]:
    where = _where(call)
    if call.should(where, "Deleting the resource...") and call.agreed(
        f"Are you sure you want to delete the following resource: {where}"
    ):
        change(call, f"Remove-AzResource {where.rpartition('/')[2]}", "DELETE", where)
        yield True


_COLUMNS = columns("Name ResourceGroupName ResourceType Location")
_VIEW = View(RESOURCE.type, (*_COLUMNS, *columns("ResourceId"), Column("Tags", tag_lines)), tabled=_COLUMNS)


def _named(*, must: bool) -> tuple[Parameter, ...]:
    more = "" if must else ", or a pattern"
    named = partial(plain, mandatory=must, from_name=True, sets=BY_NAME)
    return (
        mandatory("ResourceId", "The id.", sets=BY_ID, aliases="Id"),
        named("Name", f"The name{more}.", aliases="ResourceName"),
        named("ResourceType", f"The type, e.g. Microsoft.Compute/images{more}."),
        named("ResourceGroupName", f"The resource group{more}.", completes="resourceGroups"),
    )


MODULE = Module(
    of(
        "Az.Resources",
        cmdlet(
            "Get-AzResource",
            "Gets resources of any type.",
            get,
            *_named(must=False),
            plain("Tag", "Only those with these tags.", kind=TAG.kind, sets=BY_NAME),
            plain("TagName", "Only those with a tag of this name.", sets=BY_NAME),
            plain("TagValue", "Only those with a tag of this value.", sets=BY_NAME),
            switch("ExpandProperties", "With all that each type says of its own."),
            default_set=BY_NAME,
            output=RESOURCE.type,
            examples={
                "All of a group.": "Get-AzResource -ResourceGroupName lab",
                "All images.": "Get-AzResource -ResourceType Microsoft.Compute/images",
            },
        ),
        cmdlet(
            "Set-AzResource",
            "Gives a resource other tags.",
            set_tags,
            *_named(must=True),
            plain("Tag", "These tags and no others; @{} takes all away.", kind=TAG.kind),
            FORCE,
            default_set=BY_ID,
            output=RESOURCE.type,
            confirms=True,
            as_job=True,
            examples={"One tag.": 'Set-AzResource -ResourceId $vm.Id -Tag @{team="lab"} -Force'},
        ),
        cmdlet(
            "Remove-AzResource",
            "Removes a resource of any type.",
            remove,
            *_named(must=True),
            FORCE,
            default_set=BY_ID,
            output="System.Boolean",
            confirms=True,
            as_job=True,
            examples={"Remove one without being asked.": "Remove-AzResource -ResourceId $image.Id -Force"},
        ),
    ),
    (_VIEW,),
)
