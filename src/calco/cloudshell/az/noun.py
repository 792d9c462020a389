"""A kind of resource, as its cmdlets share it: where it lies, what names it, and the verbs that are the same for all.

Get takes group and name, either with wildcards or left out; Remove asks first. What differs between Az's modules (does
a name go by position, what does a removal answer) is a column of the noun.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from calco.cloudshell.api import Ended
from calco.cloudshell.az.answer import change
from calco.cloudshell.az.record import Kind, members, parse_time, read
from calco.cloudshell.az.target import argument, found, id_of, parsed, path, tags
from calco.cloudshell.cmdlet import Call, Cmdlet, Column, Example, Parameter, View
from calco.cloudshell.cmdlet import Kind as Takes
from calco.cloudshell.values import Hashtable, Record, Value
from calco.model.document import Document

STATUS = "Microsoft.Azure.Commands.Compute.Automation.Models.PSOperationStatusResponse"
STATUS_VIEW = View(STATUS, tuple(Column(each, each) for each in ("Name", "StartTime", "EndTime", "Status", "Error")))


@dataclass(frozen=True)
class Noun:
    """``called`` is the word of the help texts; ``name`` the parameter that has its name; ``positional``: group and
    name go by position 0 and 1, as in Az.Compute and Az.Storage."""

    type: str
    kind: Kind
    called: str
    completes: str
    name: str = "Name"
    aliases: tuple[str, ...] = ()
    positional: bool = False
    module: str = "Az.Compute"
    sort: Callable[[Document], Document] = lambda document: document
    """What is done to a document before it is read."""

    def path(self, call: Call) -> str:
        """Where the one lies that group and name say. Raises Terminating."""
        return path(call.shell.api, call.text("ResourceGroupName"), self.type, call.text(self.name))

    def read(self, document: Document) -> Record:
        return read(self.kind, self.sort(document))

    def named(self, *, mandatory: bool = True, sets: tuple[str, ...] = ()) -> tuple[Parameter, Parameter]:
        """The two parameters that name one."""
        group = Parameter(
            "ResourceGroupName",
            help=f"The resource group of the {self.called}.",
            sets=sets,
            mandatory=mandatory,
            position=0 if self.positional else None,
            from_name=True,
            completes="resourceGroups",
        )
        name = Parameter(
            self.name,
            help=f"The name of the {self.called}." if mandatory else f"The name of the {self.called}, or a pattern.",
            sets=sets,
            mandatory=mandatory,
            position=1 if self.positional else None,
            aliases=self.aliases,
            from_name=True,
            completes=self.completes,
        )
        return group, name


LOCATION = Parameter("Location", help="The region.", from_name=True, completes="locations")
TAG = Parameter("Tag", Takes.HASHTABLE, 'Tags, as a table: @{team="lab"}.', from_name=True)
FORCE = Parameter("Force", Takes.SWITCH, "Do it without asking.")
PASS_THRU = Parameter("PassThru", Takes.SWITCH, "Give $true when it is done; else nothing is given.")


def switch(name: str, help: str, *sets: str) -> Parameter:
    return Parameter(name, Takes.SWITCH, help, sets)


def getter(noun: Noun, cmdlet: str, synopsis: str, *examples: Example, more: tuple[Parameter, ...] = ()) -> Cmdlet:
    """A Get that reads one, those of a group, or all; ``more`` may have a ResourceId, which names one as well."""

    def run(call: Call) -> Iterable[Value]:
        if call.given("ResourceId"):
            yield noun.read(call.shell.api.get(str(parsed(call.text("ResourceId"), noun.type))))
            return
        for each in found(call, noun.type, call.text("ResourceGroupName"), call.text(noun.name)):
            yield noun.read(each)

    return Cmdlet(
        cmdlet,
        synopsis,
        run,
        (*noun.named(mandatory=False), *more),
        output=noun.kind.type,
        module=noun.module,
        examples=examples,
    )


def remover(
    noun: Noun,
    cmdlet: str,
    synopsis: str,
    *examples: Example,
    question: str,
    action: str = "Remove",
    gives: Callable[[Call, Ended], Iterable[Value]] = lambda _call, _ended: (),
    more: tuple[Parameter, ...] = (FORCE,),
    output: str = "",
    as_job: bool = True,
) -> Cmdlet:
    """A Remove that asks ``question`` ({} is the name) and shows its progress."""

    def run(call: Call) -> Iterable[Value]:
        name, where = call.text(noun.name), noun.path(call)
        if call.should(name, action) and call.agreed(question.format(name)):
            yield from gives(call, change(call, f"{cmdlet} {name}", "DELETE", where))

    parameters = (*noun.named(), *more)
    return Cmdlet(
        cmdlet, synopsis, run, parameters, output=output, module=noun.module, confirms=True, as_job=as_job,
        examples=examples,
    )  # fmt: skip


def put(call: Call, noun: Noun, verb: str, where: str, body: Document) -> Record:
    """Make it or change it, and give it as it then is."""
    name = where.rpartition("/")[2]
    return noun.read(change(call, f"{verb} {name}", "PUT", where, body).document)


def may_make(call: Call, where: str) -> bool:
    """Whether to make what lies at ``where``; asked of the person when there is one already. Source: Az.Network's New
    cmdlets."""
    name = where.rpartition("/")[2]
    if not call.should(name, "Creating Resource"):
        return False
    if call.switch("Force") or call.shell.api.find(where) is None:
        return True
    return call.agreed(f"Are you sure you want to overwrite resource '{name}'")


def utc(moment: datetime) -> datetime:
    """Raises Terminating for a time at the end of all times, which has no other zone."""
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise argument(f"{moment:%Y-%m-%d} is too near the end of all times.") from None


def later(moment: datetime, span: timedelta) -> datetime:
    """``moment`` and ``span`` together, in UTC. Raises Terminating."""
    try:
        return utc(moment) + span
    except OverflowError:
        raise argument(f"{moment:%Y-%m-%d} is too near the end of all times.") from None


def tag_table(call: Call) -> Hashtable | None:
    """What -Tag says, as an object's member."""
    given = tags(call)
    return None if given is None else Hashtable.of(given)


def reference(call: Call, noun_type: str, object: str, id: str) -> str | None:
    """The id that a pair of parameters names, one with an object and one with an id; None when neither was given.
    Raises Terminating when it is of another type."""
    if call.given(object) and call.value(object) is not None:
        return str(parsed(id_of(call.record(object)), noun_type))
    return str(parsed(call.text(id), noun_type)) if call.given(id) and call.text(id) else None


def status(ended: Ended) -> Record:
    """How a change of Az.Compute's newer cmdlets ended. Source: Azure/azure-powershell, PSOperationStatusResponse."""
    told: dict[str, Value] = {
        "Name": ended.operation_id or None,
        "StartTime": parse_time(ended.started),
        "EndTime": parse_time(ended.ended),
        "Status": ended.status,
        "Error": None,
    }
    return Record.of(STATUS, told)


def list_view(kind: Kind) -> View:
    """All members, one to a line."""
    return View(kind.type, tuple(Column(each.name, each.name) for each in members(kind.shape)))
