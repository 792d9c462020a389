"""A kind of resource, as its cmdlets share it: where it lies, what names it, and the verbs that are the same for all.

Get takes group and name, either with wildcards or left out; Remove asks first. What differs between Az's modules is
told: whether a name goes by position is a column of the noun, what a removal answers an argument of its ``remover``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from calco.cloudshell.api import Ended
from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import FORCE, cmdlet, columns, plain
from calco.cloudshell.az.record import Kind, members, parse_time, read
from calco.cloudshell.az.target import argument, found, parsed, path
from calco.cloudshell.cmdlet import Call, Cmdlet, Column, Parameter, View
from calco.cloudshell.values import Record, Value
from calco.model.document import Document

STATUS = "Microsoft.Azure.Commands.Compute.Automation.Models.PSOperationStatusResponse"
STATUS_VIEW = View(STATUS, columns("Name StartTime EndTime Status Error"))
Gives = Callable[[Call, Ended], Iterable[Value]]


@dataclass(frozen=True)
class Noun:
    """``called`` is the word of the help texts; ``name`` the parameter that has its name, ``aliases`` what else that is
    called; ``positional``: group and name go by position 0 and 1, as in Az.Compute and Az.Storage."""

    type: str
    kind: Kind
    called: str
    name: str = "Name"
    aliases: str = ""
    positional: bool = False
    sort: Callable[[Document], Document] = lambda document: document
    """What is done to a document before it is read."""

    def path(self, call: Call) -> str:
        """Where the one lies that group and name say. Raises Terminating."""
        return path(call.shell.api, call.text("ResourceGroupName"), self.type, call.text(self.name))

    def read(self, document: Document) -> Record:
        return read(self.kind, self.sort(document))

    def named(self, *, mandatory: bool = True, sets: str = "") -> tuple[Parameter, Parameter]:
        """The two parameters that name one."""
        group = plain(
            "ResourceGroupName", f"The resource group of the {self.called}.", 0 if self.positional else None,
            mandatory=mandatory, from_name=True, sets=sets, completes="resourceGroups",
        )  # fmt: skip
        name = plain(
            self.name, f"The name of the {self.called}{'' if mandatory else ', or a pattern'}.",
            1 if self.positional else None, mandatory=mandatory, from_name=True, sets=sets, aliases=self.aliases,
            completes=self.type.rpartition("/")[2],
        )  # fmt: skip
        return group, name

    def getter(self, name: str, synopsis: str, examples: Mapping[str, str], *more: Parameter) -> Cmdlet:
        """A Get that reads one, those of a group, or all; ``more`` may have a ResourceId, which names one as well."""

        def run(call: Call) -> Iterable[Value]:
            if call.given("ResourceId"):
                yield self.read(call.shell.api.get(str(parsed(call.text("ResourceId"), self.type))))
                return
            for each in found(call, self.type, call.text("ResourceGroupName"), call.text(self.name)):
                yield self.read(each)

        parameters = (*self.named(mandatory=False), *more)
        return cmdlet(name, synopsis, run, *parameters, output=self.kind.type, examples=examples)

    def remover(
        self,
        name: str,
        synopsis: str,
        examples: Mapping[str, str],
        *more: Parameter,
        question: str,
        action: str = "Remove",
        gives: Gives = lambda _call, _ended: (),
        output: str = "",
    ) -> Cmdlet:
        """A Remove that asks ``question`` ({} is the name) and shows its progress."""

        def run(call: Call) -> Iterable[Value]:
            named, where = call.text(self.name), self.path(call)
            if call.should(named, action) and call.agreed(question.format(named)):
                yield from gives(call, change(call, f"{name} {named}", "DELETE", where))

        parameters = (*self.named(), FORCE, *more)
        return cmdlet(
            name, synopsis, run, *parameters, output=output, confirms=True, as_job=True, examples=examples
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
