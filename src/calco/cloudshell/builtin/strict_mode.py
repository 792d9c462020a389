"""Set-StrictMode, with which scripts often begin: it is heard, and said to change nothing here.

Source: Microsoft Learn, Set-StrictMode.
"""

from calco.cloudshell.cmdlet import CORE, Call, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.values import Value


def _set(call: Call) -> tuple[Value, ...]:
    if not call.switch("Off"):
        call.warn("Set-StrictMode changes nothing here: what is not there is $null, also under a strict mode.")
    return ()


STRICT = cmdlet(
    "Set-StrictMode",
    "Is taken, and changes nothing: what a script reads that is not there is $null in this shell.",
    _set,
    plain("Version", "Which rules: 1.0, 2.0, 3.0, Latest.", mandatory=True, sets="Version"),
    switch("Off", "No rules, as it is here.", "Off", mandatory=True),
    examples={"As scripts begin": "Set-StrictMode -Version Latest"},
)

MODULE = Module(of(CORE, STRICT))
