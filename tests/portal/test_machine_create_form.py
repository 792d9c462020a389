"""What the form of a new machine holds, by itself: it comes back as it was sent, and keeps no secret."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.model.document import Document
from calco.model.names import check
from calco.portal import key_pair
from calco.portal.machine_create_form import Filled, Login, Source, begun, fitting, read, small
from calco.portal.target import NEW, Target
from calco.portal.visit import Form
from tests.portal.view_actions import KEY, SUBNET, SUBSCRIPTION, image, machine

pytestmark = pytest.mark.slow

PRIVATE = key_pair.generate("me").private.decode()


def source(os_type: str = "Linux", name: str = "golden", disks: int = 0) -> Source:
    profile: Document = {"osDisk": {"osType": os_type}, "dataDisks": [{"lun": lun} for lun in range(disks)]}
    return Source({"id": str(image(name)), "location": "eastus", "properties": {"storageProfile": profile}})


def sent(filled: Filled) -> Form:
    lists: dict[str, list[str]] = {}
    for name, value in filled.fields():
        lists.setdefault(name, []).append(value)
    return Form({name: values[-1] for name, values in lists.items()}, lists)


words = st.text(max_size=20).map(str.strip)
filled_in = st.builds(
    Filled,
    target=st.builds(Target, words, words.filter(lambda each: each != NEW)),
    size=words,
    login=st.sampled_from(Login),
    count=words,
    user=words,
    key=st.sampled_from(["", KEY]),
    subnet=st.sampled_from(["", str(SUBNET)]),
    network=words,
    public=st.booleans(),
    tags=st.lists(st.tuples(words.filter(bool), words), max_size=3).map(tuple),
)


@settings(max_examples=30)
@given(filled_in, words)
def test_what_goes_from_page_to_page_comes_back_as_it_was(filled: Filled, new_group: str) -> None:
    for each in (filled, replace(filled, target=Target(filled.target.name, "", new_group))):
        assert read(sent(each), source()) == each


@pytest.mark.parametrize("pasted", [PRIVATE, f"{KEY}\n{PRIVATE}", "ssh-ed25519", "secret words"])
def test_what_is_no_public_key_is_forgotten(pasted: str) -> None:
    form = Form({"login": "key", "key": pasted}, {})

    filled = read(form, source())

    assert filled.key == ""
    assert pasted not in repr(filled)


def test_windows_takes_a_password_whatever_was_sent() -> None:
    assert read(Form({"login": "generate"}, {}), source("Windows")).login is Login.PASSWORD
    assert read(Form({"login": "nonsense"}, {}), source()).login is Login.GENERATE


def test_what_is_no_id_is_no_subnet() -> None:
    assert read(Form({"subnet": "../../etc"}, {}), source()).subnet == ""


@pytest.mark.parametrize(
    ("typed", "number"), [("1", 1), ("20", 20), ("0", None), ("21", None), ("-1", None), ("²", None)]
)
def test_one_to_twenty_machines_are_made_at_once(typed: str, number: int | None) -> None:
    assert replace(begun(source(), "lab", "s", ""), count=typed).number == number


@pytest.mark.parametrize("name", ["golden", "web1-image-20261123111200", "a_b.c" * 15, "x" * 80, "_"])
@pytest.mark.parametrize(("os_type", "most"), [("Linux", 64), ("Windows", 15)])
def test_the_name_that_is_proposed_is_one_that_machines_may_have(name: str, os_type: str, most: int) -> None:
    there = source(os_type, name)
    filled = replace(begun(there, "lab", "s", ""), count="20")

    for each in filled.names(SUBSCRIPTION, there):
        check(machine(each))
        assert len(each) <= most


def test_sizes_that_take_the_images_disks_are_offered_the_smallest_first() -> None:
    def size(name: str, cores: int, disks: int) -> Document:
        return {"name": name, "numberOfCores": cores, "memoryInMB": 1024, "maxDataDiskCount": disks}

    sizes = [size("large", 8, 16), size("Standard_B1s", 1, 2), size("tiny", 1, 1)]

    assert [each["name"] for each in fitting(sizes, source(disks=2))] == ["Standard_B1s", "large"]
    assert small(fitting(sizes, source(disks=2)), source()) == "Standard_B1s"
    assert small(fitting(sizes, source(disks=3)), source()) == "large"
    assert small([], source("Windows")) == "Standard_B2s"


def test_a_pair_of_keys_belongs_together_and_says_whose_it_is() -> None:
    pair = key_pair.generate("ana; rm -rf /")

    own = load_ssh_private_key(pair.private, None).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert pair.public == f"{own.decode()} anarm-rf"
    assert key_pair.is_public(pair.public)
    assert pair.private.decode() not in repr(pair)
    assert not key_pair.is_public(PRIVATE)
    assert not key_pair.is_public("ssh-rsa nonsense")
