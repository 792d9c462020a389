"""The template as a whole: its sections, its size, functions of its own; that every expression in it can be read."""

from collections.abc import Iterator
from dataclasses import dataclass

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import faults
from calco.template.evaluation import Member, Scope, Variable, World
from calco.template.faults import Fault, Unreadable, has_members, short
from calco.template.function import Place
from calco.template.functions import calls, find
from calco.template.language import is_expression, parse
from calco.template.parameters import MAX_PARAMETERS
from calco.template.resources import members, sources
from calco.template.values import weight

MAX_BYTES = 4 * 1024 * 1024
"""Source: Azure, "Best practices for ARM templates", template limits."""
_SECTIONS = frozenset(
    [
        "$schema",
        "contentversion",
        "apiprofile",
        "parameters",
        "variables",
        "functions",
        "resources",
        "outputs",
        "metadata",
        "languageversion",
        "definitions",
        "imports",
        "extensions",
        "asserts",
    ]
)
_REFUSED = ("definitions", "imports", "extensions", "asserts")
_SCHEMA = "deploymenttemplate.json"


@dataclass(frozen=True)
class _Part:
    """A part of a template that is refused by its own sentence."""

    kind: str
    name: str
    path: tuple[str | int, ...]


def check(template: Document) -> None:
    """Size, sections, expressions. Raises ApiError."""
    try:
        heavy = weight(template, MAX_BYTES) > MAX_BYTES
    except Fault as deep:
        raise faults.invalid(f"{deep}.") from None
    if heavy or len(faults.compact(template).encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise faults.invalid(
            f"The size of the template exceeds the limit of '{MAX_BYTES}' bytes. Please see "
            "https://aka.ms/arm-template for usage details."
        )
    _check_sections(template)
    for part, value in _expressions(template):
        _check_expressions(template, part, value)


def _check_sections(template: Document) -> None:
    there = members(template)
    for name in ("$schema", "contentVersion", "resources"):
        if there.get(name.lower()) is None:
            raise faults.incomplete(name, "properties.template")
    for name in template:
        if name.lower() not in _SECTIONS:
            raise ApiError(
                400,
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized: 'Could not find member "
                f"'{short(name)}' on object of type 'Template'. Path 'properties.template.{short(name)}'.'.",
                f"properties.template.{short(name)}",
            )
    for name in _REFUSED:
        if there.get(name):
            raise faults.invalid(f"The template's '{name}' are not supported by calco. Leave them out.")
    schema = there["$schema"]
    if not isinstance(schema, str) or schema.rstrip("#").rpartition("/")[2].lower() != _SCHEMA:
        raise faults.invalid(
            f"The template schema '{short(str(schema))}' is not supported. Supported is "
            "'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#', also with an earlier "
            "date: a deployment goes to a resource group. Please see https://aka.ms/arm-template for usage details."
        )


def _expressions(template: Document) -> Iterator[tuple[_Part, Json]]:
    """Each part that holds expressions, with all of it that is evaluated."""
    for name, each in has_members(template.get("parameters")).items():
        yield _Part("parameter", name, ("parameters", name)), has_members(each).get("defaultValue")
    for name, each in has_members(template.get("variables")).items():
        yield _Part("variable", name, ("variables", name)), each
    for path, _, source in sources(template):
        named = members(source).get("name")
        yield _Part("resource", named if isinstance(named, str) else str(path[-1]), path), _own(source)
    for name, each in has_members(template.get("outputs")).items():
        evaluated: Document = {key: value for key, value in has_members(each).items() if key.lower() != "metadata"}
        yield _Part("output", name, ("outputs", name)), evaluated


def _own(source: Document) -> Document:
    """A resource without what is not evaluated here: remarks, and a template that it holds."""
    kept: Document = {name: each for name, each in source.items() if name.lower() not in {"comments", "metadata"}}
    if str(members(source).get("type")).lower() == "microsoft.resources/deployments":
        kept = {name: each for name, each in kept.items() if name.lower() != "properties"}
    return kept


def _check_expressions(template: Document, part: _Part, value: Json) -> None:
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            try:
                _check_names(each)
            except Unreadable as unreadable:
                raise faults.unreadable(str(unreadable)) from None
            except Fault as fault:
                where = faults.at(template, *part.path)
                raise _REFUSE[part.kind](part.name, where, str(fault)) from None
        elif isinstance(each, list):
            left.extend(each)
        elif isinstance(each, dict):
            left.extend((*each, *each.values()))


def _check_names(text: str) -> None:
    if is_expression(text):
        for call in calls(parse(text)):
            if "." not in call.name:
                find(call.name)


_REFUSE = {
    "parameter": faults.parameter_fault,
    "variable": lambda name, _, why: faults.variable_fault(name, why),
    "resource": faults.resource_fault,
    "output": faults.output_fault,
}


def own_functions(template: Document) -> dict[str, Member]:
    """The template's own functions by namespace and name, in lower case. Raises ApiError."""
    listed = template.get("functions")
    if listed is None:
        return {}
    if not isinstance(listed, list):
        raise faults.wrong_shape("properties.template.functions", "An array")
    found: dict[str, Member] = {}
    for number, each in enumerate(listed):
        path = f"properties.template.functions[{number}]"
        space = has_members(each).get("namespace")
        if not isinstance(space, str):
            raise faults.incomplete("namespace", path)
        for name, body in has_members(has_members(each).get("members")).items():
            found[f"{space}.{name}".lower()] = _own_function(
                template, f"{space}.{name}", body, f"{path}.members.{name}"
            )
    return found


def _own_function(template: Document, name: str, body: Json, path: str) -> Member:
    output = has_members(has_members(body).get("output"))
    if "value" not in output:
        raise faults.incomplete("output", path)
    taken = has_members(body).get("parameters") or []
    names = [has_members(each).get("name") for each in taken] if isinstance(taken, list) else [None]
    texts = tuple(each for each in names if isinstance(each, str))
    if len(texts) < len(names):
        raise faults.incomplete("name", f"{path}.parameters")
    _check_expressions(template, _Part("variable", name, ("functions",)), output["value"])
    return Member(name, texts, output["value"])


def variables(world: World) -> dict[str, Variable]:
    """What the template says of each variable, by name in lower case. Raises ApiError."""
    declared = world.template.get("variables")
    if declared is not None and not isinstance(declared, dict):
        raise faults.wrong_shape("properties.template.variables", "An object")
    found: dict[str, Variable] = {}
    for name, each in (declared or {}).items():
        if name.lower() == "copy" and Scope(world, Place.VARIABLE).copies(each):
            assert isinstance(each, list)
            for copy in each:
                loop = str(has_members(copy).get("name"))
                found[loop.lower()] = Variable(loop, copy, loop=True)
        else:
            found[name.lower()] = Variable(name, each)
    if len(found) > MAX_PARAMETERS:
        raise faults.too_much("variables", MAX_PARAMETERS, len(found))
    return found
