"""A script that is run in a guest from outside, what came of it, and how Azure tells that."""

import re
from dataclasses import dataclass

from calco.model.document import Document

SHELL_SCRIPT = "RunShellScript"
OUTPUT_BYTES_MAX = 4096
"""Of each stream its end is kept. Source: Azure, "Run scripts in your Linux VM by using action Run Commands"."""
SECONDS_MAX = 90 * 60
"""How long a script may take. Source: the same."""
SCRIPT_BYTES_MAX = 256 * 1024
ARGUMENTS_MAX, ARGUMENT_BYTES_MAX = 64, 4096

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True)
class Script:
    """What is to be run as root, once: ``id`` says which run it is. ``arguments`` are names and values: the script
    finds the values in order as ``$1``, ``$2`` and, where a name can be one, in the variable of that name."""

    id: str
    text: str
    arguments: tuple[tuple[str, str], ...] = ()
    seconds: int = SECONDS_MAX


@dataclass(frozen=True)
class Ran:
    """How it ended, and the last ``OUTPUT_BYTES_MAX`` bytes of what it printed."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def is_variable(name: str) -> bool:
    """Whether a shell can have a variable of that name; ours begin with ``calco_``."""
    return not name.startswith("calco_") and _VARIABLE.fullmatch(name) is not None


def output(ran: Ran) -> Document:
    """The operation's output. The operation succeeds whatever the script's end, and ``message`` says it. Sources:
    azure-mgmt-compute, RunCommandResult; answers quoted in public issues of azure-cli."""
    first = "Enable succeeded: "
    if ran.exit_code != 0:
        first = f"Enable failed: failed to execute command: command terminated with exit status={ran.exit_code}"
    return {
        "value": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
                "message": f"{first}\n[stdout]\n{_text(ran.stdout)}\n[stderr]\n{_text(ran.stderr)}",
            }
        ]
    }


def _text(printed: bytes) -> str:
    """The end of a stream as text: what was cut may begin within a character."""
    kept = printed[-OUTPUT_BYTES_MAX:]
    if len(kept) == OUTPUT_BYTES_MAX:
        kept = kept.lstrip(bytes(range(0x80, 0xC0)))
    return kept.decode(errors="replace")
