"""Hostile templates: whatever is sent, there is an answer or a refusal, soon, and it is of bounded size."""

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import body, outputs, prepare, preview
from calco.template.functions import table
from tests.template.templates import CONTEXT, SCHEMA, FakeLook, machine, network, prepared, resource, template

pytestmark = pytest.mark.slow

SOON_SECONDS = 20
"""Of processor time, several times what the slowest takes: a hang is what this is about."""


def doubling(start: Json, step: str) -> Document:
    """Variables each of which holds the one before it twice."""
    return {"v0": start, **{f"v{n}": step.replace("@", f"variables('v{n - 1}')") for n in range(1, 60)}}


def deep(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


def looped(function: str, rule: str, more: str = "") -> str:
    """``function`` over ten thousand numbers, with a lambda of x and y."""
    written = rule.replace("@x", "lambdaVariables('x')").replace("@y", "lambdaVariables('y')")
    names = "'x'" if function in {"map", "filter"} else "'x', 'y'"
    return f"[{function}(range(0, 10000), {more}lambda({names}, {written}))]"


def grown(rule: str) -> str:
    """A value put into another five hundred times."""
    return looped("reduce", rule, "1, ").replace("10000", "500")


def loop(name: str, below: Json) -> Document:
    return {"copy": [{"name": name, "count": 800, "input": below}]}


def copies(count: int, **members: Json) -> Document:
    copy: Document = {"name": "x", "count": count}
    if "mode" in members:
        copy["mode"] = members.pop("mode")
    return machine("[concat('m', copyIndex())]", copy=copy, **members)


def own(name: str, calls: str) -> Document:
    return {name: {"output": {"type": "int", "value": f"[f.{calls}()]"}}}


def variables(**said: Json) -> Document:
    return template(variables=said)


TWICE: Document = {
    "v0": {},
    **{f"v{n}": dict.fromkeys(("a", "b"), f"[variables('v{n - 1}')]") for n in range(1, 60)},
}
ROW: Document = {**{f"v{n}": f"[variables('v{n + 1}')]" for n in range(255)}, "v255": 1}
ASKED: Document = {f"t{n}": f"[concat('a', copyIndex(), reference('v{n}').x)]" for n in range(5)}
OBJECTS = looped("map", "createObject('a', @x)")
SEARCHED: Document = {"t": {"type": "string", "defaultValue": ",a" * 50_000}}

COSTLY = template(variables={"a": looped("map", "length(range(0, 1000))").replace("10000", "900")})
NESTED = resource(
    "Microsoft.Resources/deployments",
    "[concat('d', copyIndex())]",
    copy={"name": "x", "count": 800},
    properties={"mode": "Incremental", "template": COSTLY, "expressionEvaluationOptions": {"scope": "inner"}},
)

HOSTILE: dict[str, Document] = {
    "800 deployments that are costly each": template(NESTED),
    "a text that doubles": template(variables=doubling("x", "[concat(@, @)]")),
    "a text that doubles by format": template(variables=doubling("x", "[format('{0}{0}', @)]")),
    "a text that doubles by replace": template(variables=doubling("xx", "[replace(@, 'x', 'xx')]")),
    "a text that doubles by join": template(variables=doubling("x", "[join(createArray(@, @), @)]")),
    "a text that doubles by string": template(variables=doubling("'\"", "[string(createArray(@, @))]")),
    "an array that doubles": template(variables=doubling(["x"], "[concat(@, @)]")),
    "an array that holds itself twice": template(variables=doubling(["x"], "[createArray(@, @)]")),
    "an object that holds itself twice": template(variables=doubling({}, "[createObject('a', @, 'b', @)]")),
    "an object of a template that holds itself twice": template(variables=TWICE),
    "variables in a long row": template(variables=ROW),
    "loops in loops": variables(a=looped("map", looped("map", "@x")[1:-1])),
    "a sort of many": variables(a=looped("sort", "less(@y, @x)")),
    "a reduction that grows": variables(a=looped("reduce", "createArray(@x, @x)", "createArray(), ")),
    "an intersection of many": variables(a="[intersection(range(0, 10000), range(0, 10000), range(0, 10000))]"),
    "a union of many objects": variables(a=OBJECTS, b="[union(variables('a'), variables('a'))]"),
    "a text of many parts": template(
        parameters=SEARCHED, variables={"a": looped("map", "length(split(parameters('t'), createArray(',', 'b')))")}
    ),
    "a text that is searched often": template(
        parameters=SEARCHED, variables={"a": looped("map", "indexOf(parameters('t'), 'c')")}
    ),
    "a text that is hashed often": template(
        parameters=SEARCHED, variables={"a": looped("map", "uniqueString(parameters('t'))")}
    ),
    "property loops in property loops": template(
        machine("m", properties=loop("a", loop("b", loop("c", "[copyIndex('c')]"))))
    ),
    "a large value in many copies": template(
        copies(800, tags={"a": "[variables('big')]"}), variables={"big": [str(n) for n in range(50_000)]}
    ),
    "a document that is deep": template(machine("m", properties={"a": deep(200)})),
    "JSON that is deep": variables(a=f"[json('{'[' * 5000}{']' * 5000}')]"),
    "JSON that is rather deep": variables(a=f"[string(json('{'[' * 900}{']' * 900}'))]"),
    "a value that gets deep": variables(a=grown("array(createArray(@x))")),
    "a deep value that is compared": variables(
        a=grown("createObject('a', @x)"), b="[equals(variables('a'), variables('a'))]"
    ),
    "functions that call each other": template(
        functions=[{"namespace": "f", "members": {**own("a", "b"), **own("b", "a")}}], variables={"a": "[f.a()]"}
    ),
    "795 machines that ask five networks": template(
        *[network(f"v{n}") for n in range(5)], copies(795, dependsOn=[f"v{n}" for n in range(5)], tags=ASKED)
    ),
    "a serial loop of 800": template(copies(800, mode="serial")),
    "a chain of 800": template(*[machine(f"m{n}", dependsOn=[f"m{n - 1}"] if n else []) for n in range(800)]),
    "wide padding": variables(a=looped("map", "format('{0,1000}', 1)")),
    "many groups in a format": variables(a=f"[format('{'{0}' * 5000}', '{'x' * 500}')]"),
    "many braces in a format": variables(a=looped("map", f"format('{'{{' * 4000}')")),
}


def everything(document: Document) -> Iterator[str]:
    """All that can be asked of a template."""
    look = FakeLook({f"v{n}": {"x": n} for n in range(5)})
    answer = prepared(document)
    yield str(len(answer.items))
    for each in answer.items:
        yield str(preview(answer, each))[:100]
        yield str(body(answer, each, look))[:100]
    yield str(outputs(answer, look))[:100]


HEAVY = {
    "800 deployments that are costly each",
    "a union of many objects",
    "an object that holds itself twice",
    "an object of a template that holds itself twice",
    "loops in loops",
    "a sort of many",
    "property loops in property loops",
    "a text of many parts",
    "a text that is hashed often",
    "many braces in a format",
    "a large value in many copies",
}
"""They use up all the steps there are: some seconds each."""


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=[pytest.mark.slow] if each in HEAVY else []) for each in HOSTILE]
)
def test_a_hostile_template_is_answered_or_refused_soon(name: str) -> None:
    began = time.process_time()
    message = ""
    try:
        told = list(everything(HOSTILE[name]))
    except ApiError as refused:
        told, message = [refused.code], refused.message

    assert time.process_time() - began < SOON_SECONDS
    assert told
    assert len(message) < 2500


