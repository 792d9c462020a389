"""Usages and quotas of a region, of machines and of networks."""

from collections.abc import Sequence

from calco.arm.call import Answer, Call, listed
from calco.work import quota
from calco.work.quota import Usage


def list_compute(call: Call) -> Answer:
    return _listed(quota.compute(call.cloud, call.variables["location"]))


def list_network(call: Call) -> Answer:
    return _listed(quota.network(call.cloud, call.variables["location"]))


def _listed(usages: Sequence[Usage]) -> Answer:
    """Source: azure-mgmt-compute, Usage."""
    return listed(
        [
            {
                "limit": each.limit,
                "unit": "Count",
                "currentValue": each.used,
                "name": {"value": each.name, "localizedValue": each.words},
            }
            for each in usages
        ]
    )
