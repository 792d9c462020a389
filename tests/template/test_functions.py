"""Every function of the template language: what it answers, and what it refuses."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.document import Json
from calco.template.evaluation import Scope, World
from calco.template.faults import Fault
from calco.template.function import Place
from calco.template.functions import calls, find, table
from calco.template.hashing import murmur64, template_hash, unique_text
from calco.template.language import parse
from tests.template.templates import CONTEXT, GROUP, SUBSCRIPTION, FakeLook, template

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/templates.md"
PARAMETERS: dict[str, Json] = {
    "text": "Abc",
    "large": "x" * 70_000,
    "numbers": [3, 1, 2],
    "words": ["b", "a", "b"],
    "thing": {"One": {"two": [10, 20]}, "list": [1], "nothing": None},
}
LOOK = FakeLook({"web": {"vmId": "v1"}, "nic": {"deep": {"ip": "10.0.0.4"}}})
ONLY_IN_DEFAULTS = {"newguid", "utcnow"}
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"


def parameter(name: str) -> Json:
    if name not in PARAMETERS:
        raise Fault(f"The template parameter '{name}' is not found")
    return PARAMETERS[name]


def value_of(expression: str, place: Place | None = None) -> Json:
    world = World(template(), CONTEXT, parameter, look=LOOK)
    where = place or (
        Place.PARAMETER if expression.split("(", maxsplit=1)[0].lower() in ONLY_IN_DEFAULTS else Place.BODY
    )
    return Scope(world, where, loops=(("each", 4),)).resolve(f"[{expression}]")


VALUES: list[tuple[str, Json]] = [
    ("base64('one, two, three')", "b25lLCB0d28sIHRocmVl"),
    ("base64ToString('b25lLCB0d28sIHRocmVl')", "one, two, three"),
    ("base64ToJson(base64('{\"a\": [1, 2.5, null]}'))", {"a": [1, 2.5, None]}),
    ("dataUri('Hello')", "data:text/plain;charset=utf8;base64,SGVsbG8="),
    ("dataUri(100)", "data:application/json;charset=utf8;base64,MTAw"),
    ("dataUri(createArray('one', 'two'))", "data:application/json;charset=utf8;base64,WyJvbmUiLCJ0d28iXQ=="),
    ("dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", "Hello, World!"),
    ("dataUriToString('data:text/plain,a%20b')", "a b"),
    (
        "uri('http://contoso.com/resources/', 'nested/azuredeploy.json')",
        "http://contoso.com/resources/nested/azuredeploy.json",
    ),
    ("uri('http://contoso.com/resources/main.json', 'a.json')", "http://contoso.com/resources/a.json"),
    ("uriComponent('http://contoso.com/a b')", "http%3A%2F%2Fcontoso.com%2Fa%20b"),
    ("uriComponentToString('http%3A%2F%2Fcontoso.com%2Fa%20b')", "http://contoso.com/a b"),
    ("toLower('ONE Two')", "one two"),
    ("TOUPPER('one')", "ONE"),
    ("trim('  one two ')", "one two"),
    ("replace('123-123', '-', '')", "123123"),
    ("substring('one two three', 4, 3)", "two"),
    ("substring('abc', 1)", "bc"),
    ("substring('abc', 3)", ""),
    ("split('one,two,three', ',')", ["one", "two", "three"]),
    ("split('one;two,three', createArray(',', ';'))", ["one", "two", "three"]),
    ("join(createArray('one', 2), '-')", "one-2"),
    ("format('{0}, {1}. {0}!', 'Hello', 8)", "Hello, 8. Hello!"),
    ("format('{0:D3}|{1,5}|{1,-5}|{0:N1}|{{{0:X}}}|{0:00}', 10, 'a')", "010|    a|a    |10.0|{A}|10"),
    ("format('{0:N0}', 8175133)", "8,175,133"),
    ("format('{0} {1} {2}', true(), createArray(1), createObject('a', 'b'))", 'True [1] {"a":"b"}'),
    ("padLeft('123', 10, '0')", "0000000123"),
    ("padLeft(7, 3)", "  7"),
    ("startsWith('abcdef', 'AB')", True),
    ("startsWith('abcdef', 'e')", False),
    ("endsWith('abcdef', 'EF')", True),
    ("string(true())", "True"),
    ("string(5)", "5"),
    ("string(createArray('a', 1))", '["a",1]'),
    ("uniqueString('test')", "rbgf3xv4ufgzg"),
    ("uniqueString('hello', 'world')", "a7wkljktk6wne"),
    ("guid('a', 'b')", "2d796349-8c7e-55ec-9624-54ece82ed031"),
    ("newGuid()", "ae68df29"),
    ("utcNow()", "20260304T050607Z"),
    ("utcNow('yyyy-MM-dd')", "2026-03-04"),
    ("utcNow('d')", "03/04/2026"),
    ("utcNow('ddd d MMM yy h:mm tt')", "Wed 4 Mar 26 5:06 AM"),
    ("add(5, 3)", 8),
    ("sub(7, 9)", -2),
    ("mul(5, -3)", -15),
    ("div(8, 3)", 2),
    ("div(-8, 3)", -2),
    ("div(8, -3)", -2),
    ("div(-8, -3)", 2),
    ("mod(7, 3)", 1),
    ("mod(-7, 3)", -1),
    ("min(parameters('numbers'))", 1),
    ("min(2, 1)", 1),
    ("max(0, 3, 2)", 3),
    ("range(5, 3)", [5, 6, 7]),
    ("int('4')", 4),
    ("int(4)", 4),
    ("float('3.5')", 3.5),
    ("bool('true')", True),
    ("bool(0)", False),
    ("equals('a', 'A')", False),
    ("equals(createObject('a', 1, 'b', true()), json('{\"b\": true, \"a\": 1}'))", True),
    ("equals(1, '1')", False),
    ("equals(1, true())", False),
    ("less(1, 2)", True),
    ("less('b', 'a')", False),
    ("lessOrEquals(2, 2)", True),
    ("greater('b', 'a')", True),
    ("greaterOrEquals(2, 3)", False),
    ("if(true(), 'yes', reference('nobody'))", "yes"),
    ("if(false(), substring('', 9), 'no')", "no"),
    ("and(true(), false(), bool('neither'))", False),
    ("or(true(), equals(parameters('numbers')[9], 1))", True),
    ("not(false())", True),
    ("true()", True),
    ("false()", False),
    ("null()", None),
    ("coalesce(null(), parameters('thing').nothing, 'found', parameters('nobody'))", "found"),
    ("concat('a', 1, true())", "a1True"),
    ("concat(createArray(1), createArray(2, 3))", [1, 2, 3]),
    ("length('abc')", 3),
    ("length(parameters('thing'))", 3),
    ("empty(null())", True),
    ("empty(parameters('words'))", False),
    ("empty(createArray())", True),
    ("contains('one two', 'two')", True),
    ("contains(parameters('thing'), 'ONE')", True),
    ("contains(parameters('numbers'), 4)", False),
    ("contains(createArray(createObject('a', 1)), createObject('A', 1))", False),
    ("contains(createArray(true(), createObject('a', 1)), createObject('a', 1))", True),
    ("first(parameters('numbers'))", 3),
    ("first('One')", "O"),
    ("last(parameters('numbers'))", 2),
    ("last(createArray())", None),
    ("take(parameters('words'), 2)", ["b", "a"]),
    ("take('one', -1)", ""),
    ("skip('one two', 4)", "two"),
    ("skip(parameters('words'), 9)", []),
    ("indexOf('abcABC', 'C')", 2),
    ("indexOf(parameters('words'), 'x')", -1),
    ("lastIndexOf('abcabc', 'AB')", 3),
    ("lastIndexOf(parameters('words'), 'b')", 2),
    ("union(parameters('words'), createArray('c', 'a'))", ["b", "a", "c"]),
    (
        'union(json(\'{"a": {"x": 1}, "b": [1]}\'), json(\'{"a": {"y": 2}, "b": [2]}\'))',
        {"a": {"x": 1, "y": 2}, "b": [2]},
    ),
    ("intersection(createArray(1, 2, 3), createArray(3, 2), createArray(2))", [2]),
    ('intersection(json(\'{"a": 1, "b": 2}\'), json(\'{"a": 1, "b": 3}\'))', {"a": 1}),
    ("createArray(1, 'a', true())", [1, "a", True]),
    ("createObject('a', 1, 'b', createArray())", {"a": 1, "b": []}),
    ("createObject()", {}),
    ("array(1)", [1]),
    ("array(parameters('numbers'))", [3, 1, 2]),
    ("json('[1, {\"a\": null}]')", [1, {"a": None}]),
    ('items(json(\'{"b": 1, "a": 2}\'))', [{"key": "a", "value": 2}, {"key": "b", "value": 1}]),
    ('objectKeys(json(\'{"b": 1, "a": 2}\'))', ["a", "b"]),
    ("flatten(createArray(createArray(1), createArray(2, 3)))", [1, 2, 3]),
    ("tryGet(parameters('thing'), 'one', 'TWO', 1)", 20),
    ("tryGet(parameters('thing'), 'one', 'three', 1)", None),
    ("map(parameters('numbers'), lambda('n', add(lambdaVariables('n'), 1)))", [4, 2, 3]),
    ("map(createArray('a'), lambda('v', 'i', format('{0}{1}', lambdaVariables('v'), lambdaVariables('i'))))", ["a0"]),
    ("lambda('x', 1)", "see map"),
    ("lambdaVariables('x')", "see map"),
    ("filter(parameters('numbers'), lambda('n', greater(lambdaVariables('n'), 1)))", [3, 2]),
    ("sort(parameters('numbers'), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))", [1, 2, 3]),
    ("reduce(parameters('numbers'), 10, lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b'))))", 16),
    ("toObject(createArray('a'), lambda('k', toUpper(lambdaVariables('k'))))", {"A": "a"}),
    ("toObject(createArray('a'), lambda('k', 'x'), lambda('v', length(lambdaVariables('v'))))", {"x": 1}),
    ("parameters('TEXT')", "see test_parameters"),
    ("parameters('thing').one.two[1]", 20),
    ("parameters('thing')['list'][0]", 1),
    ("variables('none')", "see test_structure"),
    ("copyIndex()", 4),
    ("copyIndex(1)", 5),
    ("copyIndex('EACH', 10)", 14),
    ("resourceGroup().location", "westeurope"),
    ("resourceGroup().id", GROUP),
    ("resourceGroup().tags.team", "images"),
    ("subscription().subscriptionId", SUBSCRIPTION),
    ("tenant().tenantId", "22222222-2222-2222-2222-222222222222"),
    ("deployment().name", "first"),
    ("deployment().properties.mode", "Incremental"),
    ("environment().resourceManager", "https://localhost:8443/"),
    ("environment().suffixes.storage", "localhost:8443"),
    ("resourceId('Microsoft.Network/virtualNetworks', 'v')", f"{NETWORK}/v"),
    ("resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')", f"{NETWORK}/v/subnets/s"),
    ("resourceId('other', 'A.B/c', 'd')", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/A.B/c/d"),
    ("resourceId('s1', 'g', 'A.B/c', 'd')", "/subscriptions/s1/resourceGroups/g/providers/A.B/c/d"),
    ("subscriptionResourceId('A.B/c', 'd')", f"/subscriptions/{SUBSCRIPTION}/providers/A.B/c/d"),
    ("subscriptionResourceId('s1', 'A.B/c', 'd')", "/subscriptions/s1/providers/A.B/c/d"),
    ("tenantResourceId('A.B/c/e', 'd', 'f')", "/providers/A.B/c/d/e/f"),
    ("extensionResourceId('/x/y', 'A.B/c', 'd')", "/x/y/providers/A.B/c/d"),
    (f"reference('{NETWORK}/nic', '2023-01-01').deep.ip", "10.0.0.4"),
    (f"listKeys('{NETWORK}/nic', '2023-01-01').keys[0].value", "key of nic"),
    ("pickZones('Microsoft.Compute', 'virtualMachines', 'West Europe')", ["1"]),
    ("pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope', 2, 1)", ["2", "3"]),
    ("pickZones('Microsoft.Compute', 'virtualMachines', 'nowhere', 3)", []),
    ("dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y')", "2023-04-07T14:53:14Z"),
    ("dateTimeAdd('20200407T145314Z', '-P9DT1H')", "20200329T135314Z"),
    ("dateTimeAdd('2020-04-07T14:53:14Z', 'PT1H', 'yyyy-MM-dd HH')", "2020-04-07 15"),
    ("dateTimeFromEpoch(1683040573)", "2023-05-02T15:16:13Z"),
    ("dateTimeToEpoch('2023-05-02T15:16:13Z')", 1683040573),
]

WRONG: list[tuple[str, str]] = [
    ("base64()", "'base64': function requires 1 argument(s) while 0 were provided"),
    ("base64(100)", "'base64' expects its parameter to be of type 'String'. The provided value is of type 'Integer'"),
    ("base64ToString('!')", "'base64ToString' expects its parameter to be a valid base64 string"),
    ("base64ToString(100)", "'base64ToString' expects its parameter to be of type 'String'"),
    ("base64ToJson('e30')", "'base64ToJson' expects its parameter to be a valid base64 string"),
    ("dataUri('one', 'two')", "'dataUri': function requires 1 argument(s) while 2 were provided"),
    ("dataUriToString('Hello')", "'dataUriToString' expects its parameter to be a valid data URI"),
    ("uri('nowhere', 'a')", "'uri' expects its first parameter to be an absolute URI"),
    ("uriComponent(1)", "'uriComponent' expects its parameter to be of type 'String'"),
    ("uriComponentToString(1)", "'uriComponentToString' expects its parameter to be of type 'String'"),
    ("toLower(createArray())", "'toLower' expects its parameter to be of type 'String'. The provided value is of type"),
    ("toUpper()", "'toUpper': function requires 1 argument(s) while 0 were provided"),
    ("trim(null())", "'trim' expects its parameter to be of type 'String'. The provided value is of type 'Null'"),
    ("replace('a', '', 'b')", "'replace' expects its second parameter not to be empty"),
    ("substring('abc', 2, 5)", "must refer to a location within the string"),
    ("substring('abc', -1)", "must refer to a location within the string"),
    ("split('a')", "'split': function requires 2 argument(s) while 1 were provided"),
    ("join('a', ',')", "'join' expects its first parameter to be of type 'Array'"),
    ("format('{1}', 'a')", "less than the size of the argument list"),
    ("format('{', 'a')", "the format is invalid"),
    ("format('{0:Q}', 1)", "the format 'Q' is invalid"),
    ("padLeft('a', 3, 'xy')", "third parameter to be a single character"),
    ("padLeft('a', 17)", "to be between 0 and 16"),
    ("startsWith('a', 1)", "'startsWith' expects its second parameter to be of type 'String'"),
    ("endsWith('a')", "'endsWith': function requires 2 argument(s) while 1 were provided"),
    ("string()", "'string': function requires 1 argument(s)"),
    ("uniqueString()", "language function 'uniqueString'. At least one parameter should be provided"),
    ("uniqueString('a', 1)", "'uniqueString' expects its second parameter to be of type 'String'"),
    ("guid(1)", "'guid' expects its first parameter to be of type 'String'"),
    ("newGuid(1)", "'newGuid': function requires 0 argument(s) while 1 were provided"),
    ("utcNow(1)", "'utcNow' expects its parameter to be of type 'String'"),
    ("utcNow('Q')", "is not a valid format of a date and time"),
    ("add('1', 2)", "'add' expects its first parameter to be of type 'Integer'. The provided value is of type"),
    ("add(9223372036854775807, 1)", "does not fit 64 bits"),
    ("sub(1)", "'sub': function requires 2 argument(s) while 1 were provided"),
    ("mul(true(), 1)", "The provided value is of type 'Boolean'"),
    ("div(1, 0)", "attempted to divide by zero"),
    ("mod(1, 0)", "attempted to divide by zero"),
    ("min(createArray())", "and at least one"),
    ("max(createArray(1), 2)", "an array of integers"),
    ("range(0, 10001)", "the count must be between 0 and 10000"),
    ("int('a')", "'int' cannot convert the provided value 'a' to an integer"),
    ("float('nan')", "'float' cannot convert the provided value 'nan'"),
    ("bool('perhaps')", "'bool' cannot convert the provided value 'perhaps'"),
    ("equals(1)", "'equals': function requires 2 argument(s)"),
    ("less(1, 'a')", "expects two parameters of matching types"),
    ("lessOrEquals(true(), 1)", "'lessOrEquals' expects its first parameter to be of type 'String' or 'Integer'"),
    ("greater('a', 1)", "expects two parameters of matching types"),
    ("greaterOrEquals(1)", "'greaterOrEquals': function requires 2 argument(s)"),
    ("if('true', 1, 2)", "'if' expects its parameter to be of type 'Boolean'. The provided value is of"),
    ("if(true(), 1)", "'if': function requires 3 argument(s) while 2 were provided"),
    ("and(true())", "'and': function requires at least 2 argument(s) while 1 were provided"),
    ("or(false(), 1)", "'or' expects its parameter to be of type 'Boolean'"),
    ("not(1)", "'not' expects its parameter to be of type 'Boolean'"),
    ("true(1)", "'true': function requires 0 argument(s)"),
    ("false(1)", "'false': function requires 0 argument(s)"),
    ("null(1)", "'null': function requires 0 argument(s)"),
    ("coalesce()", "'coalesce'. At least one parameter should be provided"),
    ("concat()", "Unable to evaluate template language function 'concat'. At least one parameter should be provided"),
    ("concat(createArray('hello', 100), 200)", "Either all or none of the parameters must be an array"),
    ("concat('a', createObject())", "must be either string literals or arrays"),
    ("length(1)", "'length' expects its parameter to be of type"),
    ("empty(1)", "'empty' expects its parameter to be of type"),
    ("contains('a', createArray())", "'contains' expects its second parameter to be of type 'String'"),
    ("contains(1, 1)", "'contains' expects its first parameter to be of type"),
    ("first(1)", "'first' expects its parameter to be of type 'String' or 'Array'"),
    ("last()", "'last': function requires 1 argument(s) while 0 were provided"),
    ("take('a', 'b')", "'take' expects its second parameter to be of type 'Integer'"),
    ("skip('a')", "'skip': function requires 2 argument(s)"),
    ("indexOf('a', 1)", "'indexOf' expects its second parameter to be of type 'String'"),
    ("lastIndexOf('a', 1)", "'lastIndexOf' expects its second parameter to be of type 'String'"),
    ("union(createArray(), createObject())", "'union' expects all of its parameters to be either arrays or objects"),
    ("intersection(createArray())", "'intersection': function requires at least 2 argument(s) while 1 were provided"),
    ("createArray(nobody())", "The template function 'nobody' is not valid"),
    ("createObject('a')", "expects an even number of parameters"),
    ("array()", "'array': function requires 1 argument(s)"),
    ("json('{')", "cannot be parsed as JSON"),
    ("json('\"\\ud800\"')", "cannot be parsed as JSON"),
    ("concat(parameters('large'), parameters('large'))", "the result has more than '131072' characters"),
    ("replace(parameters('large'), 'x', 'xyz')", "the result has more than '131072' characters"),
    ("join(createArray(parameters('large'), ''), parameters('large'))", "the result has more than '131072' characters"),
    ("format('{0}{0}', parameters('large'))", "the result has more than '131072' characters"),
    ("string(reduce(range(0, 70), 1, lambda('x', createArray(lambdaVariables('x')))))", "more than '64' deep"),
    ("json('NaN')", "cannot be parsed as JSON"),
    ("json('1e999')", "cannot be parsed as JSON"),
    ("items(1)", "'items' expects its parameter to be of type 'Object'"),
    ("objectKeys('a')", "'objectKeys' expects its parameter to be of type 'Object'"),
    ("flatten(createArray(1))", "an array of arrays"),
    ("tryGet()", "'tryGet'. At least one parameter should be provided"),
    ("map(createArray(1), 'a')", "'map' expects a lambda"),
    ("map(createArray(1), lambda('a', 'b', 'c', 1))", "'map' expects a lambda with not more than '2' variable(s)"),
    ("lambda('a', 1)", "'lambda' is not expected at this location"),
    ("lambdaVariables('a')", "The lambda variable 'a' is not found"),
    ("filter(createArray(1), lambda('a', 1))", "return a value of type 'Boolean'"),
    ("sort(createArray(1, 2), lambda('a', 1))", "return a value of type 'Boolean'"),
    ("reduce(createArray(1), 0, 1)", "'reduce' expects a lambda"),
    ("toObject(createArray(1), lambda('a', 1))", "first lambda to return a string"),
    ("parameters('nobody')", "The template parameter 'nobody' is not found"),
    ("parameters('thing').nobody", "property 'nobody' doesn't exist, available properties are 'One, list, nothing'"),
    ("parameters('numbers')[3]", "The language expression property array index '3' is out of bounds"),
    ("parameters('numbers').length", "can't be evaluated"),
    ("variables('nobody')", "The template variable 'nobody' is not found"),
    ("copyIndex('other')", "There is no copy named 'other' around it"),
    ("copyIndex(true())", "'copyIndex' expects its first parameter to be of type"),
    ("resourceGroup('a')", "'resourceGroup': function requires 0 argument(s)"),
    ("subscription('a')", "'subscription': function requires 0 argument(s)"),
    ("tenant('a')", "'tenant': function requires 0 argument(s)"),
    ("deployment('a')", "'deployment': function requires 0 argument(s)"),
    ("environment('a')", "'environment': function requires 0 argument(s)"),
    ("resourceId('A.B/c')", "the type 'A.B/c' requires '1' resource name argument(s)"),
    ("resourceId('a', 'b', 'c')", "the argument that is the resource type"),
    ("resourceId('A.B/c', 1)", "'resourceId' expects its second parameter to be of type 'String'"),
    ("subscriptionResourceId('A.B/c')", "requires '1' resource name argument(s)"),
    ("tenantResourceId('A.B/c', 'd', 'e')", "requires '1' resource name argument(s)"),
    ("extensionResourceId('/x')", "'extensionResourceId': function requires at least 2 argument(s) while 1 were"),
    ("reference('nobody')", "The template reference 'nobody' is not valid: could not find template resource or"),
    (f"reference('{NETWORK}/nic')", "requires an API version"),
    (f"reference('{NETWORK}/nic', '2023-01-01', 'half')", "third parameter to be 'Full'"),
    (f"listKeys('{NETWORK}/nic')", "'listKeys': function requires between 2 and 3 argument(s) while 1 were provided"),
    ("pickZones('Microsoft.Compute', 'virtualMachines', 'westeurope', 3, 1)", "fewer than asked for"),
    ("dateTimeAdd('yesterday', 'P1D')", "cannot be parsed as a date and time"),
    ("dateTimeAdd('2020-04-07', 'tomorrow')", "cannot be parsed as a duration"),
    ("dateTimeAdd('2020-04-07', 'P9999Y')", "the result is no date"),
    ("dateTimeFromEpoch(9223372036854775807)", "the result is no date"),
    ("dateTimeToEpoch('')", "cannot be parsed as a date and time"),
    ("providers('Microsoft.Compute')", "The template function 'providers' is not valid. Please see https://aka.ms/"),
    ("list2('a')", "The template function 'list2' is not valid"),
    ("list('a', 'b')", "The template function 'list' is not valid"),
]  # fmt: skip


ELSEWHERE = ("lambda(", "lambdaVariables(", "parameters('TEXT')", "variables('none')", "newGuid")


@pytest.mark.parametrize(("expression", "value"), [row for row in VALUES if not row[0].startswith(ELSEWHERE)])
def test_an_expression_has_the_value_it_has_in_azure(expression: str, value: Json) -> None:
    answer = value_of(expression)

    assert answer == value
    assert type(answer) is type(value)


@pytest.mark.parametrize(("expression", "words"), WRONG)
def test_wrong_arguments_are_refused_in_azures_words(expression: str, words: str) -> None:
    with pytest.raises(Fault) as refused:
        value_of(expression)

    assert words in str(refused.value)


def named(rows: list[tuple[str, Json]] | list[tuple[str, str]]) -> set[str]:
    """The functions that the rows call."""
    found = set()
    for expression, _ in rows:
        for call in calls(parse(f"[{expression}]")):
            name = call.name.lower()
            found.add("list" if name == "listkeys" else name)
    return found


def test_every_function_has_a_row_of_value_and_one_of_wrong_arguments() -> None:
    wrong = {expression.split("(")[0].lower() for expression, _ in WRONG} - {"listkeys"} | {"list"}

    assert table().keys() - named(VALUES) == set()
    assert table().keys() - wrong == set()


def test_the_table_in_the_documents_is_the_table_in_the_code() -> None:
    rows = [f"| `{each.signature}` | {each.meaning} |" for _, each in sorted(table().items())]

    assert "\n".join(rows) in DOCUMENT.read_text()


def test_new_guids_differ_from_each_other_and_come_back_with_the_same_seed() -> None:
    expression = "createArray(newGuid(), newGuid())"

    one, two = (value_of(expression, Place.PARAMETER) for _ in range(2))

    assert isinstance(one, list)
    assert one == two
    assert one[0] != one[1]


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("newGuid()", Place.BODY),
        ("utcNow()", Place.VARIABLE),
        ("variables('a')", Place.PARAMETER),
        (f"reference('{NETWORK}/nic', '1')", Place.VARIABLE),
        (f"reference('{NETWORK}/nic', '1')", Place.HEAD),
        ("listKeys('a', 'b')", Place.PARAMETER),
        ("copyIndex()", Place.PARAMETER),
    ],
)
def test_a_function_is_refused_where_it_means_nothing(expression: str, place: Place) -> None:
    with pytest.raises(Fault, match="is not expected at this location"):
        value_of(expression, place)


@pytest.mark.parametrize(
    ("texts", "unique"),
    [
        (("test",), "rbgf3xv4ufgzg"),
        (("hello", "world"), "a7wkljktk6wne"),
        (("abc",), "cgtzqvhu4i23s"),
        (("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg",), "bmg7c6xu4tw46"),
        (("foo", "bar", "baz"), "xzi4ioaxtmth4"),
        (("tyeth",), "zcztcwvu6iyg6"),
    ],
)
def test_unique_strings_are_azures(texts: tuple[str, ...], unique: str) -> None:
    assert unique_text(texts) == unique


@given(st.binary(max_size=40))
def test_any_bytes_have_a_hash_of_64_bits(data: bytes) -> None:
    assert 0 <= murmur64(data) < 2**64
    assert template_hash({"a": 1}) == template_hash({"A": 1}) != template_hash({"a": 2})


def test_a_function_is_found_in_any_case() -> None:
    assert find("CONCAT").name == "concat"
    assert find("listkeys").name == "listkeys"
