"""Resources: names and ids, conditions, loops, children, scopes, and the bodies that are put for them."""

import pytest

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import body, prepare, preview
from tests.template.templates import CONTEXT, GROUP, FakeLook, machine, network, nic, prepared, resource, template


def bodies(document: Document, **parameters: Json) -> list[Document]:
    answer = prepared(document, **parameters)
    return [body(answer, each, FakeLook()) for each in answer.items]


def refusal(document: Document) -> ApiError:
    with pytest.raises(ApiError) as refused:
        prepare(document, {}, CONTEXT)
    return refused.value


def test_the_body_is_the_resource_without_what_the_deployment_reads() -> None:
    [made] = bodies(
        template(
            machine(
                "web",
                location="[resourceGroup().location]",
                tags={"[concat('a', 'b')]": "[[literal]"},
                dependsOn=[],
                comments="none",
                condition=True,
                zones=["1"],
                properties={"size": "[toLower('BIG')]", "nothing": None, "list": [1, "[add(1, 1)]"]},
            )
        )
    )

    assert made == {
        "location": "westeurope",
        "tags": {"ab": "[literal]"},
        "zones": ["1"],
        "properties": {"size": "big", "nothing": None, "list": [1, 2]},
    }


def test_an_item_has_type_version_name_and_id() -> None:
    [item] = prepared(template(network("[concat('v', 1)]"))).items

    assert (item.type, item.version, item.name) == ("Microsoft.Network/virtualNetworks", "2023-01-01", "v1")
    assert str(item.id) == f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v1"
    assert not item.nested


def test_children_have_their_parents_type_and_name_before_their_own() -> None:
    subnet: Document = {"type": "subnets", "apiVersion": "2023-01-01", "name": "s", "properties": {"prefix": "x"}}
    whole = resource("Microsoft.Network/virtualNetworks/subnets", "v/whole")

    answer = prepared(template(network("v", resources=[subnet, whole], properties={})))

    assert [(each.type.split("/", 1)[1], each.name) for each in answer.items] == [
        ("virtualNetworks", "v"),
        ("virtualNetworks/subnets", "v/s"),
        ("virtualNetworks/subnets", "v/whole"),
    ]
    assert str(answer.items[1].id).endswith("/virtualNetworks/v/subnets/s")
    assert body(answer, answer.items[0], FakeLook()) == {"properties": {}}
    assert body(answer, answer.items[1], FakeLook()) == {"properties": {"prefix": "x"}}


@pytest.mark.parametrize(
    ("condition", "there"),
    [(True, True), (False, False), ("[equals(1, 2)]", False), ("true", True), (None, True)],
)
def test_a_condition_decides_whether_a_resource_will_be_there(condition: Json, there: bool) -> None:
    answer = prepared(template(network("v", condition=condition)))

    assert [each.name for each in answer.items] == (["v"] if there else [])
    assert [each.name for each in answer.skipped] == ([] if there else ["v"])


def test_a_loop_makes_resources_that_know_their_index() -> None:
    document = template(
        machine(
            "[format('web{0}', copyIndex(1))]",
            copy={"name": "webs", "count": "[parameters('n')]"},
            tags={"index": "[copyIndex('WEBS')]"},
        ),
        parameters={"n": {"type": "int"}},
    )

    assert [each.name for each in prepared(document, n=3).items] == ["web1", "web2", "web3"]
    assert bodies(document, n=2) == [{"tags": {"index": 0}}, {"tags": {"index": 1}}]
    assert prepared(document, n=0).items == ()


def test_a_property_loop_makes_an_array_and_the_resources_loop_goes_on_within() -> None:
    disks: Document = {
        "copy": [
            {
                "name": "dataDisks",
                "count": 2,
                "input": {
                    "lun": "[copyIndex('dataDisks')]",
                    "name": "[format('{0}-{1}', copyIndex(), copyIndex('datadisks', 1))]",
                },
            },
            {"name": "none", "count": 0, "input": {}},
        ],
        "osDisk": {},
    }  # fmt: skip

    made = bodies(
        template(machine("[concat('m', copyIndex())]", copy={"name": "m", "count": 2}, properties={"storage": disks}))
    )

    assert made[1]["properties"] == {
        "storage": {"dataDisks": [{"lun": 0, "name": "1-1"}, {"lun": 1, "name": "1-2"}], "none": [], "osDisk": {}}
    }


