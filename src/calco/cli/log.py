"""``calco log``: who asked for what, and how it ended."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from calco.cli.common import DataDirOption, Failure, Form, FormOption, GroupOption, data_dir, plain, show
from calco.model.document import Document, Json, at, text_at
from calco.system import SystemClock

if TYPE_CHECKING:
    from calco.cli.client import Client

EXAMPLES = """
Examples:

  calco log                                   what happened in the last day

  calco log -g lab --since 2h                 in one group, in the last two hours

  calco log --resource web1 --failed          what went wrong with web1, and why

  calco log --caller ana@lab --since 2026-11-01 -o json

  calco log --follow                          go on as things happen, until Ctrl-C
"""

PATH = "providers/Microsoft.Insights/eventtypes/management/values"
VERSION = "2015-04-01"
Lines = Callable[[datetime], Iterable[Document]]
"""The log's lines from a time on, oldest first."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
FOLLOW_SECONDS = 1.0
OVERLAP = timedelta(seconds=30)
"""A line is dated before it is written: what others wrote meanwhile may bear an earlier date."""
COLUMNS = {"time": "TIME", "who": "WHO", "action": "ACTION", "resource": "RESOURCE", "outcome": "OUTCOME", "why": "WHY"}

Since = Annotated[str, typer.Option("--since", metavar="WHEN", help="30m, 2h, 7d, or a date and time (UTC).")]
Named = Annotated[str | None, typer.Option("--resource", "-r", metavar="NAME", help="Only this resource: name or id.")]
By = Annotated[str | None, typer.Option("--caller", metavar="WHO", help="Only what this user, client or object did.")]
Failed = Annotated[bool, typer.Option("--failed", help="Only what was refused or failed.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Show what happens from now on as well.")]


def log(
    group: GroupOption = None,
    resource: Named = None,
    caller: By = None,
    since: Since = "1d",
    failed: Failed = False,
    follow: Follow = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Show the activity log: who asked for which change, of what, when, and how it ended; refusals too. Newest last."""
    from calco.cli.client import connect

    first = moment(since, SystemClock().now())
    client = connect(data_dir(data_dir_given))
    conditions = filters(group, resource, caller, failed=failed)
    named = None if resource is None or "/" in resource else resource.lower()

    def lines(start: datetime) -> list[Document]:
        wanted = " and ".join([f"eventTimestamp ge '{start.isoformat()}'", *conditions])
        found = client.list(f"{client.subscription}/{PATH}", **{"$filter": wanted, "api-version": VERSION})
        return [each for each in reversed(found) if named is None or _name(each).lower() == named]

    if not follow:
        found = lines(first)
        show(form, COLUMNS, [row(each) for each in found], list(found))
        return
    for line in followed(client, lines, first):
        print(json.dumps(line) if form is Form.JSON else sentence(row(line)), flush=True)


def moment(text: str, now: datetime) -> datetime:
    """``2h`` before ``now``, or the time that is spelled; UTC when it names no zone. Raises Failure."""
    ago = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    if ago is not None:
        units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
        return now - min(timedelta(**{units[ago[2]]: int(ago[1])}), now - BEGINNING)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as no_time:
        raise Failure(f"--since: {text!r} is no time", "Write 30m, 2h, 7d or 2026-11-23T09:30") from no_time
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def filters(group: str | None, resource: str | None, caller: str | None, *, failed: bool) -> Sequence[str]:
    """What is asked of the service. A resource's bare name is no condition there."""
    asked = {
        "resourceGroupName": group,
        "resourceUri": resource if resource and "/" in resource else None,
        "caller": caller,
        "status": "Failed" if failed else None,
    }
    return [f"{name} eq '{value.replace(chr(39), chr(39) * 2)}'" for name, value in asked.items() if value]


def followed(client: "Client", lines: Lines, first: datetime) -> Iterator[Document]:
    """Each line once, as it comes."""
    seen: dict[str, datetime] = {}
    while True:
        for line in lines(first):
            id, at = text_at(line, "eventDataId") or "", _time(line)
            if id not in seen:
                seen[id] = at
                yield line
        if seen:
            first = max(first, max(seen.values()) - OVERLAP)
            seen = {id: at for id, at in seen.items() if at >= first}
        client.wait(FOLLOW_SECONDS)


def row(line: Document) -> dict[str, Json]:
    """A line of the table."""
    return {
        "time": f"{_time(line):%Y-%m-%d %H:%M:%SZ}",
        "who": text_at(line, "caller"),
        "action": text_at(line, "operationName", "value"),
        "resource": _short(text_at(line, "resourceId") or ""),
        "outcome": text_at(line, "status", "value"),
        "why": _why(line),
    }


def sentence(row: dict[str, Json]) -> str:
    """A line of the table by itself: nobody knows yet how wide the next one is."""
    return "  ".join(plain(row[name]) for name in COLUMNS if row[name] is not None)


def _why(line: Document) -> str | None:
    """Why it failed, or what it warns of."""
    error, warnings = _told(line, "statusMessage"), _told(line, "warnings")
    for each in (at(error, "error"), *(warnings if isinstance(warnings, list) else ())):
        code, message = text_at(each, "code"), text_at(each, "message")
        if code is not None:
            return f"{code}: {message}"
    return None


def _told(line: Document, name: str) -> Json:
    """What a property says, which is JSON in a text."""
    try:
        told: Json = json.loads(text_at(line, "properties", name) or "null")
    except ValueError:
        return None
    return told


def _short(id: str) -> str:
    """``lab/virtualMachines/web1``: what one needs to know it again; the whole id is in the JSON."""
    words = [word for word in id.split("/") if word]
    if len(words) < 4 or words[2].lower() != "resourcegroups":
        return "/".join(words[2:] or words)
    return "/".join([words[3], *words[6:]])


def _name(line: Document) -> str:
    return (text_at(line, "resourceId") or "").rpartition("/")[2]


def _time(line: Document) -> datetime:
    try:
        return datetime.fromisoformat(text_at(line, "eventTimestamp") or "").astimezone(UTC)
    except ValueError:
        return BEGINNING
