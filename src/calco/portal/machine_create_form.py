"""What the form of "Create a virtual machine" holds: read, sent on from page to page, and as the action it stands for.

No secret is ever in it. A password is asked for on the last page, and what was pasted as a public key and is none, a
private one perhaps, is forgotten at once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto

from calco.model.disk import OsType
from calco.model.document import Document, number_at, objects_at, text_at
from calco.model.ids import ResourceId
from calco.portal import target
from calco.portal.page import name_of
from calco.portal.target import NEW, Target
from calco.portal.view_as.action import CreateMachines
from calco.portal.view_as.parts import key_of, machine_names
from calco.portal.visit import Form

MACHINE = "Microsoft.Compute/virtualMachines"
COUNT_MAX = 20
"""What one image may be deployed to at once. Source: Azure, "Create a managed image of a generalized VM in Azure"."""
USER, SUFFIX = "azureuser", "-vm"
WINDOWS_NAME_MAX, LINUX_NAME_MAX = 15, 64
SMALL = {OsType.LINUX: "Standard_B1s", OsType.WINDOWS: "Standard_B2s"}
"""The size that is chosen unless another is."""


class Login(StrEnum):
    GENERATE = auto()
    KEY = auto()
    PASSWORD = auto()


@dataclass(frozen=True)
class Source:
    """The image that machines are made from."""

    document: Document

    @property
    def id(self) -> str:
        return text_at(self.document, "id") or ""

    @property
    def name(self) -> str:
        return name_of(self.id)

    @property
    def location(self) -> str:
        return text_at(self.document, "location") or ""

    @property
    def os_type(self) -> OsType:
        return OsType(text_at(self.document, "properties", "storageProfile", "osDisk", "osType") or "Linux")

    @property
    def data_disks(self) -> list[Document]:
        return objects_at(self.document, "properties", "storageProfile", "dataDisks")

    @property
    def logins(self) -> tuple[Login, ...]:
        """Windows takes passwords only."""
        return (Login.PASSWORD,) if self.os_type is OsType.WINDOWS else tuple(Login)


@dataclass(frozen=True)
class Filled:
    """``subnet`` is an id, or empty for a new network, called ``network`` or after the machine. ``count`` is as it was
    typed."""

    target: Target
    size: str
    login: Login
    count: str = "1"
    user: str = USER
    key: str = ""
    subnet: str = ""
    network: str = ""
    public: bool = True
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def number(self) -> int | None:
        """How many; None when what was typed is no number that is allowed."""
        typed = self.count
        count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
        return count if 1 <= count <= COUNT_MAX else None

    def fields(self) -> Iterator[tuple[str, str]]:
        """What brings it back, as ``read`` takes it."""
        yield from self.target.fields
        yield from (
            ("count", self.count),
            ("size", self.size),
            ("user", self.user),
            ("login", self.login.value),
            ("key", self.key),
            ("subnet", self.subnet or NEW),
            ("network", self.network),
            ("public", "on" if self.public else "off"),
        )
        for name, value in self.tags:
            yield "tag", name
            yield "tag_value", value

    def action(self, subscription: str, source: Source) -> CreateMachines:
        return CreateMachines(
            machine=self.target.id(subscription, MACHINE),
            image=ResourceId.parse(source.id),
            size=self.size,
            user=self.user,
            os_type=source.os_type,
            password=self.login is Login.PASSWORD,
            public_key=self.key,
            subnet=ResourceId.parse(self.subnet) if self.subnet else None,
            network="" if self.subnet else self.network,
            public_address=self.public,
            count=self.number or 1,
            new_group=bool(self.target.new_group),
            tags=dict(self.tags),
        )

    def names(self, subscription: str, source: Source) -> tuple[str, ...]:
        """How the machines will be called."""
        return machine_names(self.action(subscription, source))


def read(form: Form, source: Source) -> Filled:
    subnet, login = form.text("subnet"), form.text("login")
    known = login in [each.value for each in source.logins]
    pairs = zip(form.all("tag"), form.all("tag_value"), strict=False)
    filled = Filled(
        target=target.read(form),
        count=form.text("count"),
        size=form.text("size"),
        user=form.text("user"),
        login=Login(login) if known else source.logins[0],
        key=form.text("key"),
        subnet="" if subnet == NEW else _subnet(subnet),
        network=form.text("network"),
        public=form.text("public") == "on",
        tags=tuple((name.strip(), value.strip()) for name, value in pairs if name.strip()),
    )
    return _without_secret(filled, source)


def _without_secret(filled: Filled, source: Source) -> Filled:
    """Only a public key stays."""
    return replace(filled, key=key_of(filled.action("", source)))


def _subnet(text: str) -> str:
    """An id, or nothing."""
    try:
        return str(ResourceId.parse(text)) if text else ""
    except ValueError:
        return ""


def begun(source: Source, group: str, size: str, subnet: str) -> Filled:
    """The form as it is first shown: nothing has to be typed that can be known."""
    most = WINDOWS_NAME_MAX if source.os_type is OsType.WINDOWS else LINUX_NAME_MAX
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", source.name)[: most - len(SUFFIX) - 2].strip("-")
    return Filled(Target(f"{plain}{SUFFIX}" if plain else "vm", group), size, source.logins[0], subnet=subnet)


def fitting(sizes: Sequence[Document], source: Source) -> list[Document]:
    """Sizes that take the image's data disks, the smallest first."""
    needed = len(source.data_disks)
    found = [each for each in sizes if (number_at(each, "maxDataDiskCount") or 0) >= needed]
    return sorted(found, key=lambda each: (number_at(each, "numberOfCores") or 0, number_at(each, "memoryInMB") or 0))


def small(sizes: Sequence[Document], source: Source) -> str:
    """The size to begin with."""
    names = [text_at(each, "name") or "" for each in sizes]
    wanted = SMALL[source.os_type]
    return wanted if wanted in names else next(iter(names), wanted)
