"""Numbers that may not be too small, refused as PowerShell's ValidateRange refuses them."""

from calco.cloudshell.cmdlet import Call
from calco.cloudshell.errors import Fault, Terminating


def at_least(call: Call, name: str, least: int = 0) -> int | None:
    """The parameter's number; None when it was not given. Raises Terminating below ``least``."""
    number = call.number(name)
    if number is not None and number < least:
        raise too_small(name, number, least)
    return number


def too_small(name: str, number: float, least: int) -> Terminating:
    return Terminating(
        Fault(
            f"Cannot validate argument on parameter '{name}'. The {number} argument is less than the minimum allowed "
            f"range of {least}. Supply an argument that is greater than or equal to {least} and then try the command "
            "again.",
            "ParameterArgumentValidationError",
            "InvalidData",
            "System.Management.Automation.ParameterBindingValidationException",
        )
    )
