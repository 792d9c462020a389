"""The API as plans use it that take many requests, a template's deployment say: the same routes, rights, locks, rules
and log as for a request from outside, without the socket in between."""

from calco.arm import gate, reading
from calco.arm.call import Answer, Call
from calco.arm.router import Router, resource_of
from calco.arm.routes import ROUTES
from calco.model import errors
from calco.model.document import Document, without_nulls
from calco.model.ids import ResourceId
from calco.model.principal import Caller
from calco.work.cloud import Cloud, Submitted

BASE = "https://localhost"
"""Where links begin that nobody follows: a deployment knows its operations by their ids."""

NOBODY = Caller("", "", "")
"""The service itself, in tests."""


class ApiFront:
    """``work.cloud.Front``."""

    def __init__(self) -> None:
        self._router = Router(ROUTES)

    def put(self, cloud: Cloud, id: ResourceId, version: str, body: Document) -> Submitted:
        return _submitted(self._ask(cloud, "PUT", str(id), version, body))

    def get(self, cloud: Cloud, id: ResourceId, version: str) -> Document:
        return _document(self._ask(cloud, "GET", str(id), version, {}))

    def post(self, cloud: Cloud, id: ResourceId, verb: str, version: str, body: Document) -> Submitted:
        return _submitted(self._ask(cloud, "POST", f"{id}/{verb}", version, body))

    def delete(self, cloud: Cloud, id: ResourceId, version: str) -> Submitted:
        return _submitted(self._ask(cloud, "DELETE", str(id), version, {}))

    def _ask(self, cloud: Cloud, method: str, path: str, version: str, body: Document) -> Answer:
        """What the route of ``path`` answers ``cloud.cause.caller``. Raises ApiError."""
        parts = [each for each in path.split("/") if each]
        if parts[1].lower() != cloud.rules.subscription.lower():
            raise errors.subscription_not_found(parts[1])
        caller = cloud.cause.caller or NOBODY
        match = self._router.match(method, parts)
        cleaned = without_nulls(body)
        call = Call(
            cloud=cloud,
            method=method,
            path=path,
            variables=match.variables,
            query={"api-version": version},
            base=BASE,
            version=reading.api_version(version),
            tenant=caller.tenant_id,
            caller=caller,
            correlation=cloud.cause.correlation,
            resource=resource_of(match.route, match.variables, cloud.rules.subscription),
            body=cleaned if isinstance(cleaned, dict) else {},
        )
        return gate.through(match.route, call)


def _submitted(answer: Answer) -> Submitted:
    return Submitted(_document(answer), answer.operation)


def _document(answer: Answer) -> Document:
    return answer.body if isinstance(answer.body, dict) else {}
