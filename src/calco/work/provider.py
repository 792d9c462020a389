"""Registration of resource providers: all are registered until somebody unregisters one, which keeps new resources of
its out until it is registered again."""

from collections.abc import Iterable

from calco.model.errors import ApiError
from calco.work.cloud import Cloud
from calco.work.common import UNREGISTERED, registration_note


def is_registered(cloud: Cloud, namespace: str) -> bool:
    with cloud.records.read() as view:
        return view.note(registration_note(namespace)) != UNREGISTERED


def register(cloud: Cloud, namespace: str) -> None:
    with cloud.records.write() as tx:
        tx.put_note(registration_note(namespace), None)


def unregister(cloud: Cloud, namespace: str, types: Iterable[str]) -> None:
    """Raises ApiError while there is a resource of one of its ``types``. Source: Azure, "Azure resource providers and
    types", unregister resource provider."""
    with cloud.records.write() as tx:
        for type in types:
            left = tx.resources(type)
            if left:
                raise _in_use(namespace, str(left[0].id))
        tx.put_note(registration_note(namespace), UNREGISTERED)


def _in_use(namespace: str, resource: str) -> ApiError:
    """Ours; that it is refused is Azure's."""
    return ApiError(
        409,
        "CannotUnregisterProvider",
        f"The subscription still has resources of '{namespace}', {resource} among them. Delete them first.",
    )
