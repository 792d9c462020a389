"""Deployments inside a template, inner and outer."""

import pytest

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import body, prepare, preview
from tests.template.templates import CONTEXT, GROUP, FakeLook, machine, network, prepared, resource, template


def nested(inner: Document, *, scope: str | None, parameters: Document | None = None, **members: Json) -> Document:
    properties: Document = {"mode": "Incremental", "template": inner}
    if scope:
        properties["expressionEvaluationOptions"] = {"scope": scope}
    if parameters is not None:
        properties["parameters"] = parameters
    return resource("Microsoft.Resources/deployments", "below", properties=properties, **members)


def refusal(document: Document) -> ApiError:
    with pytest.raises(ApiError) as refused:
        prepare(document, {}, CONTEXT)
    return refused.value


def test_an_inner_template_goes_as_it_is_and_its_parameters_are_evaluated_here() -> None:
    inner = template(machine("[parameters('name')]"), parameters={"name": {"type": "string"}})

    answer = prepared(template(nested(inner, scope="Inner", parameters={"name": {"value": "[concat('a', 'b')]"}})))
    made = body(answer, answer.items[0], FakeLook())

    assert answer.items[0].nested
    assert made == {"properties": {"mode": "Incremental", "template": inner, "parameters": {"name": {"value": "ab"}}}}


@pytest.mark.parametrize("scope", [None, "outer"])
def test_an_outer_template_means_what_it_means_here(scope: str | None) -> None:
    inner = template(
        machine(
            "[parameters('name')]", tags={"a": "[variables('x')]", "b": "[[literal]", "c": "[parameters('strange')]"}
        ),
        variables={"x": "the inner one"},
    )
    document = template(
        nested(inner, scope=scope),
        parameters={
            "name": {"type": "string", "defaultValue": "m"},
            "strange": {"type": "string", "defaultValue": "[[resourceGroup().id]"},
        },
        variables={"x": "the outer one"},
    )

    answer = prepared(document)
    made = body(answer, answer.items[0], FakeLook())

    properties = made["properties"]
    assert isinstance(properties, dict)
    written = properties["template"]
    assert isinstance(written, dict)
    below = prepare(written, {}, CONTEXT)
    assert below.items[0].name == "m"
    assert body(below, below.items[0], FakeLook()) == {
        "tags": {"a": "the outer one", "b": "[literal]", "c": "[resourceGroup().id]"}
    }


def test_an_outer_template_keeps_its_own_loops() -> None:
    inner = template(machine("[concat('m', copyIndex())]", copy={"name": "ms", "count": "[variables('n')]"}))

    answer = prepared(template(nested(inner, scope="outer"), variables={"n": 2}))
    made = body(answer, answer.items[0], FakeLook())

    properties = made["properties"]
    assert isinstance(properties, dict)
    written = properties["template"]
    assert isinstance(written, dict)
    assert [each.name for each in prepare(written, {}, CONTEXT).items] == ["m0", "m1"]


def test_a_nested_deployment_waits_for_whom_its_parameters_and_an_outer_template_ask() -> None:
    inner = template(parameters={"a": {"type": "string"}})
    outer = template(machine("m", tags={"a": "[reference('w').x]"}))
    document = template(
        network("v"),
        network("w"),
        {**nested(inner, scope="inner", parameters={"a": {"value": "[reference('v').x]"}}), "name": "one"},
        {**nested(outer, scope="outer"), "name": "two"},
    )

    answer = prepared(document)
    look = FakeLook({"v": {"x": "[seen]"}, "w": {"x": "[seen]"}})

    assert [each.depends_on[0].rpartition("/")[2] for each in answer.items[2:]] == ["v", "w"]
    assert preview(answer, answer.items[2])["properties"] == {
        "mode": "Incremental",
        "template": inner,
        "parameters": {"a": {"value": "[reference('v').x]"}},
    }
    assert "[seen]" in str(body(answer, answer.items[2], look))
    assert "[[seen]" in str(body(answer, answer.items[3], look))


def test_what_a_nested_deployment_answers_is_a_reference() -> None:
    document = template(
        nested(template(), scope="inner"), machine("m", tags={"a": "[reference('below').outputs.a.value]"})
    )

    answer = prepared(document)

    assert body(answer, answer.items[1], FakeLook({"below": {"outputs": {"a": {"value": 1}}}})) == {"tags": {"a": 1}}
    assert answer.items[1].depends_on == (answer.items[0].id.key,)


def test_a_nested_deployment_may_go_to_another_group() -> None:
    document = template(nested(template(), scope="inner", resourceGroup="[concat('la', 'b2')]"))

    [item] = prepared(document).items

    assert str(item.id) == f"{GROUP}2/providers/Microsoft.Resources/deployments/below"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (nested(template({"type": "a/b"}), scope="inner"), "Required property 'name' not found"),
        (nested(template(machine("[nothing()]")), scope="inner"), "The template function 'nothing' is not valid"),
        (nested(template(machine("[nothing()]")), scope="outer"), "The template function 'nothing' is not valid"),
        (nested(template(parameters={"a": {"type": "int"}}), scope="inner"), "'a' at line '1' and column"),
        (nested(template(), scope="inner", parameters={"a": {"value": 1}}), "The template parameters 'a' in the"),
        (nested(template(), scope="inner", subscriptionId="other"), "another subscription is not supported"),
        (resource("Microsoft.Resources/deployments", "b"), "A deployment needs 'properties.template'"),
        (
            resource("Microsoft.Resources/deployments", "b", properties={"templateLink": {"uri": "https://x"}}),
            "A linked template is not supported by calco",
        ),
    ],
)
def test_a_broken_nested_deployment_is_refused_before_anything_is_made(broken: Document, words: str) -> None:
    assert words in refusal(template(network("v"), broken)).message


def test_deployments_nest_only_so_deep() -> None:
    inner = template()
    for _ in range(6):
        inner = template(nested(inner, scope="inner"))

    assert "nests deployments more than '5' deep" in refusal(inner).message
