"""Somebody who may only read signs in by name and password, and is offered nothing that they may not do."""

import pytest
from playwright.sync_api import Page, expect

from tests.portal.browser.portal import Person, Portal
from tests.portal.browser.test_axe import PAGES

pytestmark = pytest.mark.slow


def test_a_reader_signs_in_and_finds_no_form_that_changes_anything(
    portal: Portal, each_page: Page, reader: Person
) -> None:
    portal.sign_in(each_page, reader)

    expect(each_page.get_by_role("banner").get_by_text(reader.name)).to_be_visible()
    for path in PAGES:
        each_page.goto(f"{portal.base}{path}")
        forms = each_page.locator("form[method=post]").evaluate_all("forms => forms.map(each => each.action)")
        assert forms == [f"{portal.base}/portal/sign-out"], path
