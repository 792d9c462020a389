"""Azure's host plugin (168.63.129.16, port 32526): what of it a machine without extensions needs.

It takes the agent's status, which is where ``vmAgent`` of the instance view comes from, and politely refuses the rest:
a 404 for ``/vmSettings`` is how an older host says that it has no fast track, and waagent then reads the wireserver.
Source: WALinuxAgent 2.7.3, protocol/hostplugin.py and protocol/wire.py.
"""

from calco.guest.exchange import Answer, Reply, Request, json_answer, not_allowed, not_found
from calco.guest.reports import read_status
from calco.model.guest import Guest


def answer(request: Request, _guest: Guest) -> Reply:
    """What the host plugin says, and the status the agent put, if it did."""
    match request.segments:
        case ["versions"]:
            # waagent looks whether its own version, 2015-09-01, is anywhere in this text.
            is_get = request.method == "GET"
            return Reply(json_answer(200, ["2015-09-01"]) if is_get else not_allowed("GET"))
        case ["health"]:
            return Reply(Answer(200) if request.method == "GET" else not_allowed("GET"))
        case ["status"]:
            return _status(request)
        case _:
            return Reply(not_found())


def _status(request: Request) -> Reply:
    if request.method != "PUT":
        return Reply(not_allowed("PUT"))
    try:
        return Reply(Answer(200), read_status(request.body, request.headers.get("user-agent", "")))
    except ValueError:
        return Reply(Answer(400))
