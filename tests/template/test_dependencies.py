"""Who waits for whom: every spelling of ``dependsOn``, batches, ``reference()``, and circles."""

import pytest

from calco.model.document import Document
from calco.model.errors import ApiError
from calco.template import prepare
from tests.template.templates import CONTEXT, GROUP, machine, network, nic, prepared, resource, template, waits

SPELLINGS = [
    "Microsoft.Network/virtualNetworks/v",
    "microsoft.network/VIRTUALNETWORKS/V",
    "[resourceId('Microsoft.Network/virtualNetworks', 'v')]",
    "[concat('Microsoft.Network/virtualNetworks/', 'v')]",
    f"{GROUP.upper()}/providers/Microsoft.Network/virtualNetworks/v",
    "v",
    "[variables('name')]",
]


def refusal(document: Document) -> str:
    with pytest.raises(ApiError) as refused:
        prepare(document, {}, CONTEXT)
    assert (refused.value.status, refused.value.code) == (400, "InvalidTemplate")
    return refused.value.message


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_resource_is_waited_for_under_any_of_its_names(spelling: str) -> None:
    document = template(nic("n", dependsOn=[spelling]), network("v"), variables={"name": "v"})

    assert waits(document) == {"n": ["v"], "v": []}


@pytest.mark.parametrize(
    "spelling",
    [
        "Microsoft.Network/virtualNetworks/v/subnets/s",
        "Microsoft.Network/virtualNetworks/subnets/v/s",
        "v/s",
        "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]",
    ],
)
def test_a_child_waits_for_its_parent_and_is_waited_for_by_its_own_names(spelling: str) -> None:
    subnet: Document = {"type": "subnets", "apiVersion": "1", "name": "s"}

    document = template(network("v", resources=[subnet]), nic("n", dependsOn=[spelling]))

    assert waits(document) == {"v": [], "v/s": ["v"], "n": ["v/s"]}


def test_a_loops_name_means_all_its_resources() -> None:
    document = template(
        nic("[concat('n', copyIndex())]", copy={"name": "Cards", "count": 2}), machine("m", dependsOn=["cards"])
    )

    assert waits(document) == {"n0": [], "n1": [], "m": ["n0", "n1"]}


def test_an_empty_loop_is_nothing_to_wait_for() -> None:
    document = template(machine("m", dependsOn=["v"]), network("v", condition=False))

    assert waits(document) == {"m": []}


def test_each_of_a_loop_may_wait_for_its_own() -> None:
    document = template(
        nic("[concat('n', copyIndex())]", copy={"name": "cards", "count": 2}),
        machine(
            "[concat('m', copyIndex())]",
            copy={"name": "webs", "count": 2},
            dependsOn=["[concat('Microsoft.Network/networkInterfaces/n', copyIndex())]"],
        ),
    )

    assert waits(document) == {"n0": [], "n1": [], "m0": ["n0"], "m1": ["n1"]}


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        ({"mode": "serial"}, {"m0": [], "m1": ["m0"], "m2": ["m1"], "m3": ["m2"], "m4": ["m3"]}),
        (
            {"mode": "Serial", "batchSize": 2},
            {"m0": [], "m1": [], "m2": ["m0", "m1"], "m3": ["m0", "m1"], "m4": ["m2", "m3"]},
        ),
        ({"mode": "parallel"}, {f"m{n}": [] for n in range(5)}),
    ],
)
def test_a_serial_loop_goes_in_batches(copy: Document, expected: dict[str, list[str]]) -> None:
    document = template(machine("[concat('m', copyIndex())]", copy={"name": "all", "count": 5, **copy}))

    assert waits(document) == expected


