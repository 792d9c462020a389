"""Get-Member and Add-Member: what an object has, and giving it more.

Source: Microsoft Learn, Get-Member, Add-Member.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import INPUT, UTILITY, Call, Kind, Module, View
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch
from calco.cloudshell.errors import Fault
from calco.cloudshell.objects import method, pattern
from calco.cloudshell.objects.member import get, names_of
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import type_of, written
from calco.cloudshell.values import CUSTOM, Record, Value

MEMBER = "Microsoft.PowerShell.Commands.MemberDefinition"
METHODS = (
    ("Equals", "bool Equals(System.Object obj)"),
    ("GetHashCode", "int GetHashCode()"),
    ("GetType", "type GetType()"),
    ("ToString", "string ToString()"),
)
"""What every object has."""


def _members(call: Call) -> Iterator[Value]:
    seen: set[str] = set()
    wanted, kinds = call.texts("Name") or ["*"], call.texts("MemberType")
    empty = True
    for item in call.input:
        if item is None:
            continue
        empty = False
        type = type_of(item)
        if type in seen and type != CUSTOM:
            continue
        signature = type + "".join(names_of(item))
        if signature in seen:
            continue
        seen |= {type, signature}
        for record in _listed(item, type):
            kind = to_text(record.get("MemberType"))
            fits = not kinds or any(_is_kind(kind, each) for each in kinds)
            if fits and any(pattern.like(to_text(record.get("Name")), each) for each in wanted):
                yield record
    if empty:
        call.error(Fault("You must specify an object for the Get-Member cmdlet.", "NoObjectInGetMember", "CloseError"))


def _is_kind(kind: str, wanted: str) -> bool:
    return wanted.casefold() in {kind.casefold(), "all"} or (wanted.casefold() == "properties" and kind != "Method")


def _listed(item: Value, type: str) -> Iterator[Record]:
    custom = type == CUSTOM
    for name, definition in METHODS:
        yield _record(type, name, "Method", definition)
    for name in method.names_of(item):
        yield _record(type, name, "Method", f"{name}(...)")
    for name in sorted(names_of(item), key=str.casefold):
        value = get(item, name)
        kind = written(type_of(value)) if value is not None else "object"
        if custom:
            yield _record(
                type, name, "NoteProperty", f"{kind} {name}={to_text(value) if value is not None else 'null'}"
            )
        else:
            yield _record(type, name, "Property", f"{kind} {name} {{get;set;}}")


def _record(type: str, name: str, kind: str, definition: str) -> Record:
    return Record.of(MEMBER, {"TypeName": type, "Name": name, "MemberType": kind, "Definition": definition})


def _add(call: Call) -> Iterator[Value]:
    item = call.value("InputObject")
    if not isinstance(item, Record):
        call.error(Fault("A member can only be added to an object.", "InvalidInput", "InvalidOperation"))
        return
    pairs = [(to_text(key), value) for key, value in call.table("NotePropertyMembers").pairs()]
    if call.given("NotePropertyName"):
        pairs.append((call.text("NotePropertyName"), call.value("NotePropertyValue")))
    for name, value in pairs:
        if name in item.members and not call.switch("Force"):
            message = (
                f'Cannot add a member with the name "{name}" because a member with that name already exists. To '
                "overwrite the member anyway, add the Force parameter to your command."
            )
            call.error(Fault(message, "MemberAlreadyExists", "InvalidOperation"))
        else:
            item.members[name] = value
    if call.switch("PassThru"):
        yield item


GET = cmdlet(
    "Get-Member",
    "Lists what an object has.",
    _members,
    plain("Name", "Only these, wildcards too.", 0, Kind.STRINGS),
    plain(
        "MemberType",
        "Only this kind.",
        kind=Kind.STRINGS,
        aliases="Type",
        choices="Property NoteProperty Properties Method All",
    ),
    INPUT,
    output=MEMBER,
    aliases="gm",
    whole=True,
    examples={"What a machine has": "Get-AzVM -ResourceGroupName web -Name web1 | Get-Member"},
)
ADD = cmdlet(
    "Add-Member",
    "Gives an object another property.",
    _add,
    plain("NotePropertyName", "Its name.", 0, mandatory=True, sets="Name"),
    plain("NotePropertyValue", "Its value.", 1, Kind.ANY, sets="Name"),
    plain("NotePropertyMembers", "Several, by name.", 0, Kind.HASHTABLE, mandatory=True, sets="Table"),
    plain("InputObject", "The object.", kind=Kind.ANY, mandatory=True, from_pipeline=True),
    plain("MemberType", "Only NoteProperty.", aliases="Type", choices="NoteProperty"),
    switch("Force", "Even when it has one of that name."),
    switch("PassThru", "Give the object."),
    default_set="Name",
    examples={"Remember where it came from": "$image | Add-Member -NotePropertyName Source -NotePropertyValue web1"},
)

_COLUMNS = columns("Name MemberType Definition")
MODULE = Module(of(UTILITY, GET, ADD), (View(MEMBER, _COLUMNS, table=True, group="TypeName"),))
