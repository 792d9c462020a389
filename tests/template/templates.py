"""Templates as tests write them, and a world that answers what they ask."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from calco.model.document import Document, Json
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.template import Context, Prepared, prepare

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
CONTEXT = Context(
    subscription=SUBSCRIPTION,
    tenant="22222222-2222-2222-2222-222222222222",
    group="lab",
    location="westeurope",
    deployment="first",
    now=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
    seed="operation-1",
    tags={"team": "images"},
    subscription_name="calco",
    base="https://localhost:8443",
    zones={"westeurope": ("1", "2", "3")},
)


def template(*resources: Document, **sections: Json) -> Document:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **sections}


def resource(type: str, name: str, **members: Json) -> Document:
    return {"type": type, "apiVersion": "2023-01-01", "name": name, **members}


def network(name: str, **members: Json) -> Document:
    return resource("Microsoft.Network/virtualNetworks", name, **members)


def nic(name: str, **members: Json) -> Document:
    return resource("Microsoft.Network/networkInterfaces", name, **members)


def machine(name: str, **members: Json) -> Document:
    return resource("Microsoft.Compute/virtualMachines", name, **members)


def prepared(template: Document, **parameters: Json) -> Prepared:
    return prepare(template, {name: {"value": value} for name, value in parameters.items()}, CONTEXT)


def waits(template: Document, **parameters: Json) -> dict[str, list[str]]:
    """For each item's name the names of those it waits for."""
    answer = prepared(template, **parameters)
    names = {each.id.key: each.name for each in answer.items}
    return {each.name: [names[key] for key in each.depends_on] for each in answer.items}


@dataclass
class FakeLook:
    """Answers from a table, and keeps what was asked."""

    answers: dict[str, Json] = field(default_factory=dict)
    """By the resource's name."""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def reference(self, id: ResourceId, version: str, full: bool) -> Json:
        self.asked.append((str(id), f"{version} full" if full else version))
        if id.name not in self.answers:
            raise ApiError(404, "ResourceNotFound", f"The Resource '{id.name}' was not found.")
        return self.answers[id.name]

    def list(self, id: ResourceId, verb: str, version: str, body: Document) -> Json:
        self.asked.append((str(id), f"{verb} {version} {body}"))
        return {"keys": [{"keyName": "key1", "value": f"key of {id.name}"}]}
