"""The addresses of machines, put together from their NICs and public IP addresses."""

from calco.cli.client import Client
from calco.model.document import Document, Json, objects_at, text_at


class Addresses:
    """All NICs and public addresses of the subscription, fetched once."""

    def __init__(self, client: Client) -> None:
        network = f"{client.subscription}/providers/Microsoft.Network"
        self._nics = {_key(each): each for each in client.list(f"{network}/networkInterfaces")}
        self._publics = {_key(each): each for each in client.list(f"{network}/publicIPAddresses")}

    def row(self, machine: Document) -> dict[str, Json]:
        """``private`` and ``public``: a machine's addresses, comma-separated; None when it has none."""
        private, public = [], []
        for reference in objects_at(machine, "properties", "networkProfile", "networkInterfaces"):
            for place in objects_at(self._nics.get(_key(reference)), "properties", "ipConfigurations"):
                private.append(text_at(place, "properties", "privateIPAddress"))
                shown = self._publics.get((text_at(place, "properties", "publicIPAddress", "id") or "").lower())
                public.append(text_at(shown, "properties", "ipAddress"))
        return {"private": _joined(private), "public": _joined(public)}


def _key(resource: Document) -> str:
    return (text_at(resource, "id") or "").lower()


def _joined(found: list[str | None]) -> str | None:
    return ", ".join(each for each in found if each) or None