@pytest.mark.parametrize("name", ["795 machines that ask five networks", "a serial loop of 800", "a chain of 800"])
def test_what_is_large_and_honest_is_answered(name: str) -> None:
    assert len(list(everything(HOSTILE[name]))) == 1 + 800 * 2 + 1


@pytest.mark.slow
def test_a_large_honest_template_stays_below_the_limit_of_steps() -> None:
    tags: Document = {f"tag{n}": f"[concat(parameters('prefix'), copyIndex(), '-{n}')]" for n in range(100)}
    document = template(
        machine("[concat('m', copyIndex())]", copy={"name": "x", "count": 800}, tags=tags),
        parameters={"prefix": {"type": "string", "defaultValue": "a-prefix-of-some-length"}},
    )

    assert len(prepared(document).items) == 800


def test_a_template_of_more_than_four_mebibytes_is_refused() -> None:
    with pytest.raises(ApiError, match="exceeds the limit of '4194304' bytes"):
        prepared(template(variables={"a": ["x" * 1000] * 5000}))


NAMES = [each.name for each in table().values() if each.name != "list"]
ATOMS = st.sampled_from(
    ["1", "-1", "0", "''", "'a'", "'v'", "createArray()", "createObject()", "null()", "true()", "parameters('p')"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda below: (
        st.builds(
            lambda name, given: f"{name}({', '.join(given)})",
            st.sampled_from([*NAMES, "listKeys"]),
            st.lists(below, max_size=3),
        )
        | st.builds(lambda one, two: f"lambda('x', {one}){two}", below, st.just(""))
        | st.builds(lambda one, two: f"{one}[{two}]", below, below)
        | st.builds(lambda one: f"{one}.name", below)
    ),
    max_leaves=8,
)
TEXTS = EXPRESSIONS.map(lambda each: f"[{each}]") | st.text(alphabet="[]'()a.,1", max_size=12)
VALUES = st.recursive(
    TEXTS | st.none() | st.integers(-2, 900) | st.booleans() | st.floats(-10, 10),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["copy", "name", "count", "input", "a", "[concat('a')]"]), below, max_size=3)
    ),
    max_leaves=6,
)
RESOURCES = st.fixed_dictionaries(
    {"type": st.sampled_from(["A.B/c", "A.B/c/d", "Microsoft.Resources/deployments", "x"]), "apiVersion": st.just("1")},
    optional={
        "name": st.sampled_from(["v", "v/w", "[concat('v', copyIndex())]", "", "[parameters('p')]"]),
        "copy": st.fixed_dictionaries(
            {"name": st.just("loop"), "count": st.integers(-1, 3)},
            optional={"mode": st.sampled_from(["serial", "x"]), "batchSize": st.integers(0, 2)},
        )
        | VALUES,
        "dependsOn": st.lists(st.sampled_from(["v", "loop", "A.B/c/v", "nobody"]), max_size=2) | VALUES,
        "condition": VALUES,
        "properties": VALUES,
        "scope": VALUES,
        "resources": st.lists(VALUES, max_size=2),
        "resourceGroup": VALUES,
    },
)
TEMPLATES = st.fixed_dictionaries(
    {
        "$schema": st.just(SCHEMA),
        "contentVersion": st.just("1.0.0.0"),
        "resources": st.lists(RESOURCES, max_size=3) | VALUES,
    },
    optional={
        "parameters": st.dictionaries(
            st.sampled_from(["p", "q"]),
            st.fixed_dictionaries({"type": st.sampled_from(["string", "int", "array", "x"]), "defaultValue": VALUES}),
        ) | VALUES,
        "variables": st.dictionaries(st.sampled_from(["v", "copy"]), VALUES) | VALUES,
        "outputs": st.dictionaries(
            st.just("o"), st.fixed_dictionaries({"type": st.just("string")}, optional={"value": VALUES, "copy": VALUES})
        ) | VALUES,
        "functions": VALUES,
    },
)  # fmt: skip


