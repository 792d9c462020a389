"""Join-Path and Split-Path: names of files as text; nothing is looked for.

Source: Microsoft Learn, Join-Path, Split-Path; as on Linux.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import MANAGEMENT, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.values import Value


def _join(call: Call) -> Iterator[Value]:
    children = [*call.texts("ChildPath"), *call.texts("AdditionalChildPath")]
    for path in call.texts("Path"):
        parts = [each.replace("\\", "/").strip("/") for each in children]
        yield "/".join([path.replace("\\", "/").rstrip("/"), *(each for each in parts if each)])


def _split(call: Call) -> Iterator[Value]:
    for path in call.texts("Path"):
        parent, _, leaf = path.replace("\\", "/").rstrip("/").rpartition("/")
        stem, dot, extension = leaf.rpartition(".")
        if call.switch("Leaf"):
            yield leaf
        elif call.switch("LeafBase"):
            yield stem if dot else leaf
        elif call.switch("Extension"):
            yield f".{extension}" if dot else ""
        else:
            yield parent


JOIN = Cmdlet(
    "Join-Path",
    "Puts the parts of a file's name together.",
    _join,
    parameters=(
        Parameter("Path", Kind.STRINGS, "The beginning.", mandatory=True, position=0, from_pipeline=True),
        Parameter("ChildPath", Kind.STRINGS, "What comes after it.", mandatory=True, position=1),
        Parameter("AdditionalChildPath", Kind.STRINGS, "And after that.", position=2, rest=True),
    ),
    module=MANAGEMENT,
    output="System.String",
    examples=(Example("A blob's name", "Join-Path vhds golden.vhd"),),
)
SPLIT = Cmdlet(
    "Split-Path",
    "Gives a part of a file's name, or of a resource's ID.",
    _split,
    parameters=(
        Parameter("Path", Kind.STRINGS, "The whole name.", mandatory=True, position=0, from_pipeline=True),
        Parameter("Parent", Kind.SWITCH, "All but the last part, as without it."),
        Parameter("Leaf", Kind.SWITCH, "The last part."),
        Parameter("LeafBase", Kind.SWITCH, "The last part without what follows the last dot."),
        Parameter("Extension", Kind.SWITCH, "What follows the last dot, with the dot."),
    ),
    module=MANAGEMENT,
    output="System.String",
    examples=(Example("The name in an ID", "Split-Path $vm.StorageProfile.OsDisk.ManagedDisk.Id -Leaf"),),
)

MODULE = Module((JOIN, SPLIT))
