"""An API with people: an owner, and others who hold what they are given. A token is its bearer's name."""

from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_OID, uuid5

import httpx

from calco.identity.errors import bad_token, no_token
from calco.model.document import Document, Json
from calco.model.principal import Caller, PrincipalType
from calco.model.role import BUILT_IN
from calco.work import principal
from tests.arm.api import SUB, TENANT, Api
from tests.world import World

OWNER_ID = "0a0a0a0a-0000-4000-8000-000000000001"
AUTHORIZATION = "providers/Microsoft.Authorization"
ROLES = {each.title: each.guid for each in BUILT_IN.values()}


def guid(name: str) -> str:
    return str(uuid5(NAMESPACE_OID, name))


@dataclass
class People:
    """Everything before the first person comes is the owner's doing."""

    world: World
    callers: dict[str, Caller] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.cloud = replace(self.world.cloud, rules=replace(self.world.cloud.rules, owner=OWNER_ID))
        self.callers["good"] = Caller(OWNER_ID, "c0c0c0c0-0000-4000-8000-000000000001", TENANT)
        self.api = Api(self.world, check=self.check)

    def check(self, header: str | None, _authority: str) -> Caller:
        if header is None:
            raise no_token()
        caller = self.callers.get(header.removeprefix("Bearer "))
        if caller is None:
            raise bad_token()
        return caller

    def comes(self, name: str) -> str:
        """A service principal of that name; its object id."""
        made = principal.create(self.world.cloud, PrincipalType.SERVICE_PRINCIPAL, name).principal
        self.callers[name] = Caller(made.object_id, made.client_id, TENANT)
        return made.object_id

    def with_role(self, name: str, role: str, scope: str) -> "People":
        """Somebody new who holds a role, by title or GUID, on a scope."""
        self.give(self.comes(name), role, scope)
        return self

    def give(self, object_id: str, role: str, scope: str) -> str:
        """The id of the new assignment."""
        path = f"{scope}/{AUTHORIZATION}/roleAssignments/{guid(object_id + role + scope)}"
        self.api.put(path, assignment(object_id, role))
        return path

    def role(self, title: str, *actions: str, scopes: tuple[str, ...] = (SUB,), but: tuple[str, ...] = ()) -> str:
        """A role somebody wrote; its GUID."""
        self.api.put(f"{SUB}/{AUTHORIZATION}/roleDefinitions/{guid(title)}", definition(title, actions, scopes, but))
        return guid(title)

    def ask(self, name: str, method: str, path: str, body: object = None) -> httpx.Response:
        return self.api.call(method, path, body, headers={"Authorization": f"Bearer {name}"})

    def sees(self, name: str, path: str) -> list[str]:
        """The names of what a list shows."""
        answer = self.ask(name, "GET", path)
        assert answer.status_code == 200, answer.text
        return [each["name"] for each in answer.json()["value"]]


def assignment(object_id: str, role: str) -> Document:
    id = f"{SUB}/{AUTHORIZATION}/roleDefinitions/{ROLES.get(role, role)}"
    return {"properties": {"roleDefinitionId": id, "principalId": object_id, "principalType": "ServicePrincipal"}}


def definition(title: str, actions: tuple[str, ...], scopes: tuple[str, ...], but: tuple[str, ...] = ()) -> Document:
    permissions: list[Json] = [{"actions": list(actions), "notActions": list(but)}]
    return {"properties": {"roleName": title, "permissions": permissions, "assignableScopes": list(scopes)}}


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """The refusal's sentence."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    error = answer.json()["error"]
    assert error["code"] == code
    message: str = error["message"]
    return message
