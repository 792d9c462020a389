"""New-Object: the few types that scripts for Azure make.

Source: Microsoft Learn, New-Object.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from calco.cloudshell.cmdlet import Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.member import put
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.objects.type_name import LIST, full_name
from calco.cloudshell.values import CREDENTIAL, CUSTOM, Growing, Hashtable, Names, Record, SecureString, Value


def _new(call: Call) -> Iterator[Value]:
    written = call.text("TypeName")
    full = full_name(written) or written
    make = _MAKERS.get(full)
    if make is None:
        raise Terminating(
            Fault(
                f"Cannot find type [{written}]: verify that the assembly containing this type is loaded.",
                "TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand",
                "InvalidType",
                "System.Management.Automation.PSArgumentException",
            )
        )
    given = call.value("ArgumentList")
    made = make(given if isinstance(given, list) else [] if given is None else [given])
    for key, value in call.table("Property").pairs():
        if isinstance(made, Record) and made.type == CUSTOM:
            made.members[to_text(key)] = value
        else:
            put(made, to_text(key), value)
    yield made


def _credential(arguments: list[Value]) -> Value:
    match arguments:
        case [user, SecureString() as password]:
            return Record(CREDENTIAL, Names([("UserName", to_text(user)), ("Password", password)]))
        case _:
            message = (
                f"A constructor was not found. Cannot find an appropriate constructor for type {CREDENTIAL}: give a "
                "user name and a SecureString."
            )
            raise Terminating(Fault(message, "ConstructorInvokedThrowException", "InvalidOperation"))


def _growing(type: str) -> Callable[[list[Value]], Value]:
    def make(arguments: list[Value]) -> Value:
        made = Growing(arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else ())
        made.type = type
        return made

    return make


_MAKERS: Mapping[str, Callable[[list[Value]], Value]] = MappingProxyType(
    {
        CUSTOM: lambda _: Record(CUSTOM),
        "System.Object": lambda _: Record(CUSTOM),
        "System.Management.Automation.PSObject": lambda _: Record(CUSTOM),
        CREDENTIAL: _credential,
        "System.Collections.Hashtable": lambda _: Hashtable(),
        "System.Collections.Specialized.OrderedDictionary": lambda _: Hashtable(ordered=True),
        "System.Collections.ArrayList": _growing("System.Collections.ArrayList"),
        LIST: _growing(LIST),
    }
)

COMMAND = Cmdlet(
    "New-Object",
    "Makes an object: PSObject, PSCredential, Hashtable, ArrayList or a generic List.",
    _new,
    parameters=(
        Parameter("TypeName", help="The type, with or without System.", mandatory=True, position=0),
        Parameter("ArgumentList", Kind.ANYS, "What it is made of.", position=1, aliases=("Args",)),
        Parameter("Property", Kind.HASHTABLE, "Members and their values."),
    ),
    module="Microsoft.PowerShell.Utility",
    examples=(
        Example(
            "The account of a new machine",
            "$cred = New-Object System.Management.Automation.PSCredential ('ada', $password)",
        ),
        Example("An object of one's own", "New-Object PSObject -Property @{ Name = 'web1'; Ready = $true }"),
    ),
)

MODULE = Module((COMMAND,))
