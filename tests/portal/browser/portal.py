"""A portal for tests: a service of its own, and the people who use it."""

import json
import re
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.service_process import ServiceProcess


@dataclass(frozen=True)
class Person:
    """Somebody who signs in with a name and a password. ``id`` is what role assignments call them."""

    name: str
    password: str
    id: str


@dataclass(frozen=True)
class Portal:
    """The portal of one running service, and the hands to set a scene with through the public API."""

    service: ServiceProcess

    @property
    def base(self) -> str:
        """Scheme, host and port; no trailing slash."""
        return self.service.url

    @property
    def blob_origin(self) -> str:
        return self.service.env["CALCO_BLOB_ENDPOINT"]

    def link(self) -> str:
        """A fresh one-time link of the local owner's, as ``calco open --print`` has it."""
        url = self.service.client.send("POST", "/portal/links").json()["url"]
        assert isinstance(url, str)
        return url

    def enter(self, page: Page) -> Page:
        """The local owner signs in by a one-time link; the page is then the portal's home."""
        page.goto(self.link())
        return page

    def sign_in(self, page: Page, person: Person) -> Page:
        """Sign in with name and password, as a person does, from wherever the page is sent to."""
        page.goto(f"{self.base}/portal/sign-in")
        page.get_by_role("link", name=re.compile("^(Sign in|Iniciar sesión)")).click()
        page.locator("input[name=username]").fill(person.name)
        page.locator("input[name=password]").fill(person.password)
        page.get_by_role("button").click()
        page.wait_for_url(f"{self.base}/portal/**")
        return page

    def person(self, name: str, role: str | None = None, scope: str | None = None) -> Person:
        """Make a user; with a role at a scope (the whole subscription), or with none: then they see nothing."""
        given = [] if role is None else ["--role", role, *([] if scope is None else ["--scope", scope])]
        made = json.loads(self.service.run("user", "create", name, *given, "-o", "json"))
        return Person(name, made["password"], made["objectId"])

    def remove(self, person: Person) -> None:
        self.service.run("user", "delete", person.name, "--yes")
