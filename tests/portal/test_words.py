"""What the portal says: everything in both languages, nothing of one on pages in the other, nothing in templates."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import calco.portal
from calco.arm.host import show_warning
from calco.arm.routes import ROUTES
from calco.portal.activity import deed_of
from calco.portal.host_warning import told
from calco.work import plans
from tests.ailing import ailments
from tests.arm.api import LAB
from tests.portal.house import TEXTS, Browser, House
from tests.portal.tour import Tour

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


SAME = {"CPU", "LUN {lun}: {size} GiB", "{count} bytes", "{count} h", "Cloud Shell"}
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


EVERYDAY = {
    "en": "the is are was were be been this that these and or not it its of to by for from with there what who which",
    "es": "el los las del que con para por una este esta esto está son ser fue desde sobre donde quien cual pero",
}
"""Words that no sentence does without, and that the other language does not have."""


@pytest.mark.timeout(300)  # some 300 pages, on a machine that may be busy
@pytest.mark.parametrize(
    ("language", "other"),
    [pytest.param("es", "en", marks=pytest.mark.slow), pytest.param("en", "es", marks=pytest.mark.long)],
)
def test_no_word_of_the_other_language_is_on_any_page(house: House, language: str, other: str) -> None:
    everyday = re.compile(rf"\b(?:{EVERYDAY[other].replace(' ', '|')})\b", re.IGNORECASE)
    tour = Tour(house, language)
    seen, left = [], {}
    for name, page in tour.pages():
        if not page.html.startswith("<!doctype html>"):
            continue  # what scripts ask for, and files
        assert page.status < 500, name
        found = (
            page.left_in(other) | set(everyday.findall(page.own)) | {each for each in tour.doctors if each in page.text}
        )
        seen.append(page.status)
        if found:
            left[f"{page.status} {name}"] = found

    assert left == {}
    assert len(tour.doctors) > 5, "a host that lacks everything was among them"
    assert seen.count(200) > 150
    assert seen.count(400) > 20, "forms with faults were among them"
    assert sum(status in (403, 404) for status in seen) > 60, "refusals were among them"


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


def test_everything_that_the_activity_log_tells_of_has_its_words() -> None:
    deeds = [deed_of(route.action) for route in ROUTES if route.method != "GET" and not route.action.endswith("/read")]

    keys = {key for deed in deeds for key in (f"verb.{deed.verb}", f"kind.{deed.type}")}
    assert sorted(keys - set(ENGLISH)) == []
    assert len(keys) > 40


def test_everything_that_the_doctor_finds_has_its_words(tmp_path: Path) -> None:
    found = ailments(tmp_path / "host")

    for words in TEXTS.values():
        for each in found:
            shown = told(words, show_warning(each))
            assert shown.is_ours, each
            assert "{" not in shown.text, each
            assert bool(shown.mend or shown.command) == bool(each.mend), each
            assert re.fullmatch(r"((sudo|calco) .*)?", shown.command), "a mend in sentences has words of its own"
    told_of = {key.removeprefix("doctor.") for key in ENGLISH if key.startswith("doctor.") and "mend_" not in key}
    assert told_of == {each.code for each in found}, "of nothing else, either"


def test_only_refusals_that_the_api_gives_are_explained() -> None:
    given = "".join(each.read_text() for each in SOURCES.parent.rglob("*.py"))

    explained = [key.removeprefix("refusal.") for key in ENGLISH if key.startswith("refusal.")]
    assert [each for each in explained if f'"{each}"' not in given] == []


@pytest.mark.slow
@pytest.mark.parametrize(("language", "meaning"), [("es", "Un bloqueo lo protege."), ("en", "A lock protects it.")])
def test_a_refusal_keeps_its_words_and_says_in_the_pages_language_what_it_means(
    house: House, language: str, meaning: str
) -> None:
    house.api.with_group()
    house.api.put(f"{LAB}/providers/Microsoft.Authorization/locks/no", {"properties": {"level": "CanNotDelete"}})

    page = house.browser(language=language).send("/portal/resource-groups/lab/delete", confirm="lab")

    assert page.status == 400
    assert "ScopeLocked: The scope" in page.text
    assert "ScopeLocked" not in page.own, "it is marked as English"
    assert meaning in page.own
