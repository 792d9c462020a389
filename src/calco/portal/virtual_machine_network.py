"""Where machines are reached: their NICs and public IP addresses, put together."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from calco.model.delete_option import DeleteOption
from calco.model.document import Document, flag_at, object_at, objects_at, text_at
from calco.portal.api import Api

NETWORK = "providers/Microsoft.Network"


@dataclass(frozen=True)
class Nic:
    """One network interface of a machine. What is not there, or may not be seen, is empty."""

    id: str
    leaves: bool
    """Whether it goes when the machine goes."""
    private: str = ""
    public: str = ""
    public_id: str = ""
    public_leaves: bool = False
    """Whether its public address goes when the machine goes."""
    subnet_id: str = ""
    mac: str = ""
    security_group_id: str = ""

    @property
    def network(self) -> str:
        """The virtual network and the subnet, ``net/default``."""
        parts = self.subnet_id.split("/")
        return f"{parts[-3]}/{parts[-1]}" if len(parts) > 3 else ""


def addresses(nics: Iterable[Nic]) -> tuple[str, str]:
    """Private and public ones, comma-separated."""
    found = list(nics)
    private = ", ".join(each.private for each in found if each.private)
    return private, ", ".join(each.public for each in found if each.public)


async def nics_of(api: Api, machine: Document) -> list[Nic]:
    """The machine's NICs, the primary one first; a few requests. Raises Refused when the session is over."""
    references = _references(machine)
    shown = await asyncio.gather(*(api.find(text_at(each, "id") or "") for each in references))
    nics = [_nic(reference, found or {}) for reference, found in zip(references, shown, strict=True)]
    publics = await asyncio.gather(*(api.find(each.public_id) if each.public_id else _nothing() for each in nics))
    return [_with_public(nic, public or {}) for nic, public in zip(nics, publics, strict=True)]


class Addresses:
    """Those of many machines, from two lists."""

    def __init__(self, nics: Iterable[Document], publics: Iterable[Document]) -> None:
        self._nics: Mapping[str, Document] = {_key(each): each for each in nics}
        self._publics: Mapping[str, Document] = {_key(each): each for each in publics}

    def of(self, machine: Document) -> tuple[str, str]:
        nics = [_nic(each, self._nics.get(_key(each), {})) for each in _references(machine)]
        return addresses(_with_public(each, self._publics.get(each.public_id.lower(), {})) for each in nics)


async def every_address(api: Api) -> Addresses:
    """What may be seen of the whole subscription's."""
    kinds = ("networkInterfaces", "publicIPAddresses")
    nics, publics = await asyncio.gather(*(api.seen(f"{api.subscription}/{NETWORK}/{kind}") for kind in kinds))
    return Addresses(nics, publics)


async def _nothing() -> None:
    return None


def _key(resource: Document) -> str:
    return (text_at(resource, "id") or "").lower()


def _references(machine: Document) -> list[Document]:
    named = objects_at(machine, "properties", "networkProfile", "networkInterfaces")
    return sorted(named, key=lambda each: flag_at(each, "properties", "primary") is not True)


def _nic(reference: Document, nic: Document) -> Nic:
    properties = object_at(nic, "properties")
    places = objects_at(properties, "ipConfigurations")
    first = object_at(places[0], "properties") if places else {}
    public = object_at(first, "publicIPAddress")
    return Nic(
        id=text_at(reference, "id") or "",
        leaves=text_at(reference, "properties", "deleteOption") == DeleteOption.DELETE,
        private=text_at(first, "privateIPAddress") or "",
        public_id=text_at(public, "id") or "",
        public_leaves=text_at(public, "properties", "deleteOption") == DeleteOption.DELETE,
        subnet_id=text_at(first, "subnet", "id") or "",
        mac=text_at(properties, "macAddress") or "",
        security_group_id=text_at(properties, "networkSecurityGroup", "id") or "",
    )


def _with_public(nic: Nic, public: Document) -> Nic:
    address = text_at(public, "properties", "ipAddress") or ""
    return replace(nic, public=address) if address else nic
