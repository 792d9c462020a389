"""Who waits for whom: ``dependsOn`` in all its spellings, parents, batches, and what ``reference()`` asks for."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.template import faults
from calco.template.evaluation import Known
from calco.template.faults import Fault, at, short
from calco.template.resources import Draft


class Names:
    """The resources of a template by everything they may be called, case apart."""

    def __init__(self, drafts: Iterable[Draft]) -> None:
        self.all = list(drafts)
        self._called: dict[str, list[Draft]] = {}
        self._loops: dict[str, list[Draft]] = {}
        for draft in self.all:
            for name in {*_spellings(draft)}:
                self._called.setdefault(name, []).append(draft)
            if draft.loop:
                self._loops.setdefault(draft.loop, []).append(draft)

    def find(self, text: str) -> Known | None:
        found = self._called.get(_key(text), [])
        alive = [each for each in found if each.deployed or each.existing] or found
        if len(alive) > 1 and len({each.id.key for each in alive}) > 1:
            raise Fault(
                f"The template reference '{short(text)}' is not valid: several resources of the template have this "
                "name. Use the resource's id. Please see https://aka.ms/arm-function-reference for usage details"
            )
        return Known(alive[0].id, alive[0].version, alive[0].deployed) if alive else None

    def named(self, text: str) -> list[Draft] | None:
        """The resources that ``dependsOn`` means: of that id or name, or of that loop; None: nothing has it."""
        key = _key(text)
        if key in self._called:
            return self._called[key]
        return self._loops.get(key)


def _key(text: str) -> str:
    return text.strip("/").lower()


def _spellings(draft: Draft) -> Iterable[str]:
    whole = _key(str(draft.id))
    yield whole
    yield whole.rpartition("/providers/")[2] if "/providers/" in whole else whole
    yield f"{draft.type}/{draft.name}".lower()
    yield draft.name.lower()
    if draft.symbol:
        yield draft.symbol.lower()


def refuse_twins(names: Names, template: Document) -> None:
    """Raises ApiError when two resources that will be there have one id."""
    seen: set[str] = set()
    for draft in names.all:
        if draft.deployed and draft.id.key in seen:
            raise faults.invalid(
                f"The resource '{short(_relative(draft))}' {at(template, *draft.path)} is defined multiple times in "
                "a template. Please see https://aka.ms/arm-template/#resources for usage details."
            )
        if draft.deployed:
            seen.add(draft.id.key)


def _relative(draft: Draft) -> str:
    return str(draft.id).partition("/providers/")[2]


def edges(names: Names, asked: Mapping[str, Iterable[Known]]) -> dict[str, tuple[str, ...]]:
    """For the key of each resource that will be there, the keys it waits for. ``asked``: whom its expressions ask for.

    Raises ApiError: something is not in the template, or they wait for each other.
    """
    alive = {each.id.key for each in names.all if each.deployed}
    batches = _batches(names)
    found: dict[str, tuple[str, ...]] = {}
    for draft in names.all:
        if not draft.deployed:
            _wanted(names, draft)
            continue
        waits = {each.id.key for each in _wanted(names, draft)}
        waits.update(each.id.key for each in asked.get(draft.id.key, ()))
        waits.add(draft.parent)
        if draft.before is not None:
            waits.update(batches[draft.loop, draft.before])
        found[draft.id.key] = tuple(sorted(waits & alive))
    _refuse_circles(names, found)
    return found


def _batches(names: Names) -> dict[tuple[str, int], set[str]]:
    """For each loop and index that others wait for, the keys of the batch that ends there."""
    found: dict[tuple[str, int], set[str]] = {}
    ends = {(each.loop, each.before) for each in names.all if each.before is not None}
    for loop, end in ends:
        assert end is not None
        starts = [e for other, e in ends if other == loop and e is not None and e < end]
        start = max(starts, default=-1)
        found[loop, end] = {each.id.key for each in names.all if each.loop == loop and start < each.loops[-1][1] <= end}
    return found


def _wanted(names: Names, draft: Draft) -> list[Draft]:
    found: list[Draft] = []
    for text in draft.wanted:
        named = names.named(text)
        if named is None:
            raise _unknown(text)
        # A name may be a machine's and its NIC's: who waits for it means the other one.
        found.extend(each for each in named if len(named) == 1 or each.id.key != draft.id.key)
    return found


def _unknown(text: str) -> ApiError:
    relative = text.rpartition("/providers/")[2] or text
    return faults.invalid(
        f"The resource '{short(relative)}' is not defined in the template. Please see https://aka.ms/arm-template for "
        "usage details."
    )


def _refuse_circles(names: Names, found: Mapping[str, tuple[str, ...]]) -> None:
    try:
        TopologicalSorter(found).prepare()
    except CycleError as circle:
        inside: set[str] = {str(each) for each in circle.args[1]}
        first = next(each for each in names.all if each.id.key in inside)
        raise faults.invalid(
            f"Circular dependency detected on resource: '{first.id}'. Please see "
            "https://aka.ms/arm-template/#resources for usage details."
        ) from None