def test_variables_may_be_loops_and_use_each_other() -> None:
    answer = prepared(
        template(
            variables={
                "late": "[concat(variables('Early'), '!')]",
                "early": "a",
                "copy": [{"name": "names", "count": 2, "input": "[concat(variables('early'), copyIndex('names'))]"}],
                "object": {"copy": [{"name": "deep", "count": 1, "input": "[copyIndex('deep', 7)]"}], "x": 1},
            },
        )
    )

    assert answer.world.variable("late") == "a!"
    assert answer.world.variable("NAMES") == ["a0", "a1"]
    assert answer.world.variable("object") == {"deep": [7], "x": 1}


@pytest.mark.parametrize(
    ("scope", "id"),
    [
        ("Microsoft.Compute/disks/data", f"{GROUP}/providers/Microsoft.Compute/disks/data"),
        ("[resourceId('Microsoft.Compute/disks', 'd')]", f"{GROUP}/providers/Microsoft.Compute/disks/d"),
        ("[resourceGroup().id]", GROUP),
    ],
)  # fmt: skip
def test_an_extension_resource_hangs_on_its_scope(scope: str, id: str) -> None:
    [item] = prepared(template(resource("Microsoft.Authorization/locks", "hold", scope=scope))).items

    assert str(item.id) == f"{id}/providers/Microsoft.Authorization/locks/hold"


def test_resources_with_names_of_their_own_are_found_by_them() -> None:
    document = template(languageVersion="2.0")
    document["resources"] = {
        "net": {**network("v"), "existing": True},
        "card": nic("n", dependsOn=["net"], properties={"net": "[reference('net').id]"}),
        "vm": machine("m", dependsOn=["card"]),
    }
    look = FakeLook({"v": {"id": "its id"}})

    answer = prepared(document)

    assert [(each.name, len(each.depends_on)) for each in answer.items] == [("n", 0), ("m", 1)]
    assert body(answer, answer.items[0], look) == {"properties": {"net": "its id"}}
    assert look.asked == [(f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v", "2023-01-01")]


def test_a_preview_keeps_what_only_the_world_knows() -> None:
    answer = prepared(
        template(network("v"), nic("n", properties={"a": "[reference('v').x]", "b": "[if(true(), 1, reference('v'))]"}))
    )

    assert preview(answer, answer.items[1]) == {"properties": {"a": "[reference('v').x]", "b": 1}}


def test_a_function_of_the_templates_own_sees_its_parameters_alone() -> None:
    functions: Json = [
        {
            "namespace": "contoso",
            "members": {
                "twice": {
                    "parameters": [{"name": "text", "type": "string"}],
                    "output": {"type": "string", "value": "[concat(parameters('TEXT'), parameters('text'))]"},
                },
                "blind": {"output": {"type": "string", "value": "[variables('x')]"}},
            },
        }
    ]

    [made] = bodies(template(machine("m", tags={"a": "[Contoso.Twice('ab')]"}), functions=functions))
    refused = refusal(
        template(machine("m", tags={"a": "[contoso.blind()]"}), functions=functions, variables={"x": "1"})
    )

    assert made == {"tags": {"a": "abab"}}
    assert "'variables' is not expected at this location" in refused.message


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (machine("a/b"), "The template resource 'a/b' for type 'Microsoft.Compute/virtualMachines' at line '1' and"),
        (resource("Microsoft.Network/virtualNetworks/subnets", "v"), "has incorrect segment lengths. A nested"),
        (resource("nothing", ""), "must be a string that is not empty"),
        (resource("nothing", "a"), "has incorrect segment lengths"),
        (resource("[concat('a', '/b')]", "a"), "The type property cannot be an expression"),
        (machine("[reference('a').name]"), "The template function 'reference' is not expected at this location"),
        (machine("m", condition="[reference('a').x]"), "'reference' is not expected at this location"),
        (machine("m", condition="perhaps"), "The 'condition' property must be a boolean"),
        (machine("[concat('a', copyIndex())]"), "The function can only be used in a resource with copy specified"),
        (machine("m", copy={"name": "x", "count": 801}), "must be between '0' and '800'. The provided value is '801'"),
        (machine("m", copy={"name": "x", "count": -1}), "The provided value is '-1'"),
        (machine("m", copy={"name": "x", "count": "2"}), "The provided value is of type 'String'"),
        (machine("m", copy={"name": "x", "count": 1, "mode": "both"}), "must be 'serial' or 'parallel'"),
        (machine("m", copy={"name": "x", "count": 1, "batchSize": 2}), "batch size must be a positive integer, and"),
        (machine("m", copy=[]), "must be an object with a 'name' and a 'count'"),
        (machine("m", copy={"name": "x", "count": 2}), "is defined multiple times in a template"),
        (machine("m", dependsOn="n"), "'dependsOn' property must be an array"),
        (machine("m", tags={"a": "[concat('a'"}), ""),
        (machine("m", tags={"a": "[concat('a']"}), "Deployment template language expression evaluation failed: '"),
        (machine("m", tags={"a": "[nothing()]"}), "The template function 'nothing' is not valid"),
        (machine("m", tags={"a": "[own.nothing()]"}), "The template function 'own.nothing' is not valid"),
        (machine("m", tags={"a": "[if(true(), 1, nothing())]"}), "The template function 'nothing' is not valid"),
        (machine("m", tags={"[add(1, 1)]": "a"}), "must be a string"),
        (network("v", resources=[nic("n", copy={"name": "x", "count": 1})]), "A nested resource can't have a copy"),
        (machine("m", scope=1), "The 'scope' property must be a string"),
        (machine("m", scope="/nowhere"), "is no resource group's and no resource's id"),
    ],
)  # fmt: skip
def test_a_broken_resource_is_refused_and_named(broken: Document, words: str) -> None:
    if not words:
        assert prepared(template(broken)).items  # no closing bracket: a plain text
        return

    refused = refusal(template(broken))

    assert (refused.status, refused.code) == (400, "InvalidTemplate")
    assert words in refused.message