@given(TEMPLATES, st.dictionaries(st.sampled_from(["p", "q"]), VALUES, max_size=2))
@settings(max_examples=150, deadline=None)
def test_any_template_is_answered_or_refused(document: Document, parameters: Document) -> None:
    look = FakeLook({"v": {"name": "x"}})
    with suppress(ApiError):
        answer = prepare(document, parameters, CONTEXT)
        for each in answer.items:
            preview(answer, each)
            with suppress(ApiError):
                body(answer, each, look)
        outputs(answer, look)


@given(EXPRESSIONS)
@settings(max_examples=300, deadline=None)
def test_any_expression_has_a_value_or_a_refusal(expression: str) -> None:
    document = template(
        network("v"),
        resource("A.B/c", "r", properties={"x": f"[{expression}]"}),
        parameters={"p": {"type": "string", "defaultValue": "v"}},
    )
    with suppress(ApiError):
        answer = prepared(document)
        assert body(answer, answer.items[1], FakeLook({"v": {"name": "x"}})).keys() == {"properties"}


def test_the_same_arguments_give_the_same_answer() -> None:
    document = template(
        machine("[parameters('id')]"),
        parameters={
            "id": {"type": "string", "defaultValue": "[newGuid()]"},
            "other": {"type": "string", "defaultValue": "[newGuid()]"},
            "when": {"type": "string", "defaultValue": "[utcNow()]"},
        },
    )

    one, two = prepared(document), prepared(document)

    assert one.parameters == two.parameters
    assert one.parameters["id"] != one.parameters["other"]
    assert one.items == two.items
