"""From a template and parameters to what is to be put, in which order; and what is left when the world is there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.template import dependencies, faults, nested, structure
from calco.template import outputs as template_outputs
from calco.template.context import Context, Item, Look
from calco.template.dependencies import Names
from calco.template.evaluation import Known, Meter, Scope, World
from calco.template.faults import Fault, Unreadable
from calco.template.function import Place
from calco.template.parameters import Parameters, secrets, veiled
from calco.template.resources import Draft, drafts

MAX_NESTING = 5
"""Deployments inside deployments. Ours; Azure's is said to be the same."""


@dataclass(frozen=True)
class Prepared:
    """A template that has been found valid: everything is known but what ``reference()`` and ``list*()`` will say."""

    template: Document
    context: Context
    parameters: Document = field(repr=False)
    """Values by the names the template declares, defaults filled in. Secure ones are here in clear: keep it out of the
    records, and keep ``shown_parameters`` instead."""
    shown_parameters: Document
    """``{"size": {"type": "String", "value": "small"}, "password": {"type": "SecureString"}}``: as Azure shows them."""
    items: tuple[Item, ...]
    """In the template's order, without those whose condition is false."""
    skipped: tuple[ResourceId, ...] = ()
    """Those whose condition is false."""
    world: World = field(repr=False, kw_only=True)
    """What expressions are evaluated in; nobody else's business."""
    paths: Mapping[str, tuple[str | int, ...]] = field(repr=False, kw_only=True)
    """Where each item is in the template, by key: for messages."""
    hidden: tuple[str, ...] = field(repr=False, kw_only=True)
    """What no message may repeat."""


def prepare(template: Document, parameters: Document, context: Context) -> Prepared:
    """``parameters`` as in a request: ``{"name": {"value": ...}}``. The same arguments always give the same answer.

    Raises ApiError: InvalidTemplate, or InvalidRequestContent where Azure's reader already stumbles.
    """
    with _veiling(secrets(template, parameters)):
        try:
            return _prepare(template, parameters, context, Meter(), 0)
        except RecursionError:  # every way down is counted; this is for a caller that stands on a deep stack already
            raise faults.invalid("The template is nested too deeply.") from None


@contextmanager
def _veiling(hidden: tuple[str, ...]) -> Iterator[None]:
    try:
        yield
    except ApiError as refused:
        raise veiled(refused, hidden) from None


def _prepare(template: Document, given: Document, context: Context, meter: Meter, level: int) -> Prepared:
    structure.check(template)
    parameters = Parameters(template, given)
    world = World(template, context, parameters.value, parameters.given(), meter=meter)
    parameters.world = world
    world.members = structure.own_functions(template)
    values = parameters.all()
    world.variables = structure.variables(world)
    _check_variables(world)
    names = Names(drafts(world))
    world.names = names
    dependencies.refuse_twins(names, template)
    asked = {each.id.key: _look_through(world, each, level) for each in names.all if each.deployed}
    waits = dependencies.edges(names, asked)
    template_outputs.check(world)
    return Prepared(
        template=template,
        context=context,
        parameters=values,
        shown_parameters=parameters.shown(),
        items=tuple(_item(each, waits[each.id.key]) for each in names.all if each.deployed),
        skipped=tuple(each.id for each in names.all if not each.deployed and not each.existing),
        world=world,
        paths={each.id.key: each.path for each in names.all},
        hidden=secrets(template, given),
    )


def _check_variables(world: World) -> None:
    for each in world.variables.values():
        try:
            world.variable(each.name)
        except Unreadable as unreadable:
            raise faults.unreadable(str(unreadable)) from None
        except Fault as fault:
            raise faults.variable_fault(each.name, str(fault)) from None


def _item(draft: Draft, waits: tuple[str, ...]) -> Item:
    return Item(draft.id, draft.type, draft.name, draft.version, waits, draft.source, draft.loops)


def _look_through(world: World, draft: Draft, level: int) -> list[Known]:
    """Evaluate what can be; whom the rest asks for by name, or by id without saying which version to ask in."""
    asked: list[tuple[Known, bool]] = []
    scope = Scope(world, Place.BODY, draft.loops, keep=True, asked=asked)
    item = _item(draft, ())
    made = _shaped(scope, item, draft.path)
    if draft.is_deployment:
        _prepare_nested(world, item, made, level)
    return [known for known, elsewhere in asked if not elsewhere]


def _prepare_nested(world: World, item: Item, body: Document, level: int) -> None:
    """Find what is wrong with an inner template before anything is made, as far as its parameters are known."""
    if level >= MAX_NESTING:
        raise faults.invalid(f"The template nests deployments more than '{MAX_NESTING}' deep.")
    properties = faults.has_members(body["properties"])
    template, given = properties["template"], faults.has_members(properties.get("parameters"))
    options = faults.has_members(item.source.get("properties")).get("expressionEvaluationOptions")
    outer = not isinstance(options, dict) or str(options.get("scope")).lower() != "inner"
    if not isinstance(template, dict) or nested.waits(given) or (outer and nested.waits(template)):
        return
    context = world.context
    inside = replace(context, deployment=item.name, group=item.id.group)
    try:
        world.meter.spend(template)
        _prepare(template, given, inside, world.meter, level + 1)
    except Fault as fault:
        raise faults.invalid(f"{fault}.") from None
    except ApiError as refused:
        raise ApiError(
            refused.status,
            refused.code,
            f"The nested deployment '{faults.short(item.name)}' failed validation: '{refused.message}'.",
            refused.target,
        ) from None


def _shaped(scope: Scope, item: Item, path: tuple[str | int, ...]) -> Document:
    try:
        return nested.shaped(scope, item.source, item.nested)
    except Unreadable as unreadable:
        raise faults.unreadable(str(unreadable)) from None
    except Fault as fault:
        raise faults.unprocessable(str(item.id), faults.at(scope.world.template, *path), str(fault)) from None
    except RecursionError:  # as in prepare
        where = faults.at(scope.world.template, *path)
        raise faults.unprocessable(str(item.id), where, "It is nested too deeply") from None


def body(prepared: Prepared, item: Item, look: Look) -> Document:
    """What to PUT for ``item``. Raises what ``look`` raises, and ApiError InvalidTemplate when an expression fails."""
    world = prepared.world.looking(look)
    with _veiling(prepared.hidden):
        return _shaped(Scope(world, Place.BODY, item.loops), item, prepared.paths[item.id.key])


def preview(prepared: Prepared, item: Item) -> Document:
    """``body`` before anything is there: what must wait for the world stays the expression that it is."""
    world = prepared.world.looking(None)
    return _shaped(Scope(world, Place.BODY, item.loops, keep=True), item, prepared.paths[item.id.key])


def outputs(prepared: Prepared, look: Look) -> Document:
    """``{"name": {"type": "String", "value": ...}}``; of secure ones only the type.

    Raises ApiError DeploymentOutputEvaluationFailed, with a detail for each output that has no value.
    """
    with _veiling(prepared.hidden):
        return template_outputs.made(prepared.world.looking(look))
