"""Join-Path and Split-Path: names of files as text; nothing is looked for.

Source: Microsoft Learn, Join-Path, Split-Path; as on Linux.
"""

from collections.abc import Iterator

from calco.cloudshell.cmdlet import MANAGEMENT, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
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


JOIN = cmdlet(
    "Join-Path",
    "Puts the parts of a file's name together.",
    _join,
    plain("Path", "The beginning.", 0, Kind.STRINGS, mandatory=True, from_pipeline=True),
    plain("ChildPath", "What comes after it.", 1, Kind.STRINGS, mandatory=True),
    plain("AdditionalChildPath", "And after that.", 2, Kind.STRINGS, rest=True),
    output="System.String",
    examples={"A blob's name": "Join-Path vhds golden.vhd"},
)
SPLIT = cmdlet(
    "Split-Path",
    "Gives a part of a file's name, or of a resource's ID.",
    _split,
    plain("Path", "The whole name.", 0, Kind.STRINGS, mandatory=True, from_pipeline=True),
    switch("Parent", "All but the last part, as without it."),
    switch("Leaf", "The last part."),
    switch("LeafBase", "The last part without what follows the last dot."),
    switch("Extension", "What follows the last dot, with the dot."),
    output="System.String",
    examples={"The name in an ID": "Split-Path $vm.StorageProfile.OsDisk.ManagedDisk.Id -Leaf"},
)

MODULE = Module(of(MANAGEMENT, JOIN, SPLIT))
