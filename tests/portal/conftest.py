"""A house of its own for each test, and the owner's browser in it."""

from pathlib import Path

import pytest

from tests.portal.house import Browser, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def browser(house: House) -> Browser:
    """The owner is signed in; the language is English."""
    return house.browser()
