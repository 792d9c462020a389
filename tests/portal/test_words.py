"""What the portal says: everything in both languages, nothing of one on pages in the other, nothing in templates."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import calco.portal
from calco.portal.app import PAGES
from calco.work import plans
from tests.arm.api import COMPUTE, LAB
from tests.portal.house import TEXTS, Browser, House
from tests.world import LOCATION

SOURCES = Path(calco.portal.__file__).parent
TEMPLATES = {each.name: each.read_text() for each in sorted((SOURCES / "templates").glob("*.html"))}
MODULES = {each.name: each.read_text() for each in sorted(SOURCES.glob("*.py"))}
ENGLISH, SPANISH = TEXTS["en"].texts, TEXTS["es"].texts


def test_both_catalogues_say_the_same_things() -> None:
    assert set(ENGLISH) ^ set(SPANISH) == set()


def test_what_is_filled_in_is_the_same_in_both() -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{[^}]*\}", text))

    assert {key: places(text) for key, text in ENGLISH.items()} == {key: places(text) for key, text in SPANISH.items()}


SAME = {"CPU", "LUN {lun}: {size} GiB", "{count} bytes", "{count} h"}
"""What both languages say alike; a text that is in both for another reason was copied, not translated."""


def test_no_text_is_empty_or_was_copied_into_the_other_language() -> None:
    assert [key for key, text in {**ENGLISH, **SPANISH}.items() if not text.strip()] == []
    assert {text for key, text in ENGLISH.items() if text == SPANISH.get(key)} - SAME == set()


def asked_for() -> Iterator[tuple[str, str, bool]]:
    """Where, which key, and whether that is only how keys begin."""
    call = r"""\b(?:t|words)(?:\.known)?\(\s*f?["']([a-z_]+\.[\w.]*)(\{)?["']?(\s*~)?"""
    for name, text in {**TEMPLATES, **MODULES}.items():
        for key, braced, joined in re.findall(call, text):
            yield name, key, bool(braced or joined)


def test_every_text_that_is_asked_for_is_there() -> None:
    missing = [
        (name, key)
        for name, key, begins in asked_for()
        if not (any(each.startswith(key) for each in ENGLISH) if begins else key in ENGLISH)
    ]

    assert missing == []
    assert len({key for _, key, _ in asked_for()}) > 50, "keys are found in the sources"


def test_templates_say_nothing_by_themselves() -> None:
    said: dict[str, list[str]] = {}
    for name, text in TEMPLATES.items():
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        bare = re.sub(r"<(code|kbd)[^>]*>.*?</\1>", "|", bare, flags=re.DOTALL)
        bare = re.sub(r"""/portal/\S*|<!?[^>]*>|[\w-]+\s*="[^"]*"|&\w+;""", "|", bare)
        said[name] = [each for each in re.findall(r"[^\W\d_]{2,}", bare) if each not in NAMES]
    assert {name: words for name, words in said.items() if words} == {}


NAMES = {"calco", "MAC", "GiB", "LUN", "UTC", "VHD", "SSH", "RDP"}
"""The same in every language."""


def test_no_template_has_script_or_style_in_it() -> None:
    for name, text in TEMPLATES.items():
        tags = re.findall(r"<[a-z][^>]*>", re.sub(r"\{[#%{].*?[#%}]\}", "", text, flags=re.DOTALL))
        assert [tag for tag in tags if re.search(r"\s(on\w+|style)\s*=", tag)] == [], name
        assert [tag for tag in tags if tag.startswith(("<style", "<script")) and "src=" not in tag] == [], name


# --- pages as they are shown -----------------------------------------------------------------------------------------


NAMED = {
    "virtual-machines": "web1",
    "images": "golden",
    "disks": "data",
    "snapshots": "before",
    "resource-groups": "lab",
}


def furnished(house: House) -> list[str]:
    """One of everything; the ids of what was done for it."""
    api = house.api
    api.with_network()
    api.image("golden", api.generalized("web1"))
    api.put(
        f"{COMPUTE}/disks/data",
        {"location": LOCATION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 1}},
    )
    source = {"createOption": "Copy", "sourceResourceId": f"{COMPUTE}/disks/data"}
    api.put(f"{COMPUTE}/snapshots/before", {"location": LOCATION, "properties": {"creationData": source}})
    return [*dict.fromkeys(house.world.told)]


def example(path: str, operation: str) -> str:
    """A page's address, of something that is there."""
    name = NAMED.get(path.split("/")[1], "lab")
    found = path.replace("{group}", "lab").replace("{name}", name).replace("{id}", operation).replace("/{of:path}", LAB)
    return f"/portal{found}"


@pytest.mark.slow
@pytest.mark.parametrize(("language", "other"), [("es", "en"), ("en", "es")])
def test_no_word_of_the_other_language_is_on_any_page(house: House, language: str, other: str) -> None:
    operations = furnished(house)
    browser = house.browser(language=language)

    left = {}
    addresses = [example(each.path, operations[0]) for each in PAGES] + [
        f"/portal/operations/{id}" for id in operations
    ]
    for path in addresses:
        page = browser.visit(path)
        assert page.status < 500, path
        left[path] = (page.status, page.left_in(other))
    empty = house.browser(house.person("nobody"), language)
    for path in ("/portal/", "/portal/no-such-page"):
        left[path] = (empty.visit(path).status, empty.visit(path).left_in(other))

    assert {path: found for path, (_, found) in left.items() if found} == {}
    assert sum(status == 200 for status, _ in left.values()) > len(addresses) * 0.8, "they are pages, not refusals"


@pytest.mark.slow
def test_the_browsers_language_is_spoken_until_another_is_chosen(browser: Browser) -> None:
    assert browser.visit("/portal/", accept_language="es-MX,es;q=0.9").text.count("Grupos de recursos") > 0
    assert browser.visit("/portal/", accept_language="de-DE,fr").text.count("Resource groups") > 0

    browser.visit("/portal/language?to=es&back=/portal/")

    assert browser.visit("/portal/", accept_language="en").text.count("Grupos de recursos") > 0


def test_every_step_that_a_page_may_show_has_its_words() -> None:
    steps = {step.name for plan in plans.BOOK.plans.values() for step in plan.steps}

    assert [each for each in steps if f"operation.step_{each.replace(' ', '_')}" not in ENGLISH] == []
    assert len(steps) > 40