@pytest.mark.parametrize(
    ("expression", "waiting"),
    [
        ("[reference('v').x]", ["v"]),
        ("[reference(variables('name')).x]", ["v"]),
        ("[reference('V', '2023-01-01', 'Full').x]", ["v"]),
        ("[reference(resourceId('Microsoft.Network/virtualNetworks', 'v')).x]", ["v"]),
        ("[reference(resourceId('Microsoft.Network/virtualNetworks', 'v'), '2023-01-01').x]", []),
        ("[listKeys('v', '2023-01-01').keys[0].value]", ["v"]),
        ("[concat(reference('v').x, '-', reference('w').x)]", ["v", "w"]),
        ("[if(equals(1, 1), 'none', reference('v').x)]", []),
        ("[if(equals(1, 1), reference('w').x, reference('v').x)]", ["w"]),
        ("[if(reference('w').x, reference('v').x, 1)]", ["v", "w"]),
        ("[reference('gone').x]", []),
        ("none", []),
    ],
)
def test_who_asks_for_a_resource_waits_for_it(expression: str, waiting: list[str]) -> None:
    document = template(
        nic("n", properties={"deep": [{"x": expression}]}),
        network("v"),
        network("w"),
        network("gone", condition=False),
        variables={"name": "v"},
    )

    assert waits(document)["n"] == waiting


def test_a_property_loop_waits_for_what_each_round_asks() -> None:
    cards: Document = {
        "copy": [{"name": "cards", "count": 2, "input": "[reference(concat('n', copyIndex('cards'))).id]"}]
    }

    document = template(nic("n0"), nic("n1"), machine("m", properties=cards))

    assert waits(document)["m"] == ["n0", "n1"]


def test_a_name_that_two_resources_have_means_the_other_one() -> None:
    document = template(nic("web"), machine("web", dependsOn=["web"]))

    answer = prepared(document)

    assert [len(each.depends_on) for each in answer.items] == [0, 1]


def test_a_name_that_two_resources_have_is_no_reference() -> None:
    document = template(nic("web"), network("web"), machine("m", properties={"a": "[reference('web').x]"}))

    assert "several resources of the template have this name" in refusal(document)


def test_of_two_with_one_name_the_one_that_will_be_there_is_meant() -> None:
    document = template(
        nic("web", condition=False), network("web"), machine("m", properties={"a": "[reference('web').x]"})
    )

    assert waits(document) == {"web": [], "m": ["web"]}


def test_what_is_waited_for_must_be_in_the_template() -> None:
    assert refusal(template(machine("m", dependsOn=["Microsoft.Compute/disks/windowsvm"]))) == (
        "Deployment template validation failed: 'The resource 'Microsoft.Compute/disks/windowsvm' is not defined in "
        "the template. Please see https://aka.ms/arm-template for usage details.'."
    )


def test_what_waits_in_vain_is_refused_even_if_it_will_not_be_there() -> None:
    assert "'nobody' is not defined" in refusal(template(machine("m", condition=False, dependsOn=["nobody"])))


def test_who_asks_for_what_is_not_in_the_template_is_refused() -> None:
    message = refusal(
        template(nic("n", properties={"a": "[concat(reference('n0').x, reference('lost').x)]"}), nic("n0"))
    )

    assert "The template reference 'lost' is not valid: could not find template resource or resource copy" in message


@pytest.mark.parametrize(
    "resources",
    [
        [machine("a", dependsOn=["a"])],
        [machine("a", dependsOn=["b"]), machine("b", dependsOn=["a"])],
        [machine("a", dependsOn=["c"]), machine("b", tags={"x": "[reference('a').y]"}), machine("c", dependsOn=["b"])],
    ],
)
def test_a_circle_is_refused(resources: list[Document]) -> None:
    message = refusal(template(*resources))

    assert message.startswith(
        "Deployment template validation failed: 'Circular dependency detected on resource: "
        f"'{GROUP}/providers/Microsoft.Compute/virtualMachines/a'. Please see"
    )


def test_a_diamond_is_no_circle() -> None:
    document = template(
        machine("a", dependsOn=["b", "c"]), machine("b"), machine("c", dependsOn=["d"]), machine("d", dependsOn=["b"])
    )

    assert waits(document) == {"a": ["b", "c"], "b": [], "c": ["d"], "d": ["b"]}


def test_twins_are_refused_unless_only_one_will_be_there() -> None:
    lock = resource("Microsoft.Authorization/locks", "Hold")

    assert "'Microsoft.Authorization/locks/hold' at line '1' and column" in refusal(
        template(lock, {**lock, "name": "hold"})
    )
    assert len(prepared(template(lock, {**lock, "condition": "[equals(1, 2)]"})).items) == 1
