"""The world as a template's ``reference()`` and ``list*()`` see it: through the API, with the deploying caller's
rights."""

from dataclasses import dataclass

from calco.model.document import Document, Json
from calco.model.ids import ResourceId
from calco.work.cloud import Cloud

ANY_VERSION = "2024-11-01"
"""Where a template leaves it open."""
NOT_IN_FULL = ("id", "name", "type", "etag")
"""Members that ``reference(..., 'Full')`` does not have. Source: Azure, "reference", its full object."""


@dataclass(frozen=True)
class Sight:
    """``template.Look``. ``cloud.cause`` says who looks."""

    cloud: Cloud

    def reference(self, id: ResourceId, version: str, full: bool) -> Json:
        version = version or ANY_VERSION
        shown = self.cloud.front.get(self.cloud, id, version)
        if not full:
            return shown.get("properties", {})
        return {
            "apiVersion": version,
            **{name: each for name, each in shown.items() if name not in NOT_IN_FULL},
            "subscriptionId": id.subscription,
            "resourceGroupName": id.group,
            "resourceId": f"{id.type}/{'/'.join(id.names)}",
        }

    def list(self, id: ResourceId, verb: str, version: str, body: Document) -> Json:
        return self.cloud.front.post(self.cloud, id, verb, version or ANY_VERSION, body).body
