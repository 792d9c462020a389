"""The parameters that every cmdlet has, and what was given of them.

Source: Microsoft Learn, about_CommonParameters; about_Preference_Variables for what holds when nothing was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from calco.cloudshell.cmdlet import Cmdlet, Kind, Parameter
from calco.cloudshell.values import Value

ACTIONS = ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore")

COMMON: tuple[Parameter, ...] = (
    Parameter("Verbose", Kind.SWITCH, "Tell what is being done.", aliases=("vb",)),
    Parameter("Debug", Kind.SWITCH, "Show what Write-Debug says.", aliases=("db",)),
    Parameter("ErrorAction", help="What an error does.", aliases=("ea",), choices=ACTIONS),
    Parameter("WarningAction", help="What a warning does.", aliases=("wa",), choices=ACTIONS),
    Parameter("InformationAction", help="What Write-Information does.", aliases=("infa",), choices=ACTIONS),
    Parameter("ProgressAction", help="Whether progress is shown.", aliases=("proga",), choices=ACTIONS),
    Parameter("ErrorVariable", help="The variable that takes the errors; +NAME adds to it.", aliases=("ev",)),
    Parameter("WarningVariable", help="The variable that takes the warnings.", aliases=("wv",)),
    Parameter("OutVariable", help="The variable that takes the output as well.", aliases=("ov",)),
)
RISK: tuple[Parameter, ...] = (
    Parameter("WhatIf", Kind.SWITCH, "Tell what would be done, and do nothing.", aliases=("wi",)),
    Parameter("Confirm", Kind.SWITCH, "Ask before anything is done; -Confirm:$false asks nothing.", aliases=("cf",)),
)
JOB: tuple[Parameter, ...] = (Parameter("AsJob", Kind.SWITCH, "Do it in the background, and give a job at once."),)
_MODELS = "Microsoft.Azure.Commands.Profile.Models.Core."
PROFILE: tuple[Parameter, ...] = (
    Parameter(
        "DefaultProfile",
        Kind.RECORD,
        "The session's own context, as scripts for Azure Automation give it; one of another subscription is refused.",
        aliases=("AzContext", "AzureRmContext", "AzureCredential"),
        accepts=(f"{_MODELS}PSAzureContext", f"{_MODELS}PSAzureProfile"),
    ),
)
NAMES = frozenset(each.name for each in (*COMMON, *RISK, *PROFILE))
SILENT = frozenset({"SilentlyContinue", "Ignore"})


@dataclass(frozen=True)
class Common:
    """What was given of them. None and "" where nothing was."""

    verbose: bool | None = None
    error_action: str = ""
    warning_action: str = ""
    information_action: str = ""
    progress_action: str = ""
    error_variable: str = ""
    warning_variable: str = ""
    out_variable: str = ""
    what_if: bool | None = None
    confirm: bool | None = None
    as_job: bool = False

    def preferences(self) -> dict[str, Value]:
        """What they make of the preference variables of a function that was given them."""
        told: dict[str, Value] = {
            "ErrorActionPreference": self.error_action,
            "WarningPreference": self.warning_action,
            "InformationPreference": self.information_action,
            "ProgressPreference": self.progress_action,
            "VerbosePreference": _either(self.verbose, "Continue", "SilentlyContinue"),
            "ConfirmPreference": _either(self.confirm, "Low", "None"),
        }
        risk: dict[str, Value] = {} if self.what_if is None else {"WhatIfPreference": self.what_if}
        return {**{name: value for name, value in told.items() if value}, **risk}

    @staticmethod
    def of(values: Mapping[str, Value]) -> "Common":
        """``values`` by the names of parameters, already converted."""

        def text(name: str) -> str:
            value = values.get(name)
            return value if isinstance(value, str) else ""

        def flag(name: str) -> bool | None:
            value = values.get(name)
            return value if isinstance(value, bool) else None

        return Common(
            flag("Verbose"),
            text("ErrorAction"),
            text("WarningAction"),
            text("InformationAction"),
            text("ProgressAction"),
            text("ErrorVariable"),
            text("WarningVariable"),
            text("OutVariable"),
            flag("WhatIf"),
            flag("Confirm"),
            flag("AsJob") is True,
        )


def _either(flag: bool | None, yes: str, no: str) -> str:
    return "" if flag is None else yes if flag else no


def is_azures(command: Cmdlet) -> bool:
    return command.module.startswith("Az.")


def parameters_of(command: Cmdlet) -> tuple[Parameter, ...]:
    """All that ``command`` takes: its own, then the common ones, each name once."""
    own = {each.name.casefold() for each in command.parameters}
    more = (
        *COMMON,
        *(RISK if command.confirms else ()),
        *(JOB if command.as_job else ()),
        *(PROFILE if is_azures(command) else ()),
    )
    return (*command.parameters, *(each for each in more if each.name.casefold() not in own))
