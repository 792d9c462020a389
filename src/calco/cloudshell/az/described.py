"""Disks and snapshots alike: made of an object that was described in memory, changed by another or by themselves, and
opened by a signed URL to their bytes, which is given and taken back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import TAG, Takes, cmdlet, mandatory, optional, piped
from calco.cloudshell.az.disk_settings import FIRST, NETWORK, configured
from calco.cloudshell.az.noun import STATUS, Noun, put, status
from calco.cloudshell.az.record import Kind, read, write
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Cmdlet, Parameter
from calco.cloudshell.values import Value
from calco.model.document import Document

URI = DISK["PSAccessUri"]
_BY_UPDATE, _BY_OBJECT = "DefaultParameter", "FriendMethod"


@dataclass(frozen=True)
class Described:
    """``word`` is in the cmdlets' names and names the parameter with the object; ``update`` is what a change is
    described by; ``more`` are parameters that both objects have besides, and that are members of the same name."""

    noun: Noun
    word: str
    update: Kind
    more: tuple[Parameter, ...] = ()

    @property
    def _changes(self) -> str:
        return f"{self.word}Update"

    def maker(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            if call.should(call.text(self.noun.name), "New"):
                body = write(call.record(self.word))
                yield put(call, self.noun, f"New-Az{self.word}", self.noun.path(call), body)

        return cmdlet(
            f"New-Az{self.word}",
            f"Makes a {self.noun.called}.",
            run,
            *self.noun.named(),
            piped(self.word, f"What New-Az{self.word}Config gave.", self.noun.kind.type, 2),
            output=self.noun.kind.type,
            confirms=True,
            as_job=True,
            examples=examples,
        )

    def describer(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            if call.should(self._changes, "New"):
                yield configured(call, self.update, *(each.name for each in self.more))

        return cmdlet(
            f"New-Az{self._changes}Config",
            f"Describes a change to a {self.noun.called}, to hand to Update-Az{self.word}.",
            run,
            *FIRST,
            replace(TAG, position=3),
            *NETWORK,
            *self.more,
            output=self.update.type,
            confirms=True,
            examples=examples,
        )

    def changer(self, examples: Mapping[str, str]) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            name, where, verb = call.text(self.noun.name), self.noun.path(call), f"Update-Az{self.word}"
            if not call.should(name, "Update"):
                return
            if call.given(self._changes):
                body = write(call.record(self._changes))
                yield self.noun.read(change(call, f"{verb} {name}", "PATCH", where, body).document)
            else:
                yield put(call, self.noun, verb, where, write(call.record(self.word)))

        return cmdlet(
            f"Update-Az{self.word}",
            f"Changes a {self.noun.called}.",
            run,
            *self.noun.named(),
            piped(self._changes, f"What New-Az{self._changes}Config gave.", self.update.type, 2, sets=_BY_UPDATE),
            piped(self.word, f"The {self.noun.called}, changed.", self.noun.kind.type, 2, sets=_BY_OBJECT),
            default_set=_BY_UPDATE,
            output=self.noun.kind.type,
            confirms=True,
            as_job=True,
            examples=examples,
        )

    def granter(self, *, writable: bool) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            name = call.text(self.noun.name)
            body: Document = {"access": call.text("Access")}
            seconds = call.number("DurationInSecond")
            if seconds is not None:
                body["durationInSeconds"] = seconds
            if call.should(name, "Grant"):
                where = f"{self.noun.path(call)}/beginGetAccess"
                yield read(URI, change(call, f"Grant-Az{self.word}Access {name}", "POST", where, body).document)

        return cmdlet(
            f"Grant-Az{self.word}Access",
            f"Gives a signed URL to the bytes of a {self.noun.called}.",
            run,
            *self.noun.named(),
            mandatory("Access", "What the URL is good for.", 2, choices="Read Write" if writable else "Read"),
            optional("DurationInSecond", "For how many seconds it is good.", 3, Takes.INT),
            output=URI.type,
            confirms=True,
            as_job=True,
            examples={
                "A URL to read it for an hour.": f"Grant-Az{self.word}Access {self._one} -Access Read "
                "-DurationInSecond 3600"
            },
        )

    def revoker(self) -> Cmdlet:
        def run(call: Call) -> Iterable[Value]:
            name = call.text(self.noun.name)
            if call.should(name, "Revoke"):
                where = f"{self.noun.path(call)}/endGetAccess"
                yield status(change(call, f"Revoke-Az{self.word}Access {name}", "POST", where))

        return cmdlet(
            f"Revoke-Az{self.word}Access",
            f"Takes back the signed URL to the bytes of a {self.noun.called}.",
            run,
            *self.noun.named(),
            output=STATUS,
            confirms=True,
            as_job=True,
            examples={"The URL is good for nothing any more.": f"Revoke-Az{self.word}Access {self._one}"},
        )

    @property
    def _one(self) -> str:
        return f"-ResourceGroupName lab -{self.noun.name} {self.noun.called}1"