def test_an_expression_that_fails_in_a_body_names_the_resource() -> None:
    refused = refusal(template(machine("m", properties={"a": "[resourceGroup().nothing]"})))

    assert refused.message.startswith(
        f"Unable to process template language expressions for resource '{GROUP}/providers/Microsoft.Compute/"
        "virtualMachines/m' at line '1' and column '"
    )
    assert (
        "'The language expression property 'nothing' doesn't exist, available properties are 'id, name,"
        in refused.message
    )


def test_an_expression_that_fails_when_the_world_has_answered_is_refused_too() -> None:
    answer = prepared(template(network("v"), nic("n", properties={"a": "[reference('v').nothing]"})))

    with pytest.raises(ApiError, match="property 'nothing' doesn't exist, available properties are 'a'"):
        body(answer, answer.items[1], FakeLook({"v": {"a": 1}}))


@pytest.mark.parametrize("missing", ["type", "name", "apiVersion"])
def test_a_resource_without_type_name_or_version_is_refused_as_azures_reader_does(missing: str) -> None:
    broken = machine("m")
    del broken[missing]

    refused = refusal(template(network("v"), broken))

    assert refused.code == "InvalidRequestContent"
    assert (
        f"Required property '{missing}' not found in JSON. Path 'properties.template.resources[1]'" in refused.message
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"$schema": None}, "Required property '$schema' not found"),
        ({"contentVersion": None}, "Required property 'contentVersion' not found"),
        ({"resources": None}, "Required property 'resources' not found"),
        ({"resources": 1}, "An array is expected"),
        ({"resources": [1]}, "An object is expected. Path 'properties.template.resources[0]'"),
        ({"resource": []}, "Could not find member 'resource' on object of type 'Template'"),
        ({"$schema": "https://x/subscriptionDeploymentTemplate.json#"}, "is not supported"),
        ({"definitions": {"a": {}}}, "'definitions' are not supported"),
        ({"variables": []}, "An object is expected. Path 'properties.template.variables'"),
        ({"parameters": []}, "An object is expected. Path 'properties.template.parameters'"),
        ({"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}}, "template variable 'a' refers to itself"),
        ({"variables": {"a": "[variables('b')]"}}, "The template variable 'b' is not found"),
        ({"variables": {f"v{n}": n for n in range(257)}}, "must not be more than '256'"),
        ({"functions": {}}, "An array is expected"),
        ({"functions": [{}]}, "Required property 'namespace' not found"),
        ({"resources": [machine(f"m{n}") for n in range(801)]}, "must not be more than '800'"),
    ],
)  # fmt: skip
def test_a_broken_template_is_refused(change: Document, words: str) -> None:
    refused = refusal({**template(), **change})

    assert refused.status == 400
    assert words in refused.message
