"""Who calls: users, who sign in with a password, and service principals, who have a secret."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calco.model.secret import Secret


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


@dataclass(frozen=True)
class Principal:
    """Somebody who may sign in. ``client_id`` is a service principal's, whose secret goes with it; a user has none and
    signs in by ``name`` through a client of somebody else's (az)."""

    type: PrincipalType
    name: str
    object_id: str
    client_id: str
    created_at: datetime
    secret: Secret


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
"""Names of principals: no slash, for they stand in paths; an address (ana@example.org) will do."""
