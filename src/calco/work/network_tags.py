"""A PATCH of anything of the network's changes its tags and nothing else. Source: Azure REST, "Update Tags"."""

from collections.abc import Mapping
from dataclasses import replace

from calco.model.ids import ResourceId
from calco.model.operation import Claim
from calco.ports import Resource
from calco.work.cloud import Cloud
from calco.work.common import check_free, found


def patch(cloud: Cloud, id: ResourceId, tags: Mapping[str, str] | None) -> Resource:
    """The resource with those tags; None leaves them as they are."""
    with cloud.records.write() as tx:
        there = found(tx, id)
        check_free(tx, (Claim(id),))
        changed = there if tags is None else replace(there, tags=tags)
        tx.put(changed)
    return changed
