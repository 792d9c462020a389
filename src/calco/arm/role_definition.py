"""Not here yet."""

from calco.arm.call import Answer, Call, listed
from calco.model import errors


def put(call: Call) -> Answer:
    raise errors.not_supported(call.scope)


def get(call: Call) -> Answer:
    raise errors.not_supported(call.scope)


def delete(call: Call) -> Answer:
    raise errors.not_supported(call.scope)


def list_on(_call: Call) -> Answer:
    return listed([])


def list_built_in(_call: Call) -> Answer:
    return listed([])
