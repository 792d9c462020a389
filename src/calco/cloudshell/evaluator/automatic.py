"""The variables that are there when a session begins.

Source: Microsoft Learn, about_Automatic_Variables, about_Preference_Variables.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from calco.cloudshell.evaluator.scope import Scope
from calco.cloudshell.objects.convert import to_type
from calco.cloudshell.values import Growing, Hashtable, Record, Value

ERRORS_MAX = 256


def begin(errors: Growing, home: str) -> Scope:
    """A session's own scope; ``errors`` is ``$Error``."""
    scope = Scope()
    fixed: dict[str, Value] = {"null": None, "true": True, "false": False}
    read_only: dict[str, Value] = {
        "Error": errors,
        "HOME": home,
        "PID": os.getpid(),
        "PSVersionTable": _versions(),
        "IsLinux": True,
        "IsWindows": False,
        "IsMacOS": False,
        "IsCoreCLR": True,
        "PSCulture": "en-US",
        "PSUICulture": "en-US",
        "PSEdition": "Core",
        "ShellId": "calco.CloudShell",
    }
    for name, value in (fixed | read_only).items():
        scope.lend(name, value, fixed=True)
    preferences: dict[str, Value] = {
        "ErrorActionPreference": "Continue",
        "WarningPreference": "Continue",
        "InformationPreference": "SilentlyContinue",
        "VerbosePreference": "SilentlyContinue",
        "DebugPreference": "SilentlyContinue",
        "ProgressPreference": "Continue",
        "ConfirmPreference": "High",
        "WhatIfPreference": False,
        "ErrorView": "ConciseView",
        "PSDefaultParameterValues": Hashtable(),
        "OFS": None,
        "LASTEXITCODE": None,
        "PSScriptRoot": "",
        "PSCommandPath": "",
        "PWD": home,
        "args": [],
        "input": None,
        "Matches": None,
        "_": None,
    }
    for name, value in preferences.items():
        scope.lend(name, value)
    return scope


def of_file(path: Path) -> Mapping[str, Value]:
    """What a script in a file knows of itself; ``path`` is a whole one."""
    named: dict[str, Value] = {"Name": path.name, **dict.fromkeys(("Path", "Source", "Definition"), str(path))}
    command = Record.of("System.Management.Automation.ExternalScriptInfo", named)
    told: dict[str, Value] = {"MyCommand": command, "InvocationName": str(path), "BoundParameters": Hashtable()}
    return {
        "PSScriptRoot": str(path.parent),
        "PSCommandPath": str(path),
        "MyInvocation": Record.of("System.Management.Automation.InvocationInfo", told),
    }


def _versions() -> Hashtable:
    """What scripts ask for before they begin. The OS says what this is: never more than a subset."""
    return Hashtable.of(
        {
            "PSVersion": to_type("7.4.0", "version"),
            "PSEdition": "Core",
            "GitCommitId": "7.4.0",
            "OS": "calco's Cloud Shell, a subset of PowerShell",
            "Platform": "Unix",
        }
    )
