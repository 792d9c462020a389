"""Who calls: users, who sign in with a password, and service principals, who have a secret."""

from dataclasses import dataclass
from enum import StrEnum


class PrincipalType(StrEnum):
    """As role assignments spell it. Source: Microsoft.Authorization, ``principalType``."""

    USER = "User"
    SERVICE_PRINCIPAL = "ServicePrincipal"


@dataclass(frozen=True)
class Caller:
    """Who calls, as the token says. Ids are GUIDs in lower case; ``name`` is a user's sign-in name, empty for a service
    principal, who is known by ``client_id``."""

    object_id: str
    client_id: str
    tenant_id: str
    name: str = ""
    type: PrincipalType = PrincipalType.SERVICE_PRINCIPAL

    @property
    def shown(self) -> str:
        """As refusals and the activity log name the caller."""
        return self.name or self.client_id
