"""Tags of one resource or group, and the names in use. Source: Microsoft Learn, Az.Resources' reference of each."""

from collections.abc import Iterable

from calco.cloudshell.az.declaration import PASS_THRU, Takes, cmdlet, columns, mandatory, of, plain
from calco.cloudshell.az.given import tags
from calco.cloudshell.az.record import Family, Shape, at, read
from calco.cloudshell.az.tag_text import table_lines
from calco.cloudshell.az.target import argument, matches, subscription
from calco.cloudshell.cmdlet import Call, Column, Module, View
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, number_at, objects_at, text_at
from calco.model.ids import ResourceId

_MODELS = "Microsoft.Azure.Commands.Tags.Model."
_FAMILY = Family(
    _MODELS,
    {"PSTagResource": Shape("Id Name Type Properties:PSTagsObject"), "PSTagsObject": Shape("TagsProperty=tags{}")},
)
RESOURCE = _FAMILY["PSTagResource"]
NAME, VALUE = f"{_MODELS}PSTag", f"{_MODELS}PSTagValue"


def _where(call: Call) -> str:
    """The address of the tags of -ResourceId. Raises Terminating."""
    id = call.text("ResourceId").rstrip("/")
    try:
        ResourceId.parse(id)
    except ValueError:
        raise argument(f"'{id[:200]}' is not the id of a resource or of a resource group.") from None
    return f"{id}/providers/Microsoft.Resources/tags/default"


def _get(call: Call) -> Iterable[Value]:
    if call.given("ResourceId"):
        yield read(RESOURCE, call.shell.api.get(_where(call)))
        return
    for each in call.shell.api.list(f"{subscription(call.shell.api)}/tagNames"):
        if matches(text_at(each, "tagName") or "", call.text("Name")):
            yield _used(each)


def _used(name: Document) -> Record:
    values: list[Value] = [
        Record.of(VALUE, {"Name": text_at(each, "tagValue"), "Count": number_at(each, "count", "value")})
        for each in objects_at(name, "values")
    ]
    members: dict[str, Value] = {
        "Id": text_at(name, "id"),
        "Name": text_at(name, "tagName"),
        "Count": number_at(name, "count", "value"),
        "Values": values,
    }
    return Record.of(NAME, members)


def _new(call: Call) -> Iterable[Value]:
    if call.should(call.text("ResourceId"), "New Tags"):
        yield _changed(call, "PUT", {})


def _update(call: Call) -> Iterable[Value]:
    if call.should(call.text("ResourceId"), "Update Tags"):
        yield _changed(call, "PATCH", {"operation": call.text("Operation")})


def _changed(call: Call, method: str, body: Document) -> Record:
    wanted: Document = {name: str(value) for name, value in (tags(call) or {}).items()}
    changed = call.shell.api.change(method, _where(call), {**body, "properties": {"tags": wanted}})
    return read(RESOURCE, changed.document)


def _remove(call: Call) -> Iterable[Value]:
    if call.should(call.text("ResourceId"), "Remove Tags"):
        call.shell.api.change("DELETE", _where(call))
        if call.switch("PassThru"):
            yield True


_ID = mandatory("ResourceId", "The id of the resource or group.", 0, aliases="Id")
_TAG = plain("Tag", 'Names and values: @{team="lab"}.', 1, Takes.HASHTABLE, mandatory=True)


MODULE = Module(
    of(
        "Az.Resources",
        cmdlet(
            "Get-AzTag",
            "Gets the tags of one resource, or the names of tags in use.",
            _get,
            plain("Name", "One name, or a pattern.", 0, sets="GetByName"),
            mandatory("ResourceId", _ID.help, sets="GetByResourceId"),
            default_set="GetByName",
            output=RESOURCE.type,
            examples={"Of one machine.": "Get-AzTag -ResourceId $vm.Id", "All names in use.": "Get-AzTag"},
        ),
        cmdlet(
            "New-AzTag",
            "Gives a resource these tags and no others.",
            _new,
            _ID,
            _TAG,
            output=RESOURCE.type,
            confirms=True,
            examples={"One tag.": 'New-AzTag -ResourceId $vm.Id -Tag @{team="lab"}'},
        ),
        cmdlet(
            "Update-AzTag",
            "Adds tags to a resource's, replaces them, or takes some away.",
            _update,
            _ID,
            _TAG,
            plain(
                "Operation",
                "What is done with those that are there.",
                2,
                mandatory=True,
                choices="Merge Replace Delete",
            ),
            output=RESOURCE.type,
            confirms=True,
            examples={"Add one.": 'Update-AzTag -ResourceId $vm.Id -Tag @{team="lab"} -Operation Merge'},
        ),
        cmdlet(
            "Remove-AzTag",
            "Takes all tags of a resource away.",
            _remove,
            _ID,
            PASS_THRU,
            output="System.Boolean",
            confirms=True,
            examples={"Of one machine.": "Remove-AzTag -ResourceId $vm.Id"},
        ),
    ),
    (
        View(
            RESOURCE.type,
            (
                *columns("Id Name Type"),
                Column("Properties", lambda each: table_lines(at(each, "Properties", "TagsProperty"))),
            ),
        ),
        View(NAME, columns("Name Count"), table=True),
    ),
)
