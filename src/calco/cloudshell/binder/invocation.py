"""One invocation of a cmdlet with its parameters bound: the ``cmdlet.Call`` that its function gets.

Source: Microsoft Learn, about_CommonParameters and about_Preference_Variables; "Requesting confirmation from cmdlets";
the questions are worded as PowerShell 7 words them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from calco.cloudshell.binder.common import SILENT
from calco.cloudshell.cmdlet import Cmdlet, Shell
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.host import NobodyToAsk
from calco.cloudshell.objects.error_record import error_record
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Hashtable, Names, Record, Value

NON_INTERACTIVE = "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."


_ALL = '[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [?] Help (default is "Y"): '
_ONE = '[Y] Yes  [N] No  [?] Help (default is "Y"): '
_HELP_ONE = "Y - Go on.\nN - Leave this one out."
_HELP = f"{_HELP_ONE}\nA - Go on, with all that follow too.\nL - Leave this one out, and all that follow."
_ANSWERS = MappingProxyType(
    {**dict.fromkeys(("", "y", "yes", "a", "yes to all"), True), **dict.fromkeys(("n", "no", "l", "no to all"), False)}
)


@dataclass
class Remembered:
    """What a person answered for all that comes."""

    answer: bool | None = None


@dataclass
class Invocation:
    """``values``: by parameter, converted. ``remembered`` is shared by the invocations of one command."""

    command: Cmdlet
    shell: Shell
    at: Place
    set: str
    values: Mapping[str, Value]
    input: Iterator[Value]
    remembered: Remembered = field(default_factory=Remembered)

    def __post_init__(self) -> None:
        self._named = Names(self.values.items())

    def given(self, name: str) -> bool:
        return name in self._named

    def value(self, name: str) -> Value:
        return self._named.get(name)

    def text(self, name: str) -> str:
        value = self.value(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        value = self.value(name)
        return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]

    def number(self, name: str) -> int | None:
        value = self.value(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def switch(self, name: str) -> bool:
        return self.value(name) is True

    def table(self, name: str) -> Hashtable:
        value = self.value(name)
        return value if isinstance(value, Hashtable) else Hashtable()

    def record(self, name: str) -> Record:
        value = self.value(name)
        if not isinstance(value, Record):
            raise Terminating(self._placed(Fault(f"Cannot bind argument to parameter '{name}' because it is null.")))
        return value

    def common(self, name: str) -> Value:
        """Of the common parameter ``name``; None where the command has one of its own that is called so."""
        own = any(each.name.casefold() == name.casefold() for each in self.command.parameters)
        return None if own else self.value(name)

    def common_text(self, name: str) -> str:
        """The same, where it is a text; else ""."""
        value = self.common(name)
        return value if isinstance(value, str) else ""

    def should(self, target: str, action: str) -> bool:
        doing = f'Performing the operation "{action}" on target "{target}".'
        if self._either("WhatIf", self.shell.variable("WhatIfPreference") is True):
            self.shell.host.write(f"What if: {doing}")
            return False
        if self._confirms() and not self._sure(doing):
            return False
        self.verbose(doing)
        return True

    def agreed(self, question: str) -> bool:
        if self.switch("Force") or self.common("Confirm") is False:
            return True
        return self._ask(question.split("\n"), _ONE)

    def error(self, fault: Fault) -> None:
        placed = self._placed(fault)
        action = self.common_text("ErrorAction") or self._preference("ErrorActionPreference", "Continue")
        if action.casefold() == "inquire":
            action = "Continue" if self._ask(["Confirm", placed.message], _ALL) else "Stop"
        if action.casefold() == "stop":
            raise Terminating(placed, stopping=True)
        if action.casefold() != "ignore":
            self.shell.report(placed, shown=action.casefold() != "silentlycontinue")
        self.add("ErrorVariable", error_record(placed))

    def warn(self, text: str) -> None:
        action = self.common_text("WarningAction") or self._preference("WarningPreference", "Continue")
        self.add("WarningVariable", text)
        if action not in SILENT:
            self.shell.host.warning(text)
        if action == "Stop":
            stopped = (
                'The running command stopped because the preference variable "WarningPreference" or common parameter '
                f"is set to Stop: {text}"
            )
            raise Terminating(self._placed(Fault(stopped, id="ActionPreferenceStop")), stopping=True)

    def verbose(self, text: str) -> None:
        wanted = self._preference("VerbosePreference", "SilentlyContinue") not in SILENT
        if self._either("Verbose", wanted):
            self.shell.host.verbose(text)

    def preferences(self) -> Mapping[str, Value]:
        told: dict[str, Value] = {
            "ErrorActionPreference": self.common("ErrorAction"),
            "WarningPreference": self.common("WarningAction"),
            "InformationPreference": self.common("InformationAction"),
            "ProgressPreference": self.common("ProgressAction"),
            "WhatIfPreference": self.common("WhatIf"),
        }
        if (verbose := self.common("Verbose")) is not None:
            told["VerbosePreference"] = "Continue" if verbose else "SilentlyContinue"
        if (confirm := self.common("Confirm")) is not None:
            told["ConfirmPreference"] = "Low" if confirm else "None"
        return {name: value for name, value in told.items() if value not in (None, "")}

    def _placed(self, fault: Fault) -> Fault:
        return fault.placed(self.at, self.command.name)

    def _preference(self, name: str, otherwise: str) -> str:
        value = self.shell.variable(name)
        return value if isinstance(value, str) and value else otherwise

    def _either(self, name: str, otherwise: bool) -> bool:
        value = self.common(name)
        return otherwise if value is None else value is True

    def _confirms(self) -> bool:
        return self._either("Confirm", self._preference("ConfirmPreference", "High") in ("Low", "Medium"))

    def _sure(self, doing: str) -> bool:
        if self.remembered.answer is not None:
            return self.remembered.answer
        return self._ask(["Confirm", "Are you sure you want to perform this action?", doing], _ALL)

    def _ask(self, lines: Sequence[str], choices: str) -> bool:
        """One of PowerShell's questions; "A" and "L" answer those to come as well."""
        self.shell.host.write("\n".join(("", *lines)))
        while True:
            try:
                answer = self.shell.host.ask(choices).strip().casefold()
            except NobodyToAsk as nobody:
                fault = Fault(NON_INTERACTIVE, id="InvalidOperation", category="InvalidOperation")
                raise Terminating(self._placed(fault)) from nobody
            said = _ANSWERS.get(answer)
            if said is None:
                if answer == "?":
                    self.shell.host.write(_HELP if choices is _ALL else _HELP_ONE)
                continue
            if choices is _ALL and (answer in ("a", "l") or "all" in answer):
                self.remembered.answer = said
            return said

    def add(self, parameter: str, value: Value) -> None:
        """To the variable that ``parameter`` names, if it was given. The variable was emptied when the command began,
        unless it is "+NAME"."""
        name = self.common_text(parameter).removeprefix("+")
        if name:
            held = self.shell.variable(name)
            kept = held if isinstance(held, list) else [] if held is None else [held]
            self.shell.set_variable(name, [*kept, value])
