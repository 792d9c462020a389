"""New-Object: the few types that scripts for Azure make.

Source: Microsoft Learn, New-Object.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects import creation
from calco.cloudshell.objects.member import put
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import full_name
from calco.cloudshell.values import CUSTOM, Record, Value


def _new(call: Call) -> Iterator[Value]:
    written = call.text("TypeName")
    full = full_name(written) or written
    if not creation.makes(full):
        raise Terminating(
            Fault(
                f"Cannot find type [{written}]: verify that the assembly containing this type is loaded.",
                "TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand",
                "InvalidType",
                "System.Management.Automation.PSArgumentException",
            )
        )
    given = call.value("ArgumentList")
    made = creation.make(full, given if isinstance(given, list) else [] if given is None else [given])
    for key, value in call.table("Property").pairs():
        if isinstance(made, Record) and made.type == CUSTOM:
            made.members[to_text(key)] = value
        else:
            put(made, to_text(key), value)
    yield made


COMMAND = cmdlet(
    "New-Object",
    "Makes an object: PSObject, PSCredential, Hashtable, ArrayList or a generic List.",
    _new,
    plain("TypeName", "The type, with or without System.", 0, mandatory=True),
    plain("ArgumentList", "What it is made of.", 1, Kind.ANYS, aliases="Args"),
    plain("Property", "Members and their values.", kind=Kind.HASHTABLE),
    examples={
        "The account of a new machine": "$cred = New-Object System.Management.Automation.PSCredential "
        "('ada', $password)",
        "An object of one's own": "New-Object PSObject -Property @{ Name = 'web1'; Ready = $true }",
    },
)

MODULE = Module(of(UTILITY, COMMAND))
