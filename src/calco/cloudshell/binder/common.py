"""The parameters that every cmdlet has.

Source: Microsoft Learn, about_CommonParameters; about_Preference_Variables for what holds when nothing was given.
"""

from calco.cloudshell.cmdlet import Cmdlet, Kind, Parameter

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


def is_azures(command: Cmdlet) -> bool:
    return command.module.startswith("Az.")


def own_parameters(command: Cmdlet) -> tuple[Parameter, ...]:
    """Those of ``command``, with -AsJob, -DefaultProfile, -WhatIf and -Confirm where it has them."""
    return _with(
        command.parameters,
        *(JOB if command.as_job else ()),
        *(PROFILE if is_azures(command) else ()),
        *(RISK if command.confirms else ()),
    )


def parameters_of(command: Cmdlet) -> tuple[Parameter, ...]:
    """All that ``command`` takes: its own, then the common ones."""
    return _with(own_parameters(command), *(COMMON if command.common else ()))


def _with(own: tuple[Parameter, ...], *more: Parameter) -> tuple[Parameter, ...]:
    """Each name once."""
    named = {each.name.casefold() for each in own}
    return (*own, *(each for each in more if each.name.casefold() not in named))
