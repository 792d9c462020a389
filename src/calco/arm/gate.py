"""What stands before every handler, whoever asks, a client or a template's deployment: may this caller do this here, is
it locked, is it still what the caller believes it is; and behind it, what the caller may see and what the log keeps.

The order matters: who may not do a thing learns nothing else about it.
"""

from dataclasses import replace

from calco.arm import activity, preconditions, rights
from calco.arm.call import Answer, Call
from calco.arm.router import Route
from calco.model.document import flag_at
from calco.model.errors import ApiError
from calco.model.operation import Cause

READS = frozenset({"GET", "HEAD"})


def through(route: Route, call: Call) -> Answer:
    """The handler's answer, if the caller may have it. Raises ApiError."""
    if route.method in READS or route.looks:
        rights.check(route, call)
        return rights.visible(route, call, route.handler(rights.with_sight(route, call)))
    cause = Cause(call.caller, route.action, call.correlation, call.cloud.cause.parent)
    call = replace(call, cloud=replace(call.cloud, cause=cause))
    silent = route.rehearses and flag_at(call.body, "validateOnly") is True
    try:
        rights.check(route, call)
        rights.check_locks(route, call)
        answer = route.handler(preconditions.guarded(route, call))
    except ApiError as refusal:
        if not silent:
            activity.refused(route, call, refusal)
        raise
    if not silent:
        activity.done(route, call, answer)
    return answer
