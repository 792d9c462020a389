"""Scripts of others that the portal's pages load: unmodified, with their licences, and explained."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

import calco
from tests.test_docs import explained

ROOT = Path(__file__).resolve().parents[2]
VENDOR = Path(calco.__file__).parent / "portal/static/vendor"
FILES: list[dict[str, Any]] = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["file"]
TEXTS = {"0BSD": "Zero-Clause BSD", "MIT": "Permission is hereby granted, free of charge"}
"""What a licence's own text says."""


@pytest.mark.parametrize("entry", FILES, ids=lambda each: str(each["file"]))
def test_a_script_is_as_its_authors_made_it(entry: dict[str, str]) -> None:
    found = hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest()

    assert found == entry["sha256"]


@pytest.mark.parametrize("entry", FILES, ids=lambda each: str(each["file"]))
def test_a_script_has_the_text_of_its_licence_beside_it(entry: dict[str, str]) -> None:
    text = (VENDOR / entry["licence_file"]).read_text()

    assert TEXTS[entry["licence"]] in text


def test_nothing_else_lies_there() -> None:
    listed = {str(entry[key]) for entry in FILES for key in ("file", "licence_file")}

    assert {str(each.relative_to(VENDOR)) for each in VENDOR.rglob("*")} == {"VENDOR.toml", *listed}


def test_no_script_names_a_package_registry() -> None:
    assert [each.name for each in VENDOR.iterdir() if b"registry.npmjs" in each.read_bytes()] == []


def test_every_package_has_its_line() -> None:
    page = (ROOT / "docs/dependencies.md").read_text()

    assert explained("In the portal's pages") == {entry["package"] for entry in FILES}
    for entry in FILES:
        row = next(line for line in page.splitlines() if line.startswith(f"| {entry['package']} |"))
        assert f" {entry['version']} " in row
        assert row.endswith(f"| {entry['licence']} |")


def test_the_built_package_brings_what_pages_are_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    brought = project["tool"]["setuptools"]["package-data"]["calco"]
    assert {f"portal/{folder}/**/*" for folder in ("templates", "static", "words")} <= set(brought)
