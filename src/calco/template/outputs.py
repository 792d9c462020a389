"""A template's outputs: what a deployment answers when it is done."""

from dataclasses import replace

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import faults
from calco.template.evaluation import Scope, World
from calco.template.faults import Fault, Unreadable, has_members, short
from calco.template.function import Place
from calco.template.language import is_expression
from calco.template.parameters import SHOWN_TYPES, mismatch, show, type_of
from calco.template.values import kind_of, member, text_of

MAX_OUTPUTS = 64
"""Source: Azure, "Best practices for ARM templates", template limits."""


def declared(template: Document) -> Document:
    """Raises ApiError: no object, too many."""
    found = template.get("outputs")
    if found is not None and not isinstance(found, dict):
        raise faults.wrong_shape("properties.template.outputs", "An object")
    if found is not None and len(found) > MAX_OUTPUTS:
        raise faults.too_much("outputs", MAX_OUTPUTS, len(found))
    return found or {}


def check(world: World) -> None:
    """Find what can be found before anything is made. Raises ApiError."""
    for name, output in declared(world.template).items():
        if not isinstance(output, dict):
            raise faults.wrong_shape(f"properties.template.outputs.{name}", "An object")
        if not type_of(output):
            raise faults.output_fault(
                name,
                faults.at(world.template, "outputs", name),
                f"The type '{short(text_of(output.get('type')))}' is not supported: an output is one of "
                f"'{', '.join(SHOWN_TYPES.values())}'",
            )
        try:
            _one(Scope(world, Place.OUTPUT, keep=True), output)
        except Unreadable as unreadable:
            raise faults.unreadable(str(unreadable)) from None
        except Fault as fault:
            where = faults.at(world.template, "outputs", name)
            raise faults.output_fault(name, where, str(fault)) from None


def made(world: World) -> Document:
    """Every output that there is, as answers show it. Raises ApiError with one detail for each that has no value."""
    shown: Document = {}
    failed: dict[str, ApiError] = {}
    for name, output in declared(world.template).items():
        try:
            value = _one(Scope(world, Place.OUTPUT), has_members(output))
        except Fault as fault:
            failed[name] = faults.output_failed(name, str(fault))
        except ApiError as refused:
            failed[name] = faults.output_failed(name, refused.message.rstrip("."))
        else:
            if value is not None:
                shown[name] = show(type_of(output), value[0])
    if failed:
        raise faults.outputs_failed(list(failed), tuple(failed.values()))
    return shown


def _one(scope: Scope, output: Document) -> tuple[Json] | None:
    """The output's value; None when its condition is false."""
    condition = scope.resolve(output.get(member(output, "condition") or ""))
    if condition is False:
        return None
    if not (condition is None or condition is True or _later(scope, condition)):
        raise Fault(f"The output's condition must be a boolean. It is of type '{kind_of(condition)}'")
    copy = output.get(member(output, "copy") or "")
    if copy is not None:
        if not isinstance(copy, dict) or "input" not in copy:
            raise Fault("The output's 'copy' must be an object with a 'count' and an 'input'")
        inside, times = copy["input"], scope.count(copy.get("count"))
        value: Json = [replace(scope, loops=(("", index),)).resolve(inside) for index in range(times)]
    elif "value" in output:
        value = scope.resolve(output["value"])
    else:
        raise Fault("The output needs a 'value'")
    wrong = None if _later(scope, value) else mismatch(type_of(output), value)
    if wrong is not None and not (value is None and output.get("nullable") is True):
        raise Fault(
            f"Template output JToken type is not valid. {wrong}. Please see https://aka.ms/arm-template/#outputs for "
            "usage details"
        )
    return (value,)


def _later(scope: Scope, value: Json) -> bool:
    return scope.keep and isinstance(value, str) and is_expression(value)
