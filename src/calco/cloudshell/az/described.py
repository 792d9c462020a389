"""Disks and snapshots alike: made of an object that was described in memory, changed by another or by themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import TAG, cmdlet, piped
from calco.cloudshell.az.disk_settings import FIRST, NETWORK, configured
from calco.cloudshell.az.noun import Noun, put
from calco.cloudshell.az.record import Kind, write
from calco.cloudshell.cmdlet import Call, Cmdlet, Parameter
from calco.cloudshell.values import Value

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
