"""Roles: which actions they allow, and what somebody who holds some of them may do where.

What a permission names, and how, is in ``permission``. Sources: Azure, "Understand Azure role definitions" and "Azure
built-in roles" (ids, names, actions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from calco.model import permission
from calco.model import scope as scopes
from calco.model.permission import Permission


@dataclass(frozen=True)
class Role:
    """``guid`` is its name to Azure, ``title`` to people. ``assignable`` are the scopes at and below which it may be
    given to somebody."""

    guid: str
    title: str
    description: str
    permissions: tuple[Permission, ...]
    assignable: tuple[str, ...] = (scopes.TENANT,)
    built_in: bool = True

    def allows(self, action: str) -> bool:
        return permission.allow(self.permissions, action)


@dataclass(frozen=True)
class Held:
    """A role that somebody holds on a scope and all below."""

    scope: str
    role: Role


@dataclass(frozen=True)
class Rights:
    """All the roles that one caller holds."""

    held: tuple[Held, ...] = ()

    def allow(self, action: str, scope: str) -> bool:
        """Whether one of the roles allows ``action`` at ``scope``."""
        return any(scopes.covers(each.scope, scope) and each.role.allows(action) for each in self.held)

    def allow_below(self, action: str, scope: str) -> bool:
        """Whether one of the roles allows ``action`` on something below ``scope``, if not on all of it."""
        return any(scopes.is_below(each.scope, scope) and each.role.allows(action) for each in self.held)

    def at(self, scope: str) -> tuple[Permission, ...]:
        """What all the roles at ``scope`` and above permit there, each permission once."""
        here = (each.role.permissions for each in self.held if scopes.covers(each.scope, scope))
        return tuple(dict.fromkeys(chain.from_iterable(here)))

    def touch(self, scope: str) -> bool:
        """Whether there is any role at, above or below ``scope``."""
        return any(scopes.covers(each.scope, scope) or scopes.covers(scope, each.scope) for each in self.held)


OWNER = Role(
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Owner",
    "May do everything, and say who else may.",
    (Permission(("*",)),),
)
CONTRIBUTOR = Role(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    "May do everything, but not say who else may, nor lock anything.",
    (
        Permission(
            ("*",),
            (
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
                "Microsoft.Blueprint/blueprintAssignments/write",
                "Microsoft.Blueprint/blueprintAssignments/delete",
                "Microsoft.Compute/galleries/share/action",
                "Microsoft.Purview/consents/write",
                "Microsoft.Purview/consents/delete",
                "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
                "Microsoft.Subscription/cancel/action",
                "Microsoft.Subscription/enable/action",
            ),
        ),
    ),
)
READER = Role(
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Reader",
    "May look at everything and change nothing.",
    (Permission(("*/read",)),),
)
VIRTUAL_MACHINE_CONTRIBUTOR = Role(
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
    "Virtual Machine Contributor",
    "May manage machines and their disks; may use, and not manage, the networks and storage accounts they are in.",
    (
        Permission(
            (
                "Microsoft.Authorization/*/read",
                "Microsoft.Compute/availabilitySets/*",
                "Microsoft.Compute/locations/*",
                "Microsoft.Compute/virtualMachines/*",
                "Microsoft.Compute/virtualMachineScaleSets/*",
                "Microsoft.Compute/cloudServices/*",
                "Microsoft.Compute/disks/write",
                "Microsoft.Compute/disks/read",
                "Microsoft.Compute/disks/delete",
                "Microsoft.Compute/hostgroups/write",
                "Microsoft.Compute/hostgroups/hosts/write",
                "Microsoft.DevTestLab/schedules/*",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
                "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
                "Microsoft.Network/loadBalancers/inboundNatPools/join/action",
                "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
                "Microsoft.Network/loadBalancers/probes/join/action",
                "Microsoft.Network/loadBalancers/read",
                "Microsoft.Network/locations/*",
                "Microsoft.Network/networkInterfaces/*",
                "Microsoft.Network/networkSecurityGroups/join/action",
                "Microsoft.Network/networkSecurityGroups/read",
                "Microsoft.Network/publicIPAddresses/join/action",
                "Microsoft.Network/publicIPAddresses/read",
                "Microsoft.Network/virtualNetworks/read",
                "Microsoft.Network/virtualNetworks/subnets/join/action",
                "Microsoft.RecoveryServices/locations/*",
                "Microsoft.RecoveryServices/Vaults/backupFabrics/backupProtectionIntent/write",
                "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/*/read",
                "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read",
                "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write",
                "Microsoft.RecoveryServices/Vaults/backupPolicies/read",
                "Microsoft.RecoveryServices/Vaults/backupPolicies/write",
                "Microsoft.RecoveryServices/Vaults/read",
                "Microsoft.RecoveryServices/Vaults/usages/read",
                "Microsoft.RecoveryServices/Vaults/write",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.SerialConsole/serialPorts/connect/action",
                "Microsoft.SqlVirtualMachine/*",
                "Microsoft.Storage/storageAccounts/listKeys/action",
                "Microsoft.Storage/storageAccounts/read",
                "Microsoft.Support/*",
            ),
        ),
    ),
)

BUILT_IN: Mapping[str, Role] = MappingProxyType(
    {each.guid: each for each in (OWNER, CONTRIBUTOR, READER, VIRTUAL_MACHINE_CONTRIBUTOR)}
)
"""By GUID, which are Azure's own: scripts name roles by them."""

EVERYTHING = Rights((Held(scopes.TENANT, OWNER),))


@dataclass(frozen=True)
class Assignment:
    """A role given to a principal on a scope. ``name`` is a GUID, ``role`` the role's; times are RFC 3339, people are
    object ids, both as they are shown."""

    name: str
    scope: str
    role: str
    principal: str
    principal_type: str
    description: str | None = None
    created_at: str = ""
    updated_at: str = ""
    created_by: str = ""
    updated_by: str = ""

    @property
    def id(self) -> str:
        return f"{self.scope}/providers/Microsoft.Authorization/roleAssignments/{self.name}"
