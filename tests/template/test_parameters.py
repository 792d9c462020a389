"""Parameters: defaults, types and bounds, and Azure's sentences for what is missing, superfluous or wrong."""

import re

import pytest

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.template import body, outputs, prepare, secure_names
from tests.template.templates import CONTEXT, FakeLook, machine, prepared, template


def refusal(declared: Document, given: Document) -> ApiError:
    with pytest.raises(ApiError) as refused:
        prepare(template(parameters=declared), given, CONTEXT)
    return refused.value


def test_a_value_is_what_was_given_or_the_default_and_names_know_no_case() -> None:
    answer = prepared(
        template(
            parameters={
                "name": {"type": "String"},
                "size": {"type": "int", "defaultValue": 3},
                "both": {"type": "string", "defaultValue": "[concat(parameters('NAME'), '-', parameters('size'))]"},
                "place": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            }
        ),
        NAME="web",
    )

    assert answer.parameters == {"name": "web", "size": 3, "both": "web-3", "place": "westeurope"}
    assert answer.shown_parameters["both"] == {"type": "String", "value": "web-3"}


def test_what_is_given_is_never_an_expression() -> None:
    answer = prepared(template(parameters={"a": {"type": "string"}}), a="[resourceGroup().id]")

    assert answer.parameters == {"a": "[resourceGroup().id]"}


@pytest.mark.parametrize(
    ("type", "shown", "value"),
    [
        ("string", "String", "a"),
        ("int", "Int", 1),
        ("BOOL", "Bool", True),
        ("object", "Object", {"a": 1}),
        ("Array", "Array", [1]),
    ],
)
def test_every_type_takes_its_values(type: str, shown: str, value: Json) -> None:
    answer = prepared(template(parameters={"a": {"type": type}}), a=value)

    assert answer.shown_parameters == {"a": {"type": shown, "value": value}}


@pytest.mark.parametrize(("type", "value"), [("securestring", "geheim"), ("secureObject", {"key": "geheim"})])
def test_a_secure_value_is_used_and_never_shown(type: str, value: Json) -> None:
    document = template(parameters={"Pass": {"type": type}, "other": {"type": "string", "defaultValue": "x"}})

    answer = prepared(document, Pass=value)

    assert answer.parameters["Pass"] == value
    assert "geheim" not in str(answer.shown_parameters)
    assert "geheim" not in repr(answer)
    assert secure_names(document) == {"pass"}


def test_a_secure_value_does_not_come_out_by_the_deployment_function() -> None:
    document = template(
        parameters={"pass": {"type": "secureString"}},
        outputs={"all": {"type": "string", "value": "[string(deployment())]"}},
        variables={"all": "[deployment()]"},
    )

    answer = prepared(document, **{"pass": "geheim"})

    assert "geheim" not in str(answer.world.variable("all"))


def test_null_and_nothing_are_fine_for_a_nullable_parameter() -> None:
    document = template(parameters={"a": {"type": "string", "nullable": True}, "b": {"type": "int", "nullable": True}})

    assert prepared(document, b=None).parameters == {"a": None, "b": None}


def test_a_missing_value_is_named_with_its_place() -> None:
    refused = refusal({"first": {"type": "int", "defaultValue": 1}, "repositoryUrl": {"type": "string"}}, {})

    assert (refused.status, refused.code) == (400, "InvalidTemplate")
    assert refused.message.startswith(
        "Deployment template validation failed: 'The value for the template parameter 'repositoryUrl' at line '1' and "
        "column '"
    )
    assert refused.message.endswith(
        "' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.'."
    )
    assert refused.target == "properties.template.parameters.repositoryUrl"


def test_a_superfluous_value_is_named_with_those_there_are() -> None:
    refused = refusal({"adminUsername": {"type": "string"}}, {"a": {"value": 1}, "vmname-front": {"value": 2}})

    assert refused.message == (
        "Deployment template validation failed: 'The template parameters 'a, vmname-front' in the parameters file are "
        "not valid; they are not present in the original template and can therefore not be provided at deployment "
        "time. The only supported parameters for this template are 'adminUsername'. Please see "
        "https://aka.ms/arm-pass-parameter-values for usage details.'."
    )


@pytest.mark.parametrize(
    ("type", "value", "words"),
    [
        ("string", {"a": 1}, "Expected 'String, Uri'. Actual 'Object'."),
        ("string", None, "Expected 'String, Uri'. Actual 'Null'."),
        ("int", "3", "Expected 'Integer'. Actual 'String'."),
        ("int", True, "Expected 'Integer'. Actual 'Boolean'."),
        ("int", 1.5, "Expected 'Integer'. Actual 'Float'."),
        ("bool", 1, "Expected 'Boolean'. Actual 'Integer'."),
        ("array", {}, "Expected 'Array'. Actual 'Object'."),
        ("secureObject", "geheim", "Expected 'Object'. Actual 'String'."),
    ],
)
def test_a_value_of_another_type_is_refused(type: str, value: Json, words: str) -> None:
    refused = refusal({"a": {"type": type}}, {"a": {"value": value}})

    assert f"Template parameter JToken type is not valid. {words} Please see" in refused.message
    assert "geheim" not in refused.message


