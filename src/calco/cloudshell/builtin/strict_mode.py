"""Set-StrictMode, with which scripts often begin: it is heard, and said to change nothing here.

Source: Microsoft Learn, Set-StrictMode.
"""

from calco.cloudshell.cmdlet import CORE, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.values import Value


def _set(call: Call) -> tuple[Value, ...]:
    if not call.switch("Off"):
        call.warn("Set-StrictMode changes nothing here: what is not there is $null, also under a strict mode.")
    return ()


MODULE = Module(
    (
        Cmdlet(
            "Set-StrictMode",
            "Is taken, and changes nothing: what a script reads that is not there is $null in this shell.",
            _set,
            parameters=(
                Parameter("Version", Kind.STRING, "Which rules: 1.0, 2.0, 3.0, Latest.", ("Version",), mandatory=True),
                Parameter("Off", Kind.SWITCH, "No rules, as it is here.", ("Off",), mandatory=True),
            ),
            module=CORE,
            examples=(Example("As scripts begin", "Set-StrictMode -Version Latest"),),
        ),
    )
)
