"""Outputs: values, types, conditions, loops; what fails, by name; nothing secret."""

import pytest

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.template import outputs, prepare
from tests.template.templates import CONTEXT, FakeLook, machine, prepared, template


def refusal(declared: Document) -> ApiError:
    with pytest.raises(ApiError) as refused:
        prepare(template(machine("m"), outputs=declared), {}, CONTEXT)
    return refused.value


def test_outputs_have_type_and_value_and_secure_ones_no_value() -> None:
    answer = prepared(
        template(
            machine("m"),
            outputs={
                "id": {"type": "string", "value": "[reference('m').vmId]"},
                "same": {"type": "array", "value": ["[add(1, 2)]", "x"]},
                "secret": {"type": "securestring", "value": "[listKeys('m', '1').keys[0].value]"},
                "off": {"type": "string", "condition": "[equals(1, 2)]", "value": "[reference('m').nothing]"},
                "all": {"type": "array", "copy": {"count": 2, "input": "[concat('a', copyIndex(1))]"}},
                "object": {"type": "Object", "value": {"a": {"b": "[true()]"}}},
            },
        )
    )

    shown = outputs(answer, FakeLook({"m": {"vmId": "v1"}}))

    assert shown == {
        "id": {"type": "String", "value": "v1"},
        "same": {"type": "Array", "value": [3, "x"]},
        "secret": {"type": "SecureString"},
        "all": {"type": "Array", "value": ["a1", "a2"]},
        "object": {"type": "Object", "value": {"a": {"b": True}}},
    }


def test_every_output_that_fails_is_a_detail() -> None:
    answer = prepared(
        template(
            machine("m"),
            machine("lost"),
            outputs={
                "good": {"type": "string", "value": "x"},
                "typed": {"type": "string", "value": "[reference('m')]"},
                "gone": {"type": "string", "value": "[reference('lost').x]"},
                "none": {"type": "string", "value": "[reference('m').none]"},
            },
        )
    )

    with pytest.raises(ApiError) as refused:
        outputs(answer, FakeLook({"m": {"a": 1}}))

    assert refused.value.code == "DeploymentOutputEvaluationFailed"
    assert refused.value.message.startswith("Unable to evaluate template outputs: 'typed,gone,none'.")
    typed, gone, none = [each.message for each in refused.value.details]
    assert "'typed' is not valid: Template output JToken type is not valid. Expected 'String, Uri'. Actual" in typed
    assert gone == "The template output 'gone' is not valid: The Resource 'lost' was not found."
    assert none.endswith("property 'none' doesn't exist, available properties are 'a'.")


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"a": {"type": "int", "value": "x"}}, "Expected 'Integer'. Actual 'String'"),
        ({"a": {"type": "number", "value": 1}}, "The type 'number' is not supported"),
        ({"a": {"type": "string"}}, "The output needs a 'value'"),
        ({"a": {"type": "string", "value": "[reference('other').x]"}}, "could not find template resource"),
        ({"a": {"type": "string", "value": "[nothing()]"}}, "The template function 'nothing' is not valid"),
        ({"a": {"type": "string", "value": "[parameters('b')]"}}, "The template parameter 'b' is not found"),
        ({"a": {"type": "string", "value": "[copyIndex()]"}}, "'copyIndex' is not expected at this location"),
        ({"a": {"type": "string", "value": "x", "condition": "perhaps"}}, "condition must be a boolean"),
        ({"a": {"type": "array", "copy": {"count": 2}}}, "'copy' must be an object with a 'count' and an 'input'"),
        ({"a": {"type": "array", "copy": {"count": 801, "input": 1}}}, "must be between '0' and '800'"),
        ({"a": 1}, "An object is expected. Path 'properties.template.outputs.a'"),
        ({f"o{n}": {"type": "int", "value": n} for n in range(65)}, "must not be more than '64'"),
    ],
)
def test_a_broken_output_is_refused_before_anything_is_made(declared: Document, words: str) -> None:
    assert words in refusal(declared).message