@pytest.mark.parametrize(
    ("rules", "value", "words"),
    [
        ({"type": "string", "minLength": 3}, "ab", "Length of the value should be greater than or equal to '3'"),
        ({"type": "string", "maxLength": 1}, "ab", "Length of the value should be less than or equal to '1'"),
        ({"type": "array", "maxLength": 1}, [1, 2], "Length of the value should be less than or equal to '1'"),
        ({"type": "int", "minValue": 1}, 0, "The value should be greater than or equal to '1'"),
        ({"type": "int", "maxValue": 5}, 6, "The value should be less than or equal to '5'"),
        ({"type": "string", "allowedValues": ["x", "y"]}, "z", "not part of the allowed value(s): 'x,y'"),
        ({"type": "int", "allowedValues": [1]}, 2, "not part of the allowed value(s): '1'"),
        ({"type": "array", "allowedValues": ["x"]}, ["x", "z"], "not part of the allowed value(s): 'x'"),
        ({"type": "array", "allowedValues": ["x"]}, [], "not part of the allowed value(s): 'x'"),
        ({"type": "string", "minLength": 3, "defaultValue": "a"}, None, "Length of the value should be greater than"),
    ],
)
def test_a_value_outside_its_bounds_is_refused(rules: Document, value: Json, words: str) -> None:
    refused = refusal({"size": rules}, {} if value is None else {"size": {"value": value}})

    assert "for the template parameter 'size' is not valid." in refused.message
    assert words in refused.message


def test_values_at_their_bounds_are_fine() -> None:
    rules: Document = {
        "a": {"type": "string", "minLength": 1, "maxLength": 1, "allowedValues": ["x", "y"]},
        "b": {"type": "int", "minValue": 1, "maxValue": 1},
        "c": {"type": "array", "allowedValues": ["x", "y"]},
    }

    answer = prepared(template(parameters=rules), a="x", b=1, c=["y", "x"])

    assert answer.parameters == {"a": "x", "b": 1, "c": ["y", "x"]}


def test_a_refused_secure_value_is_not_repeated() -> None:
    refused = refusal({"p": {"type": "securestring", "allowedValues": ["a"]}}, {"p": {"value": "geheim"}})

    assert "geheim" not in refused.message


def test_no_sentence_repeats_a_secret() -> None:
    declared: Document = {"p": {"type": "securestring"}, "o": {"type": "secureObject"}}
    given: Document = {"p": "geheim und lang" * 40, "o": {"deep": ["auch geheim"]}}

    for expression in ("[json(parameters('p'))]", "[int(parameters('o').deep[0])]", "[reference(parameters('p'))]"):
        with pytest.raises(ApiError) as refused:
            prepared(template(machine("m", tags={"a": expression}), parameters=declared), **given)

        assert "***" in refused.value.message
        assert "geheim" not in refused.value.message


def test_no_sentence_repeats_a_secret_when_the_world_has_answered() -> None:
    document = template(
        machine("m"),
        machine("n", tags={"a": "[concat(reference('m').x, json(parameters('p')))]"}, dependsOn=["m"]),
        parameters={"p": {"type": "securestring"}},
        outputs={"o": {"type": "string", "value": "[concat(reference('m').x, json(parameters('p')))]"}},
    )
    answer = prepared(document, p="geheim und lang")
    look = FakeLook({"m": {"x": "a"}})

    with pytest.raises(ApiError, match=re.escape("***")):
        body(answer, answer.items[1], look)
    with pytest.raises(ApiError) as refused:
        outputs(answer, look)
    assert "***" in refused.value.details[0].message


@pytest.mark.parametrize(
    ("declared", "given", "words"),
    [
        ({"a": {"type": "text"}}, {}, "The type 'text' is not supported"),
        ({"a": {}}, {}, "is not supported"),
        ({"a": 1}, {}, "An object is expected"),
        ({"a": {"type": "string"}}, {"a": "x"}, "An object with 'value' is expected"),
        ({"a": {"type": "string"}}, {"a": {"reference": {"keyVault": {}}}}, "Key Vault are not supported"),
        ({"a": {"type": "string", "defaultValue": "[parameters('b')]"}}, {}, "The template parameter 'b' is not found"),
        ({"a": {"type": "string", "defaultValue": "[variables('b')]"}}, {}, "'variables' is not expected at this"),
        (
            {
                "a": {"type": "string", "defaultValue": "[parameters('b')]"},
                "b": {"type": "string", "defaultValue": "[parameters('a')]"},
            },
            {},
            "The template parameter 'a' refers to itself",
        ),
        ({f"p{n}": {"type": "int", "defaultValue": n} for n in range(257)}, {}, "must not be more than '256'"),
    ],
)
def test_what_makes_no_parameter_is_refused(declared: Document, given: Document, words: str) -> None:
    assert words in refusal(declared, given).message
